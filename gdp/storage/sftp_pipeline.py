"""Read files over SFTP with many requests in flight.

What a server could lie about is compared: received bytes with the range asked for, the end of the file with its stated size.
"""

import io
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, suppress

from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.storage import sftp_wire as wire
from gdp.storage.sftp_open_files import TO_READ, closing_on_error, open_all, reading_again
from gdp.storage.sftp_session import SftpSession

FILES_AT_ONCE = 32  # handles that are open at the same time, each with one request of data in flight
REQUESTS_IN_FLIGHT = 64  # as OpenSSH's own client; enough for 16 MiB on the way
MOST_ROOM_BYTES = 32 << 20  # made in advance: a size may be what a server says


def download(session: SftpSession, path: str, offset: int, length: int | None) -> bytes:
    """Return ``length`` bytes from ``offset`` of a file, or everything from there.

    Raises:
        Refused: the server refused one of the requests.
        DamagedData: the file ends before that, or goes on where it should end.
    """
    opening = session.send(wire.OPEN, wire.pack_string(path), TO_READ)
    handle = wire.pack_string(wire.get_handle(session.answer_to(opening)))
    with closing_on_error(session, handle):
        if length is None:
            data = _ReadingToEnd(session, path, handle, offset).finish()
        else:
            data = _Reading(session, path, handle).fetch(offset, offset + length)
    session.forget(session.send(wire.CLOSE, handle))  # nothing was written, so its answer changes nothing
    return data


def download_all(session: SftpSession, paths: Sequence[str]) -> list[bytes | None]:
    """Return the whole content of each file, None for one that does not exist; a few round trips for all.

    Raises:
        Refused: the server refused one of the requests.
        DamagedData: a file goes on where it should end, or ends earlier.
    """
    found: list[bytes | None] = []
    for begin in range(0, len(paths), FILES_AT_ONCE):
        found += _download_side_by_side(session, paths[begin : begin + FILES_AT_ONCE])
    return found


def download_ranges(session: SftpSession, ranges: Sequence[tuple[str, int, int]]) -> list[bytes | None]:
    """Return bytes of files, each given as (path, offset, length); None where there is no such file or it ends before.

    Two round trips for all, one where the files are still open, and one for each further two or sixteen megabytes, by what the
    server gives at once. Raises Refused.
    """
    if any(path in session.kept_open for path, _, _ in ranges):
        with suppress(wire.Refused):  # the server may have closed what it was not asked about for a while
            return _download_ranges(session, ranges)
    return _download_ranges(session, ranges)


def _download_side_by_side(session: SftpSession, paths: Sequence[str]) -> list[bytes | None]:
    with ExitStack() as cleanup:
        handles = open_all(session, paths, cleanup)
        begun = [None if handle is None else _ReadingToEnd(session, path, handle, 0) for path, handle in handles.items()]
        found = [reading.finish() if reading is not None else None for reading in begun]
        for reading in filter(None, begun):
            session.forget(session.send(wire.CLOSE, reading.handle))
    return found


def _download_ranges(session: SftpSession, ranges: Sequence[tuple[str, int, int]]) -> list[bytes | None]:
    with reading_again(session, [path for path, _, _ in ranges]) as files:
        begun: list[tuple[_Reading, int, int] | None] = []
        room = REQUESTS_IN_FLIGHT
        for path, offset, length in ranges:
            handle = files.handles[path]
            if handle is None:
                begun.append(None)
                continue
            reading = _Reading(session, path, handle)
            room = reading.ask_ahead(offset, offset + length, room)
            begun.append((reading, offset, offset + length))
        found = [None if part is None else _fetched_or_none(*part) for part in begun]
        files.distrust(path for (path, _, _), data in zip(ranges, found, strict=True) if data is None)
    return found


def _fetched_or_none(reading: "_Reading", begin: int, end: int) -> bytes | None:
    try:
        return reading.fetch(begin, end)
    except DamagedData:
        reading.give_up()
        return None


class _ReadingToEnd:
    """A file on its way, from ``offset`` on. The first block is asked for together with the size, which saves a round trip."""

    def __init__(self, session: SftpSession, path: str, handle: bytes, offset: int) -> None:
        self.handle = handle
        self._session, self._path, self._offset = session, path, offset
        self._asking = session.send(wire.FSTAT, handle)
        self._reading = _Reading(session, path, handle)
        self._reading.ask(offset, session.largest_read)

    def finish(self) -> bytes:
        """Return the content."""
        size = wire.get_attributes(self._session.answer_to(self._asking)).size
        if size is None or size < self._offset:
            raise _ends_early(self._session, self._path, self._offset)
        return self._reading.fetch(self._offset, size, expects_end=True)


class _Reading:
    """The requests in flight for one file."""

    def __init__(self, session: SftpSession, path: str, handle: bytes) -> None:
        self._session = session
        self._path = path
        self._handle = handle
        self._unanswered: deque[tuple[int, int, int]] = deque()
        self._asked_up_to = -1

    def ask(self, start: int, size: int) -> None:
        request = self._session.send(wire.READ, self._handle, wire.pack_long(start), wire.pack_number(size))
        self._unanswered.append((request, start, size))
        self._asked_up_to = max(self._asked_up_to, start + size)

    def ask_ahead(self, begin: int, end: int, room: int) -> int:
        """Ask for a range before it is fetched, with at most ``room`` requests; return what is left of them."""
        at = begin
        while at < end and room:
            size = min(self._session.largest_read, end - at)
            self.ask(at, size)
            at, room = at + size, room - 1
        return room

    def give_up(self) -> None:
        """Want none of the answers that are still missing."""
        for request, _, _ in self._unanswered:
            self._session.forget(request)
        self._unanswered.clear()

    def fetch(self, begin: int, end: int, *, expects_end: bool = False) -> bytes:
        """Return the bytes ``begin..end``, keeping the line full.

        Args:
            begin: the first byte.
            end: behind the last byte.
            expects_end: whether the file must end there. One more byte is asked for, unless the first block has shown it.
        """
        whole = _make_room(end - begin)
        at = max(begin, self._asked_up_to)
        expects_end = expects_end and at <= end
        while at < end or self._unanswered or expects_end:
            if at >= end and expects_end:
                self.ask(end, 1)
                expects_end = False
            while at < end and len(self._unanswered) < REQUESTS_IN_FLIGHT:
                size = min(self._session.largest_read, end - at)
                self.ask(at, size)
                at += size
            start, pieces = self._receive(end)
            whole.seek(start - begin)
            whole.writelines(pieces)
        return whole.getvalue()

    def _receive(self, end: int) -> tuple[int, list[memoryview]]:
        request, start, size = self._unanswered.popleft()
        wanted = min(size, end - start)
        try:
            pieces = wire.get_data(self._session.answer_to(request))
        except wire.Refused as refusal:
            if refusal.code == wire.EOF and wanted <= 0:
                return start, []
            if refusal.code == wire.EOF:
                raise _ends_early(self._session, self._path, start) from refusal
            raise
        length = sum(map(len, pieces))
        if not 0 < length <= wanted:
            raise _wrong_length(self._session, self._path, start, length)
        if length < wanted:  # allowed at any time: ask for the rest
            self.ask(start + length, wanted - length)
        return start, pieces


def _make_room(size: int) -> io.BytesIO:
    """Return a file in memory that need not be moved until it has that size, and gives its buffer away without copying it."""
    room = io.BytesIO()
    if size > 0:
        room.seek(min(size, MOST_ROOM_BYTES) - 1)
        room.write(b"\0")
    return room


def _ends_early(session: SftpSession, path: str, at: int) -> DamagedData:
    return DamagedData(
        N_("{path} on {location} ends at byte {at}, before the end of what it must contain"),
        N_("run a check of the repository"),
        path=path, location=session.location, at=at,
    )  # fmt: skip


def _wrong_length(session: SftpSession, path: str, at: int, length: int) -> DamagedData:
    return DamagedData(
        N_("the server {location} gave {length:byte|bytes} at byte {at} of {path}, which cannot be right"),
        N_("check the server's disk; then run a check of the repository"),
        location=session.location, path=path, at=at, length=length,
    )  # fmt: skip
