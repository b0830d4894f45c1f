"""Fill a new file over SFTP with many requests in flight, every single acknowledgement checked, and told as it comes.

What a server could lie about is compared: acknowledged bytes with the size it states afterwards. A line that is slow gets small
requests, so that whoever watches sees it move; they are as large as the server takes them where a quarter of a second is enough.
"""

import time
from collections import deque
from collections.abc import Callable, Collection

from gdp.core.errors import StorageError
from gdp.core.language import N_
from gdp.storage import sftp_wire as wire
from gdp.storage.contract import Buffer
from gdp.storage.parts import cut_requests, listener_of
from gdp.storage.sftp_open_files import closing_on_error
from gdp.storage.sftp_pipeline import REQUESTS_IN_FLIGHT
from gdp.storage.sftp_session import CAREFUL_REQUEST_BYTES, SftpSession

UNFINISHED_MODE = 0o600
FINISHED_MODE = 0o400  # as restic since 0.19: nothing is ever changed
REQUEST_SECONDS = 0.25
TELLING_SECONDS = 1.0  # what takes less, such as a small file, need not have been slow for the line's sake
LOOK_SECONDS = 0.1  # how long an acknowledgement may lie there before it is told


def upload(session: SftpSession, path: str, handle: bytes, parts: Collection[Buffer], expected: int) -> None:
    """Fill a new file, make it durable and read-only, and close it.

    Args:
        session: the conversation.
        path: for messages.
        handle: what the server calls the opened file.
        parts: its content.
        expected: how many bytes that is.

    Raises:
        Refused: the server refused one of the requests. The file is closed, but still there.
        StorageError: the file has another size than what was acknowledged.
    """
    handle = wire.pack_string(handle)
    with closing_on_error(session, handle):
        content = _Content(session, handle, listener_of(parts))
        content.send(parts)
        syncing = session.extended(wire.FSYNC, handle) if wire.FSYNC in session.extensions else None
        session.forget(session.send(wire.FSETSTAT, handle, wire.pack_mode(FINISHED_MODE)))  # not all servers can
        asking = session.send(wire.FSTAT, handle)
    closing = session.send(wire.CLOSE, handle)
    content.finish()
    wire.check_status(session.answer_to(closing))
    if syncing is not None:
        _check_sync(session.answer_to(syncing))
    check_size(session, path, wire.get_attributes(session.answer_to(asking)).size, expected)


def check_size(session: SftpSession, path: str, found: int | None, expected: int) -> None:
    """Raise StorageError unless the server states the size that was written."""
    if found != expected:
        raise StorageError(
            N_("the server {location} acknowledged {expected:byte|bytes} for {path} but holds {found:byte|bytes}"),
            N_("check the server's disk and its free space"),
            location=session.location, path=path, expected=expected, found="?" if found is None else found,
        )  # fmt: skip


class _Content:
    """A file's content on its way.

    Args:
        tell: is told how many bytes the server has acknowledged so far.
    """

    def __init__(
        self, session: SftpSession, handle: bytes, tell: Callable[[int], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session, self._handle, self._tell, self._clock = session, handle, tell, clock
        self._unanswered: deque[tuple[int, int]] = deque()
        """requests, and where in the file each ends"""
        self._acknowledged = 0
        self._began = self._looked = clock()

    def send(self, parts: Collection[Buffer]) -> None:
        """Send it all. The answers to the last requests are left to ``finish``."""
        session, offset = self._session, 0
        for pieces in cut_requests(parts, self._request_bytes):
            if len(self._unanswered) >= REQUESTS_IN_FLIGHT:
                self._check_next()
            size = sum(map(len, pieces))
            head = self._handle + wire.pack_long(offset) + wire.pack_number(size)
            offset += size
            self._unanswered.append((session.send(wire.WRITE, head, *pieces), offset))
            if (now := self._clock()) - self._looked >= LOOK_SECONDS:
                self._look(now)

    def finish(self) -> None:
        """Wait for the answers that are missing."""
        while self._unanswered:
            self._check_next()
        self._adapt(self._clock())

    def _request_bytes(self) -> int:
        return min(self._session.write_bytes, self._session.largest_write)

    def _look(self, now: float) -> None:
        """Check what has been answered meanwhile."""
        self._looked = now
        self._session.take_answers()
        while self._unanswered and self._session.has_answer(self._unanswered[0][0]):
            self._check_next()
        self._adapt(now)

    def _check_next(self) -> None:
        request, self._acknowledged = self._unanswered.popleft()
        wire.check_status(self._session.answer_to(request))
        self._tell(self._acknowledged)

    def _adapt(self, now: float) -> None:
        seconds = now - self._began
        if not self._acknowledged or not seconds:
            return
        suits = max(CAREFUL_REQUEST_BYTES, int(self._acknowledged / seconds * REQUEST_SECONDS))
        if suits > self._session.write_bytes or seconds >= TELLING_SECONDS:
            self._session.write_bytes = suits


def _check_sync(answer: wire.Answer) -> None:
    """Raise Refused unless the file is on the disk, or the server's file system does not know how."""
    try:
        wire.check_status(answer)
    except wire.Refused as refusal:
        if refusal.code != wire.UNSUPPORTED:
            raise
