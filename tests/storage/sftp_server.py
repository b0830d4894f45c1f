"""An SFTP server in memory that can be told to misbehave. It speaks over a line without SSH, so nothing waits and nothing
hangs: a server that says nothing is a line that times out at once.
"""

import stat
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from gdp.storage import sftp_wire as wire
from gdp.storage.contract import Buffer
from gdp.storage.sftp_session import SftpSession

ALL_EXTENSIONS = (wire.POSIX_RENAME, wire.FSYNC, wire.STATVFS, wire.LIMITS)
Reply = tuple[int, bytes]


@dataclass
class Mischief:
    """What the server does wrong; by default nothing."""

    lost_per_write: int = 0
    """So many bytes of each write are acknowledged but not stored."""
    size_error: int = 0
    """Added to every size it states."""
    extra_per_read: int = 0
    """Each read is answered with so many bytes too many."""
    largest_answer: int = 1 << 30
    """Reads are answered with at most so many bytes, which is allowed."""
    empty_reads: bool = False
    """Reads are answered with nothing at all."""
    refused: dict[int, int] = field(default_factory=dict)
    """Kind of message: the status that answers it."""
    silent_at: int | None = None
    """From this kind of message on it says nothing any more."""
    hangs_up_at: int | None = None
    """At this kind of message it hangs up, before doing it."""
    hangs_up_after: int | None = None
    """At this kind of message it does it, and hangs up instead of answering."""
    garbles: int | None = None
    """This kind of message is answered by nonsense."""
    reverses_answers: bool = False
    """Answers that are due at the same time come in reverse order, which is allowed."""


class SftpServer:
    """A disk with files, for any number of lines."""

    def __init__(self, *, extensions: tuple[str, ...] = ALL_EXTENSIONS, free_bytes: int = 1 << 40) -> None:
        self.extensions = extensions
        self.free_bytes = free_bytes
        self.mischief = Mischief()
        self.files: dict[str, bytearray] = {}
        self.modes: dict[str, int] = {}
        self.times: dict[str, int] = {}
        self.folders = {"/", "/srv"}
        self.now = 1_000_000
        """Seconds by this server's clock."""
        self.lines: list[ServerLine] = []
        self.received: list[int] = []
        """The kind of every message that came."""
        self.flights = 0
        """How often the client waited for answers, on any line."""
        self.names_per_piece = 1_000
        """How many entries of a folder come in one message."""

    def refuses(self, name: str) -> int | None:
        """Return the status that answers an extension's request; None: it is done."""
        return None

    def open_session(self) -> SftpSession:
        """Return a conversation over a new line."""
        line = ServerLine(self)
        self.lines.append(line)
        return SftpSession(line, "sftp://test/srv/repository")


class ServerLine:
    """One line to the server; the client's side of it."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server
        self._incoming = b""
        self._outgoing: list[bytes] = []
        self._handles: dict[bytes, str] = {}
        self._listed: dict[bytes, int] = {}
        self._count = 0
        self._is_dead = False
        self._is_silent = False
        self.is_closed = False

    def send(self, parts: Sequence[Buffer], /) -> None:
        if self._is_dead or self.is_closed:
            raise OSError("Socket is closed")
        self._incoming += b"".join(parts)
        while len(self._incoming) >= 4:
            (length,) = struct.unpack_from(">I", self._incoming)
            if len(self._incoming) < 4 + length:
                break
            message, self._incoming = self._incoming[4 : 4 + length], self._incoming[4 + length :]
            self._handle(message)

    def receive(self, at_least: int, /) -> Sequence[Buffer]:
        if self._outgoing:
            if self._server.mischief.reverses_answers:
                self._outgoing.reverse()
            self._server.flights += 1
            came, self._outgoing = self._outgoing, []
            return came
        if self._is_dead:
            return []
        raise TimeoutError

    def look(self) -> None:
        """It says nothing of itself."""

    def take_arrived(self) -> Sequence[Buffer]:
        came, self._outgoing = self._outgoing, []
        return came

    def lose_handles(self) -> None:
        """Close every file, as a server does that nobody has asked for long."""
        self._handles.clear()

    def close(self) -> None:
        self.is_closed = True

    def _handle(self, message: bytes) -> None:
        mischief = self._server.mischief
        kind, number = message[0], message[1:5]
        self._server.received.append(kind)
        if self._is_dead or self._is_silent or kind in {mischief.silent_at, mischief.hangs_up_at}:
            self._is_silent = True
            self._is_dead = self._is_dead or kind == mischief.hangs_up_at
            return
        if kind in mischief.refused:
            answer = _status(mischief.refused[kind])
        elif kind == mischief.garbles:
            answer = (wire.NAME, b"\xff\xff\xff")
        else:
            answer = self._answer(kind, wire.Cursor(memoryview(message)[5:]))
        if kind == mischief.hangs_up_after:
            self._is_dead = True
            return
        body = (wire.pack_number(3) if kind == wire.INIT else number) + answer[1]
        self._outgoing.append(struct.pack(">IB", len(body) + 1, answer[0]) + body)

    def _answer(self, kind: int, fields: wire.Cursor) -> Reply:
        if kind == wire.INIT:
            return wire.VERSION, b"".join(wire.pack_string(name) + wire.pack_string("1") for name in self._server.extensions)
        answers: dict[int, Callable[[wire.Cursor], Reply]] = {
            wire.OPEN: self._open, wire.CLOSE: self._close, wire.READ: self._read, wire.WRITE: self._write,
            wire.FSTAT: self._fstat, wire.STAT: self._stat, wire.FSETSTAT: self._fsetstat, wire.SETSTAT: self._setstat,
            wire.OPENDIR: self._opendir, wire.READDIR: self._readdir, wire.REMOVE: self._remove, wire.MKDIR: self._mkdir,
            wire.RENAME: self._rename, wire.EXTENDED: self._extended,
        }  # fmt: skip
        return answers[kind](fields)

    def _open(self, fields: wire.Cursor) -> Reply:
        path, flags = fields.text(), fields.number()
        server = self._server
        if flags == wire.OPEN_NEW:
            if path.rpartition("/")[0] not in server.folders:
                return _status(wire.NO_SUCH_FILE)
            if path in server.files:
                return _status(wire.FAILURE)
            server.files[path] = bytearray()
            server.times[path] = server.now
            fields.number()
            server.modes[path] = fields.number()
        elif path not in server.files:
            return _status(wire.NO_SUCH_FILE)
        return self._new_handle(path)

    def _new_handle(self, path: str) -> Reply:
        self._count += 1
        handle = b"handle%d" % self._count
        self._handles[handle] = path
        return wire.HANDLE, wire.pack_string(handle)

    def _close(self, fields: wire.Cursor) -> Reply:
        handle = bytes(fields.string())
        return _status(wire.FAILURE if self._handles.pop(handle, None) is None else wire.OK)

    def _read(self, fields: wire.Cursor) -> Reply:
        handle = bytes(fields.string())
        if handle not in self._handles:
            return _status(wire.FAILURE)
        data = self._server.files[self._handles[handle]]
        offset, size = fields.long(), fields.number()
        mischief = self._server.mischief
        piece = bytes(data[offset : offset + min(size, mischief.largest_answer)])
        if not piece:
            return _status(wire.EOF)
        return wire.DATA, wire.pack_string(b"" if mischief.empty_reads else piece + bytes(mischief.extra_per_read))

    def _write(self, fields: wire.Cursor) -> Reply:
        file = self._server.files[self._path(fields)]
        offset, data = fields.long(), bytes(fields.string())
        if len(data) > self._server.free_bytes:
            return _status(wire.FAILURE)
        self._server.free_bytes -= len(data)
        kept = data[: len(data) - self._server.mischief.lost_per_write]
        file[offset : offset + len(kept)] = kept
        return _status(wire.OK)

    def _fstat(self, fields: wire.Cursor) -> Reply:
        return self._attributes(self._path(fields))

    def _stat(self, fields: wire.Cursor) -> Reply:
        return self._attributes(fields.text())

    def _attributes(self, path: str) -> Reply:
        if path not in self._server.files and path not in self._server.folders:
            return _status(wire.NO_SUCH_FILE)
        return wire.ATTRS, self._pack_attributes(path)

    def _pack_attributes(self, path: str) -> bytes:
        server = self._server
        size = max(0, len(server.files.get(path, b"")) + server.mischief.size_error)
        mode = stat.S_IFREG | server.modes[path] if path in server.files else stat.S_IFDIR | 0o700
        return struct.pack(">IQIII", 0x1 | 0x4 | 0x8, size, mode, 0, server.times.get(path, 0))

    def _fsetstat(self, fields: wire.Cursor) -> Reply:
        path, _flags = self._path(fields), fields.number()
        self._server.modes[path] = fields.number()
        return _status(wire.OK)

    def _setstat(self, fields: wire.Cursor) -> Reply:
        path, _flags = fields.text(), fields.number()
        self._server.modes[path] = fields.number()
        return _status(wire.OK)

    def _opendir(self, fields: wire.Cursor) -> Reply:
        path = fields.text()
        return self._new_handle(path) if path in self._server.folders else _status(wire.NO_SUCH_FILE)

    def _readdir(self, fields: wire.Cursor) -> Reply:
        handle = bytes(fields.string())
        folder = self._handles[handle]
        begin = self._listed.get(handle, 0)
        self._listed[handle] = end = begin + self._server.names_per_piece
        names = [path for path in (*self._server.files, *self._server.folders) if path.rpartition("/")[0] == folder][begin:end]
        if not names:
            return _status(wire.EOF)
        entries = [
            wire.pack_string(path.rpartition("/")[2]) + wire.pack_string("as ls -l") + self._pack_attributes(path)
            for path in names
        ]
        return wire.NAME, wire.pack_number(len(entries)) + b"".join(entries)

    def _remove(self, fields: wire.Cursor) -> Reply:
        path = fields.text()
        if path not in self._server.files:
            return _status(wire.NO_SUCH_FILE)
        self._server.free_bytes += len(self._server.files.pop(path))
        return _status(wire.OK)

    def _mkdir(self, fields: wire.Cursor) -> Reply:
        path = fields.text()
        if path in self._server.folders or path in self._server.files:
            return _status(wire.FAILURE)
        if (path.rpartition("/")[0] or "/") not in self._server.folders:
            return _status(wire.NO_SUCH_FILE)
        self._server.folders.add(path)
        return _status(wire.OK)

    def _rename(self, fields: wire.Cursor, *, replaces: bool = False) -> Reply:
        old, new = fields.text(), fields.text()
        server = self._server
        if new in server.files and not replaces:
            return _status(wire.FAILURE)
        server.files[new], server.modes[new], server.times[new] = server.files.pop(old), server.modes[old], server.now
        return _status(wire.OK)

    def _extended(self, fields: wire.Cursor) -> Reply:
        name = fields.text()
        refusal = self._server.refuses(name)
        if refusal is not None:
            return _status(refusal)
        if name == wire.POSIX_RENAME:
            return self._rename(fields, replaces=True)
        if name == wire.LIMITS:
            return wire.EXTENDED_REPLY, struct.pack(">4Q", 1 << 18, 100_000, 90_000, 100)
        if name == wire.STATVFS:
            blocks = self._server.free_bytes // 4096
            return wire.EXTENDED_REPLY, struct.pack(">11Q", 4096, 4096, 1 << 30, blocks, blocks, 9, 9, 9, 1, 0, 255)
        return _status(wire.OK)

    def _path(self, fields: wire.Cursor) -> str:
        return self._handles[bytes(fields.string())]


def _status(code: int) -> Reply:
    return wire.STATUS, wire.pack_number(code) + wire.pack_string("told so") + wire.pack_string("en")
