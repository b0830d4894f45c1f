"""Makes a set of a draft: password file, repository, set. May be called again after a failure, and goes on where it was."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.core.typed_password import make_password
from gdp.model.backup_set import BackupSet
from gdp.settings.new_set import complete
from gdp.settings.sets import SetFiles
from gdp.tui.ports import Commands, Ports, last_of
from gdp.tui.reaching import reaching
from gdp.tui.secret_files import keep_secret
from gdp.tui.views.draft import Draft, LoginBy, PasswordBy, Place, values_of
from gdp.tui.views.usual import readable_sets

Keep = Callable[[Draft], None]
"""Is given the draft as it stands, so that another attempt goes on from there"""


async def make_set(draft: Draft, ports: Ports, sets: SetFiles, keep: Keep, tell: Callable[[str], None]) -> BackupSet:
    """Return the set, which is written last: what fails before leaves a password file at most, never a set that cannot run.

    A password file that may belong to a repository is never removed: without it, nobody could open that.

    Args:
        tell: is told what is being done, a template.

    Raises:
        GdpError: something failed; calling it again goes on.
    """
    if sets.has(draft.name):
        raise BadInput(N_("there is a backup set {name!r} already"), N_("Give it another name."), field="name", name=draft.name)
    others = readable_sets(sets)
    complete(values_of(msgspec.structs.replace(draft, password_file="-"), others), others)  # it fails before anything is made
    if draft.place is not Place.SHARED:
        tell(N_("Keeping the password …"))
        draft = _with_kept_secrets(draft, ports.home, keep)
        tell(N_("Making the repository …"))
        await _make_repository(draft, ports)
    tell(N_("Writing the backup set …"))
    return sets.add(draft.name, complete(values_of(draft, others), others))


async def start_first_run(name: str, ports: Ports, *, has_daemon: bool, tell: Callable[[str], None]) -> None:
    """Let the daemon, which is started where there is none, make the first backup. Raises GdpError."""
    if not has_daemon:
        tell(N_("Starting the daemon …"))
        await ports.daemon.start()
    tell(N_("Starting the first backup …"))
    await ports.daemon.ask("run", set=name)


def _with_kept_secrets(draft: Draft, home: Path, keep: Keep) -> Draft:
    """Return the draft with each of its secrets in a file. ``keep`` is told of each at once. Raises BadInput."""
    if not draft.password_file:
        text = make_password() if _is_generated(draft) else draft.password.strip()
        draft = msgspec.structs.replace(draft, password_file=str(keep_secret(home, draft.name, text)))
        keep(draft)
    if draft.place is Place.SERVER and draft.login_by is LoginBy.PASSWORD and not draft.login_password_file:
        file = keep_secret(home, f"{draft.name}-login", draft.login_password)
        draft = msgspec.structs.replace(draft, login_password_file=str(file))
        keep(draft)
    return draft


def _is_generated(draft: Draft) -> bool:
    return not draft.has_repository and draft.password_by is PasswordBy.GENERATED


async def _make_repository(draft: Draft, ports: Ports) -> None:
    """Make it, unless an earlier attempt has, whose end was not heard of: then our password opens it."""
    with reaching(draft, ports.home) as target:
        common = [*target, "--password-file", draft.password_file]
        seen = await last_of(ports.commands, "reach", *common)
        if seen.get("folder") == "repository":
            return
        await _init(draft, ports.commands, common)


async def _init(draft: Draft, commands: Commands, common: Sequence[str]) -> None:
    try:
        await last_of(commands, "init", *common, "--block-size", draft.block_size or "1M")
    except GdpError as error:
        raise GdpError(
            N_("the repository could not be made: {reason}"),
            N_("Nothing else is lost: its password stays in {file}. Try again, or go back and change the target."),
            reason=error,
            file=draft.password_file,
        ) from error
