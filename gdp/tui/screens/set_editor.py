"""A backup set with all its keys, in sections. Nothing is written before all of it is right and somebody says so."""

import asyncio
from typing import Any, ClassVar, Protocol, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static, TabbedContent, TabPane

from gdp.core.errors import BadSettings, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text
from gdp.model.backup_set import BackupSet
from gdp.settings.new_set import settle
from gdp.settings.secrets import check_secret
from gdp.settings.sets import written_values
from gdp.tui.page import Page
from gdp.tui.picture import Picture
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.set_files import remove_set, tell_daemon
from gdp.tui.views.overview import sentences_of
from gdp.tui.views.set_form import AROUND, KEEP, LEAVE_OUT, TARGET, changes_between, problems_text, scan_words
from gdp.tui.widgets.schedule import ScheduleEditor
from gdp.tui.widgets.set_form import REPORT, FormSection, RecipientSection
from gdp.tui.widgets.sources import Choice, SourcePicker

_TABS = {
    "sources": N_("Sources"),
    "leave-out": N_("More left out"),
    "schedule": N_("Schedule"),
    "target": N_("Target"),
    "keep": N_("Keep"),
    "around": N_("Around a run"),
    "reports": N_("Reports"),
}
_KEEP = N_("A snapshot stays if any rule keeps it; without any rule all stay.")
_UNMENDABLE = N_("Mend it in an editor: 'gdp set edit {name}' opens the file and checks it.")


class _Section(Protocol):
    @property
    def values(self) -> dict[str, Any]: ...

    @property
    def wrong(self) -> list[str]: ...


class SetEditor(Page[None]):
    """Changes a set.

    Args:
        name: of the set.
    """

    HELP = N_(
        "All that a backup set says, in sections. Space ticks sources; Tab goes from field to field. What is wrong is said beside"
        " its field, and nothing is saved before it is mended.\n\n"
        "Ctrl+S saves; the file keeps its comments, and the daemon goes by it at once. Removing a set leaves its backups alone."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back"), key_display="Esc"),
        Binding("ctrl+s", "save", N_("Save")),
        Binding("d", "delete", N_("Remove the set"), show=False),
        Binding("q", "leave", N_("Quit"), show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.set_name = name
        self._was: BackupSet | None = None
        self._first: dict[str, Any] = {}
        """the values as the form has them before anything was entered"""

    def heading(self) -> str:
        """See Page."""
        return translate(N_("Backup set {name}")).format(name=self.set_name)

    def body(self) -> ComposeResult:
        try:
            self._was = self.manager.sets.read(self.set_name)
        except GdpError as error:
            yield VerticalScroll(Static(_complaints(error, self.set_name), markup=False), classes="broken-set")
            return
        values = written_values(self._was)
        choice = Choice(tuple(values["source.paths"]), tuple(values["source.exclude"]))
        with TabbedContent(id="sections"):
            with TabPane(translate(_TABS["sources"]), id="tab-sources"):
                yield SourcePicker(choice, options=scan_words(values), id="sources")
            with TabPane(translate(_TABS["leave-out"]), id="tab-leave-out"):
                yield FormSection(LEAVE_OUT, values, id="leave-out")
            with TabPane(translate(_TABS["schedule"]), id="tab-schedule"):
                yield ScheduleEditor(values, seeks_more=True, id="schedule")
            with TabPane(translate(_TABS["target"]), id="tab-target"):
                yield FormSection(TARGET, values, id="target")
            with TabPane(translate(_TABS["keep"]), id="tab-keep"):
                yield FormSection(KEEP, values, id="keep", note=_KEEP)
            with TabPane(translate(_TABS["around"]), id="tab-around"):
                yield FormSection(AROUND, values, id="around")
            with TabPane(translate(_TABS["reports"]), id="tab-reports"):
                yield RecipientSection(values[REPORT], id="reports")
        yield Static(id="standing", classes="hint")

    def on_mount(self) -> None:
        super().on_mount()
        if self._was is not None:
            self._first = self.values

    def on_picture(self, picture: Picture) -> None:
        self._show_standing()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        return self._was is not None and self.is_changed if action == "save" else True

    @property
    def values(self) -> dict[str, Any]:
        """All keys as they are entered now."""
        picker = self.query_one(SourcePicker).value
        found: dict[str, Any] = {"source.paths": list(picker.paths), "source.exclude": list(picker.excludes)}
        for section in self._sections().values():
            found |= section.values
        return found | self.query_one(ScheduleEditor).value

    @property
    def wrong(self) -> dict[str, list[str]]:
        """What is wrong, by section."""
        found = {name: section.wrong for name, section in self._sections().items()}
        found["schedule"] = self.query_one(ScheduleEditor).wrong
        if not self.query_one(SourcePicker).value.paths:
            found["sources"] = [translate(N_("Nothing is chosen that could be backed up."))]
        return {name: wrong for name, wrong in found.items() if wrong}

    @property
    def is_changed(self) -> bool:
        """Say whether anything was entered that is not saved."""
        return self._was is not None and bool(self._first) and (self.values != self._first or bool(self.wrong))

    def on_edited(self) -> None:
        self._changed()
        self.query_one(SourcePicker).count_with(scan_words(self.values))

    def on_source_picker_changed(self) -> None:
        self._changed()

    def on_schedule_editor_changed(self) -> None:
        self._changed()

    def action_save(self) -> None:
        """Write the file, if all is right."""
        self.begin(self._save())

    def action_back(self) -> None:
        """Leave, and ask first when something would be lost."""
        self.begin(self._leave(self.dismiss))

    def action_leave(self) -> None:
        """End the UI, and ask first when something would be lost."""
        self.begin(self._leave(self.manager.action_leave))

    def action_delete(self) -> None:
        """Remove the set after a question."""
        self.begin(self._delete())

    async def _save(self) -> None:
        if wrong := self.wrong:
            self.query_one(TabbedContent).active = f"tab-{next(name for name in _TABS if name in wrong)}"
            return
        entered = self.values
        changes = changes_between(self._first, entered)
        if changes.get("encryption.password-file"):
            check_secret(changes["encryption.password-file"])
        self._was = await asyncio.to_thread(self.manager.sets.change, self.set_name, settle(changes, self._was))
        self._first = entered
        self._changed()
        self.notify(translate(N_("The set is saved.")))
        await tell_daemon(self, self.set_name)

    async def _leave(self, leave: Any) -> None:
        if self.is_changed:
            text = translate(N_("What was entered is not saved yet."))
            question = Question(translate(N_("Leave without saving?")), text, translate(N_("Leave")), is_risky=True)
            if not await self.app.push_screen_wait(question):
                return
        leave()

    async def _delete(self) -> None:
        if await remove_set(self, self.set_name):
            _ = self.dismiss()

    def _sections(self) -> dict[str, _Section]:
        names = [name for name in _TABS if name not in {"sources", "schedule"}]
        return {name: cast("_Section", self.query_one(f"#{name}")) for name in names}

    def _changed(self) -> None:
        wrong = self.wrong
        tabs = self.query_one(TabbedContent)
        for name, title in _TABS.items():
            sign = " ■" if name in wrong else ""
            tabs.get_tab(f"tab-{name}").label = Content(translate(title) + sign)
        self._show_standing()
        self.refresh_bindings()

    def _show_standing(self) -> None:
        """Show what is wrong, else what is not saved, else how the set stands."""
        if self._was is None:
            return
        line = self.query_one("#standing", Static)
        wrong = [sentence for each in self.wrong.values() for sentence in each]
        line.set_class(bool(wrong), "wrong")
        line.set_class(not wrong and self.is_changed, "attention")
        if wrong:
            line.update(Content(f"■ {problems_text(wrong)}"))
        elif self.is_changed:
            line.update(Content("▲ " + translate(N_("Not saved yet. Ctrl+S saves."))))
        else:
            known, ports = self.manager.picture.of_set(self.set_name), self.manager.ports
            line.update(Content(sentences_of(known, ports.now(), ports.zone)[0] if known else ""))


def _complaints(error: GdpError, name: str) -> str:
    """Return everything that is wrong with a file, and what to do."""
    found = error.complaints if isinstance(error, BadSettings) and error.complaints else (error,)
    return "\n\n".join([*map(error_text, found), translate(_UNMENDABLE).format(name=name)])
