"""The messages of SFTP version 3 (draft-ietf-secsh-filexfer-02) and of OpenSSH's extensions, as bytes. Never does I/O.

======  ====  ==========================================================
offset  size  field
======  ====  ==========================================================
0       4     length of what follows, big-endian like every number here
4       1     kind of message
5       4     number of the request (INIT and VERSION: protocol version)
9       ...   body; a string in it is its length (4) and its bytes
======  ====  ==========================================================

paramiko's own client is not used: it drops the server's list of extensions, and acknowledgements nobody waits for. Only
its channels are, which are public.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from gdp.storage.sftp_pieces import Pieces, join

INIT, VERSION, OPEN, CLOSE, READ, WRITE, LSTAT, FSTAT, SETSTAT, FSETSTAT = range(1, 11)
OPENDIR, READDIR, REMOVE, MKDIR, RMDIR, REALPATH, STAT, RENAME = range(11, 19)
STATUS, HANDLE, DATA, NAME, ATTRS = range(101, 106)
EXTENDED, EXTENDED_REPLY = 200, 201

OK, EOF, NO_SUCH_FILE, PERMISSION_DENIED, FAILURE, BAD_MESSAGE, NO_CONNECTION, CONNECTION_LOST, UNSUPPORTED = range(9)
WRITE_PROTECTED, NO_SPACE, OVER_QUOTA = 12, 14, 15  # of later versions; some servers send them all the same

OPEN_TO_READ = 0x01
OPEN_NEW = 0x02 | 0x08 | 0x20  # write, create, exclusively

POSIX_RENAME = "posix-rename@openssh.com"
FSYNC = "fsync@openssh.com"
STATVFS = "statvfs@openssh.com"
LIMITS = "limits@openssh.com"

_HAS_SIZE, _HAS_OWNER, _HAS_MODE, _HAS_TIMES, _HAS_MORE = 0x1, 0x2, 0x4, 0x8, 0x80000000
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")


class Garbled(Exception):
    """A message that does not follow the protocol. The connection is of no more use."""


class Refused(Exception):
    """A request was answered by a status other than OK."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


class Answer(NamedTuple):
    """What the server says to one request."""

    kind: int
    pieces: list[memoryview]
    """Of its body, as they came."""

    @property
    def body(self) -> memoryview:
        """The body in one."""
        return join(self.pieces)


class Attributes(NamedTuple):
    """What is known of a file. None: the server did not say."""

    size: int | None
    mode: int | None
    modified: int | None
    """Seconds since 1970 by the server's clock."""


class Cursor:
    """Reads the fields of a message one after the other. Raises Garbled where it ends too early."""

    def __init__(self, body: memoryview) -> None:
        self._body = body
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at >= len(self._body)

    def number(self) -> int:
        return int(_U32.unpack(self._take(4))[0])

    def long(self) -> int:
        return int(_U64.unpack(self._take(8))[0])

    def string(self) -> memoryview:
        return self._take(self.number())

    def text(self) -> str:
        return bytes(self.string()).decode("utf-8", "surrogateescape")

    def _take(self, size: int) -> memoryview:
        end = self._at + size
        if end > len(self._body):
            raise Garbled("a message ends in the middle of a field")
        field = self._body[self._at : end]
        self._at = end
        return field


def pack_number(value: int) -> bytes:
    """Return 4 bytes."""
    return _U32.pack(value)


def pack_long(value: int) -> bytes:
    """Return 8 bytes."""
    return _U64.pack(value)


def pack_string(value: str | bytes) -> bytes:
    """Return the length and the bytes of a string."""
    raw = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    return _U32.pack(len(raw)) + raw


def pack_mode(mode: int) -> bytes:
    """Return attributes that consist of nothing but permissions."""
    return _U32.pack(_HAS_MODE) + _U32.pack(mode)


def unpack_attributes(cursor: Cursor) -> Attributes:
    """Read a file's attributes."""
    flags = cursor.number()
    size = cursor.long() if flags & _HAS_SIZE else None
    if flags & _HAS_OWNER:
        cursor.number()
        cursor.number()
    mode = cursor.number() if flags & _HAS_MODE else None
    times = (cursor.number(), cursor.number()) if flags & _HAS_TIMES else None
    if flags & _HAS_MORE:
        for _ in range(2 * cursor.number()):
            cursor.string()
    return Attributes(size, mode, times[1] if times else None)


def unpack_names(answer: Answer) -> Iterator[tuple[str, Attributes]]:
    """Yield the entries of a folder out of a NAME message, without ``.`` and ``..``."""
    cursor = _expect(answer, NAME)
    for _ in range(cursor.number()):
        name = cursor.text()
        cursor.string()  # a line of `ls -l`, meant for people
        attributes = unpack_attributes(cursor)
        if name not in {".", ".."}:
            yield name, attributes


def check_status(answer: Answer) -> None:
    """Return if the request succeeded. Raises Refused otherwise."""
    if answer.kind != STATUS:
        raise Garbled(f"a message of kind {answer.kind} came instead of a status")
    _refuse_unless_ok(answer)


def get_handle(answer: Answer) -> bytes:
    """Return the handle of what was opened. Raises Refused."""
    return bytes(_expect(answer, HANDLE).string())


def get_attributes(answer: Answer) -> Attributes:
    """Return what STAT or FSTAT asked for. Raises Refused."""
    return unpack_attributes(_expect(answer, ATTRS))


def get_data(answer: Answer) -> list[memoryview]:
    """Return what READ asked for, in the pieces in which it came. Raises Refused, with the code EOF at the end."""
    _check_kind(answer, DATA)
    body = Pieces(answer.pieces)
    length = int.from_bytes(body.take_joined(4), "big") if body.size >= 4 else -1
    if not 0 <= length <= body.size:
        raise Garbled("a message ends in the middle of a field")
    return body.take(length)


def get_extended(answer: Answer) -> Cursor:
    """Return the body of an extension's answer. Raises Refused."""
    return _expect(answer, EXTENDED_REPLY)


def _expect(answer: Answer, kind: int) -> Cursor:
    _check_kind(answer, kind)
    return Cursor(answer.body)


def _check_kind(answer: Answer, kind: int) -> None:
    if answer.kind == STATUS:
        _refuse_unless_ok(answer)
        raise Garbled("the server says OK where it should have given something")
    if answer.kind != kind:
        raise Garbled(f"a message of kind {answer.kind} came instead of {kind}")


def _refuse_unless_ok(answer: Answer) -> None:
    cursor = Cursor(answer.body)
    code = cursor.number()
    if code != OK:
        text = "" if cursor.is_at_end else cursor.text()  # a few servers leave the text out
        raise Refused(code, "".join(character for character in text[:200] if character.isprintable()))
