"""List and make many folders over SFTP at once. A repository has 261 of them: one after the other is 800 round trips."""

from collections import deque
from collections.abc import Iterable, Sequence
from enum import Enum, auto

from gdp.storage import sftp_wire as wire
from gdp.storage.sftp_session import SftpSession

FOLDERS_AT_ONCE = 64  # handles that are open at the same time; OpenSSH allows about a thousand
PIECES_AHEAD = 2  # most folders come in one piece, and the next says that it was the last
PIECES_AHEAD_OF_ONE = 8  # a large folder comes in pieces of 100 names; half of them are asked for while the others come
FEW_FOLDERS = 4
FOLDER_MODE = 0o700

Entry = tuple[str, wire.Attributes]


class _Step(Enum):
    OPENING = auto()
    READING = auto()


def list_folders(session: SftpSession, paths: Sequence[str]) -> dict[str, list[Entry]]:
    """Return the entries of each folder; a folder that is missing has none. Raises Refused."""
    return _Listing(session, paths).run()


class _Listing:
    """Every open folder is at its own step; whichever answer comes next is handled."""

    def __init__(self, session: SftpSession, paths: Sequence[str]) -> None:
        self._session = session
        self._waiting = deque(paths)
        self._ahead = PIECES_AHEAD_OF_ONE if len(paths) <= FEW_FOLDERS else PIECES_AHEAD
        self._steps: dict[int, tuple[_Step, str]] = {}
        self._handles: dict[str, bytes] = {}
        self._unread: dict[str, int] = {}
        """pieces of an open folder that were asked for and did not come so far"""
        self._ended: set[str] = set()
        """folders of which a piece came that said it was the last"""
        self._found: dict[str, list[Entry]] = {path: [] for path in paths}
        self._refusal: wire.Refused | None = None

    def run(self) -> dict[str, list[Entry]]:
        for _ in range(FOLDERS_AT_ONCE):
            self._open_next()
        while self._steps:
            number, answer = self._session.next_answer()
            step, path = self._steps.pop(number)
            if step is _Step.OPENING:
                self._opened(path, answer)
            else:
                self._read(path, answer)
        if self._refusal is not None:
            raise self._refusal
        return self._found

    def _open_next(self) -> None:
        if self._waiting and self._refusal is None:
            path = self._waiting.popleft()
            self._send(_Step.OPENING, path, wire.OPENDIR, wire.pack_string(path))

    def _opened(self, path: str, answer: wire.Answer) -> None:
        try:
            self._handles[path] = wire.pack_string(wire.get_handle(answer))
        except wire.Refused as refusal:
            if refusal.code != wire.NO_SUCH_FILE:
                self._refusal = refusal
            self._open_next()
            return
        self._unread[path] = 0
        self._ask_ahead(path)

    def _read(self, path: str, answer: wire.Answer) -> None:
        self._unread[path] -= 1
        try:
            self._found[path].extend(wire.unpack_names(answer))
        except wire.Refused as refusal:
            if refusal.code != wire.EOF:
                self._refusal = refusal
            self._ended.add(path)
        # Every piece that was asked for is waited for: a server with threads may say the end before it gives the names. But the
        # next are asked for so late that a small folder's answers are all there at once.
        if path not in self._ended and self._unread[path] < self._ahead // 2:
            self._ask_ahead(path)
        if not self._unread[path]:
            self._session.forget(self._session.send(wire.CLOSE, self._handles.pop(path)))
            self._open_next()

    def _ask_ahead(self, path: str) -> None:
        while self._unread[path] < self._ahead:
            self._unread[path] += 1
            self._send(_Step.READING, path, wire.READDIR, self._handles[path])

    def _send(self, step: _Step, path: str, kind: int, field: bytes) -> None:
        self._steps[self._session.send(kind, field)] = (step, path)


def make_folder_and_parents(session: SftpSession, path: str) -> None:
    """Make a folder and what is missing above it. Raises Refused."""
    missing: list[str] = []
    while path not in {"", "/", "."} and not is_folder(session, path):
        missing.append(path)
        path = path.rpartition("/")[0]
    for folder in reversed(missing):
        make_folders(session, [folder])


def make_folders(session: SftpSession, paths: Iterable[str]) -> None:
    """Make folders side by side; those that exist stay as they are. Raises Refused."""
    mode = wire.pack_mode(FOLDER_MODE)
    requests = [(path, session.send(wire.MKDIR, wire.pack_string(path), mode)) for path in paths]
    refused: list[tuple[str, wire.Refused]] = []
    for path, request in requests:
        try:
            wire.check_status(session.answer_to(request))
        except wire.Refused as refusal:
            refused.append((path, refusal))
    asked = [(refusal, session.send(wire.STAT, wire.pack_string(path))) for path, refusal in refused]
    failed = [refusal for refusal, request in asked if not _says_folder(session.answer_to(request))]
    if failed:
        raise failed[0]


def is_folder(session: SftpSession, path: str) -> bool:
    """Say whether there is such a folder."""
    return _says_folder(session.answer_to(session.send(wire.STAT, wire.pack_string(path))))


def _says_folder(answer: wire.Answer) -> bool:
    try:
        mode = wire.get_attributes(answer).mode
    except wire.Refused:
        return False
    return mode is None or mode & 0o170000 == 0o040000
