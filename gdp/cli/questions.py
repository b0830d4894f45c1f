"""Questions about an open repository, typed line by line: each is the words of a command, and is answered as that would."""

import copy
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

import click
import msgspec

from gdp.cli.common import Common, current
from gdp.cli.failure import as_gdp_error
from gdp.cli.screen import Screen
from gdp.cli.session import Session, look_into
from gdp.core.errors import BadInput, DamagedData, FileMissing, GdpError, NoRepository
from gdp.core.language import N_
from gdp.model.files import CONFIG_FILE
from gdp.repo.snapshots import SnapshotList

Commands = Mapping[str, click.Command]


class Lender:
    """Lends one open repository to one command after another. Snapshots and index are read when the first wants them."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looked: SnapshotList | None = None

    def lend(self, looks_into: bool) -> Session:  # noqa: FBT001 see session.Lend
        """Return a session with a screen of its own. Who only lists snapshots sees those of now, and so do all after him.

        Raises NoRepository: it is not there any more, as when a disk was taken away, which looks like an empty one.
        """
        screen = screen_of_answers()
        self._refuse_vanished()
        if not looks_into:
            self.forget()
        elif self._looked is None:
            self._looked = look_into(self._session.repository, screen)
        return msgspec.structs.replace(self._session, screen=screen, looked=self._looked)

    def forget(self) -> None:
        """Let the next who looks into snapshots read everything anew."""
        self._looked = None

    def _refuse_vanished(self) -> None:
        storage = self._session.repository.uncached
        try:
            storage.size(CONFIG_FILE)
        except FileMissing as error:
            hint = N_("Has a disk been taken away? Put it back and try again.")
            raise NoRepository(N_("there is no repository any more at {location}"), hint, location=storage.location) from error


def screen_of_answers() -> Screen:
    """Return a screen. With JSON everything goes to stdout, so that errors stand in the answer that they belong to."""
    common = current()
    is_json = bool(common.json)
    return Screen(json=is_json, quiet=bool(common.quiet), verbose=common.verbose or 0, err=sys.stdout if is_json else None)


def typed_lines() -> Iterator[bytes]:
    """Yield the lines of standard input as they come, without empty ones."""
    return (line for line in iter(sys.stdin.buffer.readline, b"") if line.strip())


def answer(line: bytes, commands: Commands, context: click.Context, forget: Callable[[], None]) -> None:
    """Answer one question; what cannot be answered is said, and the next may come.

    Args:
        context: of the command that lends the repository.
        forget: is called where what was read before may no longer be so.

    Raises:
        GdpError: or any other error after which the repository had better be opened anew.
    """
    screen = screen_of_answers()
    try:
        code = _run(words_of(line), commands, context)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except (GdpError, OSError, click.ClickException) as problem:
        error = as_gdp_error(problem, None)
        if not isinstance(error, BadInput | DamagedData):
            raise
        forget()
        screen.fail(error)
        code = error.exit_code
    screen.record("answered", {"code": code})


def words_of(line: bytes) -> list[str]:
    """Return a question's words: those of a JSON array, or as a shell would part them. Raises BadInput."""
    try:
        if line.lstrip().startswith(b"["):
            return msgspec.json.decode(line, type=list[str])
        return shlex.split(line.decode())
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadInput(N_("this is no question: {reason}"), N_("Such as: ls latest /srv"), reason=str(error)) from error


def _run(words: Sequence[str], commands: Commands, context: click.Context) -> int:
    command = commands.get(words[0]) if words else None
    if command is None:
        asked = words[0] if words else ""
        raise BadInput(N_("{word!r} cannot be asked here"), N_("Ask: {words}."), word=asked, words=", ".join(commands))
    common = _copy_of(current())
    before = _copy_of(common)
    with command.make_context(words[0], list(words[1:]), parent=context, obj=common) as inner:
        if vars(common) != vars(before):
            raise BadInput(N_("options that hold for all questions belong to 'gdp browse' itself"))
        result = command.invoke(inner)
    return result if isinstance(result, int) else 0


def _copy_of(common: Common) -> Common:
    made = copy.copy(common)
    made.typed = set(common.typed)
    return made
