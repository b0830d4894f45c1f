"""Opens files on an SFTP server for reading, many at once, and keeps open for a while those that are read piece by piece.

A file that is kept open is read without the round trip that opening it takes. What somebody else does to it meanwhile does no
harm: repository files are never changed, and one that was removed is still read whole, or refused.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

from gdp.core.errors import StorageError
from gdp.storage import sftp_wire as wire
from gdp.storage.sftp_session import SftpSession

MOST_KEPT_OPEN = 16  # in each session; a server process has some hundred handles
TO_READ = wire.pack_number(wire.OPEN_TO_READ) + wire.pack_number(0)


class OpenFiles:
    """What is lent by ``reading_again``."""

    def __init__(self) -> None:
        self.handles: dict[str, bytes | None] = {}
        """by path; None for a file that does not exist"""
        self._distrusted: set[str] = set()

    def distrust(self, paths: Iterable[str]) -> None:
        """Look for these anew the next time: they do not hold what they should."""
        self._distrusted.update(paths)

    def keep_in(self, session: SftpSession) -> None:
        """Keep them open; those that were used longest ago are closed when they are too many."""
        kept = session.kept_open
        kept |= {path: handle for path, handle in self.handles.items() if handle is not None}
        surplus = list(kept)[: max(0, len(kept) - MOST_KEPT_OPEN)]
        for path in {*surplus, *self._distrusted} & kept.keys():
            _close(session, path)


@contextmanager
def reading_again(session: SftpSession, paths: Sequence[str]) -> Iterator[OpenFiles]:
    """Lend handles of files, and keep them open for the next time. After an error none of them is kept. Raises Refused."""
    files = OpenFiles()
    with ExitStack() as cleanup:
        for path in dict.fromkeys(paths):
            files.handles[path] = handle = session.kept_open.pop(path, None)
            if handle is not None:
                cleanup.enter_context(closing_on_error(session, handle))
        files.handles |= open_all(session, [path for path, handle in files.handles.items() if handle is None], cleanup)
        yield files
    files.keep_in(session)


def close_kept(session: SftpSession) -> None:
    """Close whatever is kept open."""
    for path in list(session.kept_open):
        _close(session, path)


def open_all(session: SftpSession, paths: Sequence[str], cleanup: ExitStack) -> dict[str, bytes | None]:
    """Return a handle for each path, None for a file that does not exist. An error closes them, on the way out of ``cleanup``."""
    opening = [session.send(wire.OPEN, wire.pack_string(path), TO_READ) for path in paths]
    handles: dict[str, bytes | None] = {}
    refusal: wire.Refused | None = None
    for path, request in zip(paths, opening, strict=True):
        try:
            handles[path] = handle = wire.pack_string(wire.get_handle(session.answer_to(request)))
            cleanup.enter_context(closing_on_error(session, handle))
        except wire.Refused as refused:
            refusal = refusal or (None if refused.code == wire.NO_SUCH_FILE else refused)
            handles[path] = None
    if refusal is not None:
        raise refusal
    return handles


@contextmanager
def closing_on_error(session: SftpSession, handle: bytes) -> Iterator[None]:
    """Give the handle back when something fails: a server has few of them."""
    try:
        yield
    except BaseException:
        with suppress(StorageError):
            session.forget_all()
            if not session.is_broken:
                session.forget(session.send(wire.CLOSE, handle))
        raise


def _close(session: SftpSession, path: str) -> None:
    session.forget(session.send(wire.CLOSE, session.kept_open.pop(path)))
