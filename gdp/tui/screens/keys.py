"""Keys and recovery: who can open the repository of a set, and who else."""

from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text, fill
from gdp.model.backup_set import BackupSet
from gdp.tui.page import Page
from gdp.tui.ports import Record, all_of, last_of
from gdp.tui.screens.dialogs import Entry, Question
from gdp.tui.screens.escrow import Escrow
from gdp.tui.screens.sheet import Sheet
from gdp.tui.secret_files import is_kept_here, keep_secret, secret_for_a_moment
from gdp.tui.views.keys import COLUMNS, SHORT, is_revoked, key_row, recovery_lines, sharing
from gdp.tui.views.usual import readable_sets


class Keys(Page[None]):
    """The passwords of a repository.

    Args:
        name: of a set that uses it.
    """

    HEADING = N_("Keys and recovery")
    HELP = N_(
        "Each line is a password that opens the repository of this backup set; a recovery sheet is one, too. The password in use "
        "is that of the set's password file. Revoking one takes effect at once; the data stay as they are.\n\n"
        "t takes a recovery sheet that is printed already: its password is typed in, and must open the repository."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("a", "add", N_("Add a password")),
        Binding("c", "change", N_("Change the password")),
        Binding("d", "revoke", N_("Revoke")),
        Binding("b", "sheet", N_("Sheet")),
        Binding("e", "escrow", N_("Escrow"), show=False),
        Binding("t", "type_sheet", N_("Type a sheet in"), show=False),
        Binding("v", "decline", N_("Do without"), show=False),
        Binding("escape", "back", N_("Back"), key_display="Esc"),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._set, self._keys = name, list[Record]()

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._set}"

    def body(self) -> ComposeResult:
        with Vertical(classes="box", id="keys-box"):
            yield Static(id="keys-recovery")
            yield DataTable[Text](id="keys", cursor_type="row")
            yield Static(translate(N_("Asking the repository …")), id="keys-note", classes="hint note")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(DataTable).focus()
        self.begin(self._load())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Never the one in use, never the last."""
        if action == "revoke":
            chosen = self._chosen
            return chosen is not None and not chosen.get("current") and len(self._keys) > 1
        return True

    def on_data_table_row_highlighted(self) -> None:
        self.refresh_bindings()

    def action_back(self) -> None:
        """Go back."""
        _ = self.dismiss(None)

    def action_add(self) -> None:
        """Let another password open it."""
        self.begin(self._add(), group="work")

    def action_change(self) -> None:
        """Replace the password in use."""
        self.begin(self._change(), group="work")

    def action_revoke(self) -> None:
        """Let a password open it no longer."""
        self.begin(self._revoke(), group="work")

    def action_sheet(self) -> None:
        """Make a recovery sheet."""
        self.begin(self._sheet(), group="work")

    def action_escrow(self) -> None:
        """Seal a password for somebody else."""
        self.begin(self._escrow(), group="work")

    def action_type_sheet(self) -> None:
        """Take a sheet that was printed before."""
        self.begin(self._type_sheet(), group="work")

    def action_decline(self) -> None:
        """Settle that nobody else can."""
        self.begin(self._decline(), group="work")

    @property
    def _chosen(self) -> Record | None:
        row = self.query_one(DataTable).cursor_row
        return self._keys[row] if 0 <= row < len(self._keys) else None

    async def _run(self, *words: str) -> Record:
        return await last_of(self.manager.ports.commands, *words, "--backup-set", self._set)

    async def _load(self) -> None:
        one = self.manager.sets.read(self._set)
        self._tell_recovery(one, None)
        note = self.query_one("#keys-note", Static)
        try:
            self._keys = await all_of(self.manager.ports.commands, "key", "key", "list", "--backup-set", self._set)
        finally:
            note.update("")
        table = self.query_one(DataTable)
        self._tell_recovery(one, self._keys)
        table.clear(columns=True)
        table.add_columns(*(Text(translate(title)) for title in COLUMNS))
        for key in self._keys:
            table.add_row(*map(Text, key_row(key, one)))
        self.refresh_bindings()

    def _tell_recovery(self, one: BackupSet, keys: list[Record] | None) -> None:
        recovery = self.query_one("#keys-recovery", Static)
        recovery.update(Content("\n".join(recovery_lines(one, keys))))
        recovery.set_class(not one.is_active or (keys is not None and is_revoked(one, keys)), "attention")

    async def _ask_new(self, title: str) -> str | None:
        """Return a new password that was typed twice; None: not any more."""
        first = await self.app.push_screen_wait(Entry(title, translate(N_("The new password:")), is_secret=True))
        if not first or not first.strip():
            return None
        second = await self.app.push_screen_wait(Entry(title, translate(N_("Once more, please:")), is_secret=True))
        if second is not None and second != first:
            raise GdpError(N_("the two passwords differ"))
        return first.strip() if second is not None else None

    async def _add(self) -> None:
        password = await self._ask_new(translate(N_("Add a password")))
        if password is None:
            return
        with secret_for_a_moment(self.manager.ports.home, password) as file:
            added = await self._run("key", "add", "--new-password-file", str(file))
        self.notify(fill(N_("Key {id} is added."), {"id": str(added.get("id", ""))[:SHORT]}))
        await self._load()

    async def _change(self) -> None:
        """The old one goes last: whatever breaks off in between, the set's password file opens the repository."""
        password = await self._ask_new(translate(N_("Change the password")))
        if password is None:
            return
        manager, one = self.manager, self.manager.sets.read(self._set)
        current = next((str(key["id"]) for key in self._keys if key.get("current")), None)
        file = keep_secret(manager.ports.home, self._set, password)
        try:
            await self._run("key", "add", "--new-password-file", str(file))
        except BaseException:
            file.unlink(missing_ok=True)
            raise
        was = one.encryption.password_file
        for other in sharing(readable_sets(manager.sets), one):
            if other.encryption.password_file == was:
                manager.sets.change(other.name, {"encryption.password-file": str(file)})
        if current is not None:
            await self._run("key", "remove", current)
        if is_kept_here(manager.ports.home, was):
            Path(was).unlink(missing_ok=True)
            self.notify(translate(N_("The password is changed.")))
        else:
            self.notify(fill(N_("The password is changed; {file} opens nothing any more."), {"file": was}))
        await self._load()

    async def _revoke(self) -> None:
        chosen = self._chosen
        if chosen is None or chosen.get("current"):
            return
        name = str(chosen["id"])
        text = translate(
            N_("Whoever has only this password, or the sheet it is printed on, cannot open the repository any more.")
        )
        title = fill(N_("Revoke key {id}?"), {"id": name[:SHORT]})
        if await self.app.push_screen_wait(Question(title, text, translate(N_("Revoke")), is_risky=True)):
            await self._run("key", "remove", name)
            await self._load()

    async def _sheet(self) -> None:
        title = translate(N_("Make a recovery sheet?"))
        text = translate(
            N_("It gets a password of its own. A sheet that was made before stays good until its key is revoked here.")
        )
        if await self.app.push_screen_wait(Question(title, text, translate(N_("Make it")))):
            await self.app.push_screen_wait(Sheet(self._set))
            await self._load()

    async def _escrow(self) -> None:
        await self.app.push_screen_wait(Escrow(self._set))
        await self._load()

    async def _type_sheet(self) -> None:
        """Ask until it is a sheet's password, or not any more; what was typed stays to be mended."""
        title, typed = translate(N_("Type a recovery sheet in")), ""
        text = about = translate(N_("The password on the sheet. Spaces, dashes and capitals do not matter."))
        while typed := (await self.app.push_screen_wait(Entry(title, text, typed)) or "").strip():
            words = ("recovery", "confirm", "--stdin", "--backup-set", self._set)
            try:
                said = await last_of(self.manager.ports.commands, *words, typed=f"{typed}\n")
            except BadInput as error:
                text = f"{error_text(error)}\n\n{about}"
                continue
            names = ", ".join(map(str, said.get("sets", ())))
            self.notify(fill(N_("The sheet opens the repository; recovery is settled for: {names}"), {"names": names}))
            await self.manager.refresh_status()
            await self._load()
            return

    async def _decline(self) -> None:
        title = translate(N_("Settle that nobody else can open it?"))
        text = translate(N_("A sheet that was made before stays good until its key is revoked here."))
        if await self.app.push_screen_wait(Question(title, text, translate(N_("Do without")), is_risky=True)):
            await self._run("recovery", "decline", "--yes")
            await self._load()
