"""Files come back, step three: where to and by which rules; then the daemon does it."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, RadioSet, Static

from gdp.control.client import NoDaemon
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.tui.page import Page
from gdp.tui.ports import Record, last_of
from gdp.tui.views import restore as says
from gdp.tui.widgets.choices import Choices, TickBox

_ELSEWHERE = "elsewhere"
_WHERE = {_ELSEWHERE: N_("another folder"), "in-place": N_("back to where it was")}
_DELETES = N_("Everything in the restored folders that the backup does not have is deleted for good, also what was made since.")


class RestorePlan(Page[None]):
    """How to restore.

    Args:
        name: of the set.
        snapshot: its record.
        paths: in it; empty: all.
    """

    HEADING = N_("Restore")
    HELP = N_(
        "A restore to another folder touches nothing that is there now. The trial writes nothing and says what would happen.\n\n"
        "The daemon makes the restore: you may close this program meanwhile."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("f5", "try_it", N_("Trial"), priority=True),
        Binding("f10", "restore", N_("Restore now"), priority=True),
    ]

    def __init__(self, name: str, snapshot: Record, paths: list[str]) -> None:
        super().__init__()
        self._of, self._snapshot, self._paths = name, snapshot, paths

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._of}"

    def body(self) -> ComposeResult:
        with VerticalScroll(id="restore-plan", classes="list-box", can_focus=False) as box:
            box.border_title = translate(N_("Where to, and how?"))
            yield Static(self._what(), classes="hint", markup=False)
            yield Static(translate(N_("Where to")), classes="label")
            yield Choices(_WHERE, _ELSEWHERE, id="restore-where")
            yield Input(f"/var/tmp/gdp-{self._snapshot['short_id']}", id="restore-target")
            yield Static(translate(N_("Files that are there already")), classes="label")
            yield Choices(says.RULES, "always", id="restore-rule")
            yield TickBox(translate(N_("delete what the backup does not have")), id="restore-delete")
            yield TickBox(translate(N_("read everything again afterwards and compare")), id="restore-verify")
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Trial")), id="try")
                yield Button(translate(N_("Restore now")), variant="primary", id="go")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#restore-target").focus()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        if event.radio_set.id == "restore-where":
            self.query_one("#restore-target").display = self._is_elsewhere

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self.action_restore()
        else:
            self.action_try_it()

    def action_back(self) -> None:
        """Go back to the choice of files."""
        _ = self.dismiss(None)

    def action_try_it(self) -> None:
        """Say what would happen."""
        self.begin(self._try_it(), group="trial", exclusive=True)

    def action_restore(self) -> None:
        """Let the daemon do it."""
        self.begin(self._restore())

    def fields(self) -> dict[str, Any]:
        """Return what is asked of the daemon. Raises BadInput."""
        target = self.query_one("#restore-target", Input).value.strip() if self._is_elsewhere else says.PLACE
        if not target.startswith("/"):
            raise BadInput(N_("{path!r} is no absolute path"), N_("Begin it with a slash."), path=target)
        return {
            "snapshot": str(self._snapshot["id"]),
            "target": target,
            "paths": self._paths,
            "overwrite": self.query_one("#restore-rule", Choices).value,
            "delete": self.query_one("#restore-delete", TickBox).value,
            "verify": self.query_one("#restore-verify", TickBox).value,
        }

    @property
    def _is_elsewhere(self) -> bool:
        return self.query_one("#restore-where", Choices).value == _ELSEWHERE

    def _what(self) -> str:
        cells = says.snapshot_cells(self._snapshot, self.manager.ports.now(), self.manager.ports.zone)
        files = fill(N_("{count:entry|entries} chosen"), {"count": len(self._paths)}) if self._paths else ""
        return " · ".join((files or translate(N_("the whole backup")), *filter(None, cells[:4])))

    async def _try_it(self) -> None:
        from gdp.tui.screens.dialogs import Notice

        fields = self.fields()
        self.notify(translate(N_("Looking what would happen …")))
        words = says.plan_words(str(fields["snapshot"]), fields)
        summary = await last_of(self.manager.ports.commands, words[0], "-S", self._of, *words[1:])
        said = says.outcome(summary, str(fields["overwrite"]))
        self.manager.show(Notice(translate(N_("Nothing was written. A restore would do this:")), said))

    async def _restore(self) -> None:
        from gdp.tui.screens.dialogs import Question

        fields = self.fields()
        if fields["delete"]:
            title, yes = translate(N_("Delete what the backup does not have?")), translate(N_("Delete and restore"))
            if not await self.app.push_screen_wait(Question(title, translate(_DELETES), yes, is_risky=True)):
                return
        elif fields["target"] == says.PLACE:
            title, yes = translate(N_("Restore to where it was?")), translate(N_("Restore"))
            text = translate(N_("What is there is overwritten as you chose: {rule}.")).format(
                rule=translate(says.RULES[fields["overwrite"]])
            )
            if not await self.app.push_screen_wait(Question(title, text, yes)):
                return
        answer: dict[str, Any] | None
        try:
            answer = await self.manager.ports.daemon.ask("restore", set=self._of, **fields)
        except NoDaemon:
            answer = await self._with_new_daemon(fields)
        if answer is not None:
            await self.manager.refresh_status()
            from gdp.tui.screens.job import Job

            _ = self.app.switch_screen(Job(answer["run"]["id"]))

    async def _with_new_daemon(self, fields: Record) -> dict[str, Any] | None:
        from gdp.tui.screens.dialogs import Question

        text = translate(N_("No daemon is running. It makes the restore, and from then on the backups that are due."))
        if not await self.app.push_screen_wait(Question(translate(N_("Start the daemon?")), text, translate(N_("Start it")))):
            return None
        await self.manager.ports.daemon.start()
        return await self.manager.ports.daemon.ask("restore", set=self._of, **fields)
