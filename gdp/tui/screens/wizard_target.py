"""Where to: the repository of another set, a server, or a folder. Goes on only to what answers and lets us in."""

import asyncio
import contextlib
import os.path
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Label, RadioSet, Static

from gdp.core.errors import BadInput, GdpError, LoginRefused
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.backup_set import BackupSet
from gdp.tui.ports import Record, last_of
from gdp.tui.reaching import reaching
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views.draft import Draft, LoginBy, Place, spelled_out, target_of
from gdp.tui.views.usual import readable_sets
from gdp.tui.widgets.choices import Choices
from gdp.tui.widgets.field import Field

_NAMES = ("host", "port", "user", "remote_folder", "folder", "key_file", "login_password")
_LOGIN = {str(LoginBy.KEY): N_("With an SSH key"), str(LoginBy.PASSWORD): N_("With a password")}
_LOGIN_NOTES = {
    LoginBy.KEY: N_(
        "A backup that runs by itself needs a key file without a passphrase; it has no SSH agent. The address may also be typed "
        "whole: sftp://user@host/folder."
    ),
    LoginBy.PASSWORD: N_(
        "The password is kept in a file that only this user can read. Where the server takes keys as well, a key is safer."
    ),
}
_AGENT = N_(
    "{host} lets {user} in with a key of the SSH agent. The agent belongs to your login; a backup that runs by itself has none, "
    "and would fail. Name a key file without a passphrase, or log in with a password."
)


class TargetStep(Step):
    """The target."""

    QUESTION: ClassVar[str] = N_("Where to?")

    def compose(self) -> ComposeResult:
        draft = self.draft
        shared = {f"{Place.SHARED}:{one.name}": self._shared_words(one.name, str(one.target.repo)) for one in self._shared()}
        answers = shared | {
            str(Place.SERVER): N_("A server, by SFTP"),
            str(Place.FOLDER): N_("A folder of this computer: a disk, a network drive"),
        }
        chosen = f"{Place.SHARED}:{draft.shared}" if draft.place is Place.SHARED else str(draft.place)
        yield Choices(answers, chosen, id="place")
        with Vertical(id="of-server", classes="fields"):
            with Horizontal(classes="row"):
                yield Field(N_("Server"), draft.host, id="host", hint="backup.example.com", classes="wide")
                yield Field(N_("Port"), draft.port, id="port", hint="22", classes="narrow")
            with Horizontal(classes="row"):
                yield Field(N_("Folder"), draft.remote_folder, id="remote_folder", hint="/srv/backup/server01", classes="wide")
                yield Field(N_("User"), draft.user, id="user", hint=N_("as here"), classes="narrow")
            yield Label(translate(N_("How do we log in there?")), classes="label")
            yield Choices(_LOGIN, str(draft.login_by), id="login")
            yield Field(N_("Key file"), draft.key_file, id="key_file", hint=N_("empty: one of ~/.ssh, as ssh itself takes it"))
            yield Field(N_("Password"), draft.login_password, id="login_password", is_secret=True)
        with Vertical(id="of-folder", classes="fields"):
            yield Field(N_("Folder"), draft.folder, id="folder", hint="/mnt/backup/server01")
        yield Static(id="target-note", classes="hint note", markup=False)

    def begin(self) -> None:
        self._show_fields()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        self._show_fields()

    def entered(self) -> Draft:
        place, _, shared = self.query_one("#place", Choices).value.partition(":")
        login_by = LoginBy(self.query_one("#login", Choices).value)
        draft = msgspec.structs.replace(self.with_fields(*_NAMES), place=Place(place), shared=shared, login_by=login_by)
        if draft.login_password != self.draft.login_password:
            draft = msgspec.structs.replace(draft, login_password_file="")  # what was kept for another attempt is another one
        with contextlib.suppress(GdpError):
            if draft.seen and draft.place is not Place.SHARED and draft.seen.get("target") != str(target_of(draft)):
                draft = msgspec.structs.replace(
                    draft, seen={}, advice={}, block_size="", transfer_block_size="", password_file=""
                )
        return draft

    async def settle(self) -> Draft | None:
        draft = self.entered()
        if draft.place is Place.SHARED:
            return msgspec.structs.replace(draft, seen={}, password_file="")
        draft = spelled_out(draft)
        target = str(target_of(draft))
        known = [one for one in self._shared() if str(one.target.repo) == target]
        if known:
            return msgspec.structs.replace(draft, place=Place.SHARED, shared=known[0].name, seen={}, password_file="")
        draft = await _with_login(draft)
        try:
            seen = await self._reach(draft, target)
        except LoginRefused as error:
            self._point_to_login(draft, error)
            raise
        return None if seen is None else msgspec.structs.replace(draft, seen=seen)

    async def _reach(self, draft: Draft, target: str) -> Record | None:
        self._note(fill(N_("Trying to reach {target} …"), {"target": target}))
        try:
            return await self._try(draft, target)
        finally:
            self._note("")

    def _point_to_login(self, draft: Draft, error: LoginRefused) -> None:
        """Say beside the field what the server wants instead. Raises BadInput where that is known."""
        allowed = {name.strip() for name in str(error.facts.get("allowed", "")).split(",")}
        takes_password = bool(allowed & {"password", "keyboard-interactive"})
        if draft.login_by is LoginBy.PASSWORD and takes_password:
            raise BadInput(N_("the server does not let us in with this password"), field="login_password") from error
        if draft.login_by is LoginBy.KEY and takes_password and "publickey" not in allowed:
            self.query_one("#login", Choices).value = str(LoginBy.PASSWORD)
            self.query_one("#login_password").display = True
            raise BadInput(N_("this server takes no key, only a password"), field="login_password") from error

    async def _look(self, draft: Draft, *options: str) -> Record:
        """Look what lies there. A password lies in a file for just that time, and not while something is asked."""
        with reaching(draft, self.manager.ports.home) as words:
            return await last_of(self.manager.ports.commands, "reach", *words, *options)

    async def _try(self, draft: Draft, target: str) -> Record | None:
        """Return what lies there, after the questions that this raises; None: the user wants something else."""
        options: list[str] = []
        seen = await self._look(draft)
        if not seen.get("is_known", True):
            if not await self._ask_host_key(seen):
                return None
            options = ["--host-key", str(seen["host_key"])]
            seen = await self._look(draft, *options)
        if seen.get("is_unattended") is False:
            await self._warn_of_agent(seen)
        if seen.get("folder") == "missing":
            text = fill(N_("{target} will be made, with access for its owner only."), {"target": target})
            title = translate(N_("There is no such folder yet"))
            if not await self.app.push_screen_wait(Question(title, text, translate(N_("Make it")))):
                return None
            seen = await self._look(draft, *options, "--make-folder")
        if seen.get("folder") == "used":
            text = fill(N_("There are other things in {target}. The repository would lie between them."), {"target": target})
            title = translate(N_("The folder is not empty"))
            if not await self.app.push_screen_wait(Question(title, text, translate(N_("Use it all the same")), is_risky=True)):
                return None
        return seen

    async def _warn_of_agent(self, seen: Record) -> None:
        """Say that only the agent opens it. Raises BadInput, which leads to a key file, unless that is meant so."""
        title, go_on = translate(N_("Only your SSH agent opens this server")), translate(N_("Go on all the same"))
        facts = {"host": seen["host"], "user": seen["user"]}
        if not await self.app.push_screen_wait(Question(title, fill(_AGENT, facts), go_on, is_risky=True)):
            raise BadInput(N_("name a key file that opens the server without the agent"), field="key_file")

    async def _ask_host_key(self, seen: Record) -> bool:
        text = fill(
            N_(
                "{host} is not known here. It shows the key\n\n{key}\n\nCompare it with whoever runs the server. It is "
                "remembered, and another key is refused from then on."
            ),
            {"host": seen["host"], "key": str(seen["host_key"]).replace(" ", "\n", 1)},
        )
        title = translate(N_("Is this the right server?"))
        question = Question(title, text, translate(N_("Yes, remember the key")))
        return await self.app.push_screen_wait(question) is True

    def _shared(self) -> list[BackupSet]:
        found: list[BackupSet] = []
        repositories: set[str] = set()
        for one in readable_sets(self.manager.sets):
            if str(one.target.repo) not in repositories:
                repositories.add(str(one.target.repo))
                found.append(one)
        return found

    def _shared_words(self, name: str, target: str) -> str:
        return fill(N_("The repository of {set}: {target}"), {"set": name, "target": target})

    def _show_fields(self) -> None:
        place = self.query_one("#place", Choices).value
        self.query_one("#of-server").display = place == Place.SERVER
        self.query_one("#of-folder").display = place == Place.FOLDER
        login = LoginBy(self.query_one("#login", Choices).value)
        self.query_one("#key_file").display = login is LoginBy.KEY
        self.query_one("#login_password").display = login is LoginBy.PASSWORD
        notes = {
            Place.SERVER: _LOGIN_NOTES[login],
            Place.FOLDER: N_("A disk that is always plugged in is lost together with the computer. Better take two in turn."),
        }
        shared = N_("Sets of one computer share a repository: what one has stored, another need not store again.")
        self.query_one("#target-note", Static).update(translate(notes.get(Place(place.partition(":")[0]), shared)))

    def _note(self, text: str) -> None:
        if text:
            self.query_one("#target-note", Static).update(text)
        elif self.query("#target-note"):  # the program may be ending meanwhile
            self._show_fields()


async def _with_login(draft: Draft) -> Draft:
    """Return the draft with the whole path of its key file. Raises BadInput for what lets nobody in."""
    if draft.place is not Place.SERVER:
        return draft
    if draft.login_by is LoginBy.PASSWORD:
        if not draft.login_password:
            raise BadInput(N_("the password is missing"), field="login_password")
        return draft
    path = os.path.expanduser(draft.key_file.strip())
    if path and not os.path.isabs(path):
        raise BadInput(N_("the key file must begin with a slash"), field="key_file")
    if path and not await asyncio.to_thread(os.path.isfile, path):
        raise BadInput(N_("there is no such file"), field="key_file")
    return msgspec.structs.replace(draft, key_file=path)
