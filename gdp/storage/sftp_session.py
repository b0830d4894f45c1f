"""One SFTP conversation over one SSH channel: requests go out ahead of their answers. For one thread at a time.

Nothing is lost: an answer that nobody waits for yet is kept, and every request is either waited for or explicitly
forgotten. A line that is dead, silent for too long or garbled makes the session ``is_broken`` and raises
StorageUnreachable.
"""

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, Protocol

from gdp.core.errors import StorageUnreachable
from gdp.core.language import N_
from gdp.storage import sftp_wire as wire
from gdp.storage.contract import Buffer
from gdp.storage.sftp_pieces import Pieces

CAREFUL_REQUEST_BYTES = 32 << 10  # what every server must take (draft, section 3)
LARGEST_REQUEST_BYTES = 255 << 10  # OpenSSH takes messages of 256 KiB; with 64 of them in flight that is 16 MiB
LARGEST_MESSAGE_BYTES = 1 << 20  # four times what OpenSSH sends; more is garbage, or an attack on our memory
VERSION = 3
HUNG_UP = N_("{location} hung up")
BROKEN = N_("the connection to {location} broke: {reason}")
GARBLED = N_("{location} sends what is no SFTP: {reason}")
_LENGTH_BYTES = 4
_HEAD = struct.Struct(">IBI")
_KIND = struct.Struct(">BI")


class Line(Protocol):
    """A channel with the subsystem ``sftp``. Every method may raise TimeoutError, OSError and EOFError."""

    def send(self, parts: Sequence[Buffer], /) -> None:
        """Send all the bytes."""

    def receive(self, at_least: int, /) -> Sequence[Buffer]:
        """Wait for bytes and return what there is, nothing at the end. It is no use to wake up for less than ``at_least``."""

    def look(self) -> None:
        """Find out whether the other end hung up meanwhile, without waiting."""

    def take_arrived(self) -> Sequence[Buffer]:
        """Return what has come, without waiting."""

    def close(self) -> None:
        """Hang up."""


class SftpSession:
    """An SFTP conversation.

    Args:
        line: what it goes over; it must not wait for ever.
        location: how messages name the storage.
    """

    def __init__(self, line: Line, location: str) -> None:
        self.location = location
        self.is_broken = False
        self.extensions: dict[str, str] = {}
        """What the server can do beyond the draft, with versions."""
        self.kept_open: dict[str, bytes] = {}
        """Handles of files that will probably be read again, by path; the one used last comes last. See ``sftp_open_files``."""
        self.kept_since = 0
        """How often the storage had been changed through us when they were opened."""
        self.write_bytes = CAREFUL_REQUEST_BYTES
        """How many bytes suit a request on this line, by how fast it was so far. See ``sftp_upload``."""
        self._largest_read = CAREFUL_REQUEST_BYTES
        self._largest_write = CAREFUL_REQUEST_BYTES
        self._asked_limits: int | None = None
        self._line = line
        self._number = 0
        self._awaited: set[int] = set()
        self._forgotten: set[int] = set()
        self._ready: dict[int, wire.Answer] = {}
        self._received = Pieces()
        self._greet()

    @property
    def largest_read(self) -> int:
        """How many bytes may be asked for at once."""
        self._await_limits()
        return self._largest_read

    @property
    def largest_write(self) -> int:
        """How many bytes may be sent in one request."""
        self._await_limits()
        return self._largest_write

    @property
    def is_idle(self) -> bool:
        """Whether no answer is missing, so that the next user starts on clean ground."""
        return not (self.is_broken or self._awaited or self._ready)

    def send(self, kind: int, *fields: Buffer) -> int:
        """Send a request without waiting, and return its number."""
        self._number = (self._number + 1) & 0xFFFFFFFF
        self._send_message(kind, self._number, fields)
        self._awaited.add(self._number)
        return self._number

    def extended(self, name: str, *fields: Buffer) -> int:
        """Send a request of an extension without waiting, and return its number."""
        return self.send(wire.EXTENDED, wire.pack_string(name), *fields)

    def answer_to(self, number: int) -> wire.Answer:
        """Wait for the answer to a request; answers to others are kept."""
        while number not in self._ready:
            self._receive_one()
        return self._ready.pop(number)

    def take_answers(self) -> None:
        """Take the answers that have come so far, without waiting for any. Those that are awaited are kept."""
        with self._breaking_off():
            self._received.add(self._line.take_arrived())
        while self._has_message():
            self._receive_one()

    def has_answer(self, number: int) -> bool:
        """Say whether ``answer_to`` returns at once."""
        return number in self._ready

    def next_answer(self) -> tuple[int, wire.Answer]:
        """Wait for an answer to whichever request comes first."""
        while not self._ready:
            self._receive_one()
        return self._ready.popitem()

    def forget(self, number: int) -> None:
        """Do not wait for this answer; it is thrown away when it comes."""
        if self._ready.pop(number, None) is None:
            self._awaited.discard(number)
            self._forgotten.add(number)

    def forget_all(self) -> None:
        """Throw away every answer that is still missing, after something went wrong."""
        self._forgotten |= self._awaited
        self._awaited.clear()
        self._ready.clear()

    def close(self) -> None:
        """Hang up."""
        self.is_broken = True
        self._line.close()

    def break_off(self, template: str, **facts: object) -> NoReturn:
        """Give the line up. Raises StorageUnreachable with this message; ``{location}`` is filled in."""
        self.close()
        raise StorageUnreachable(
            template, N_("check the network and whether the server is running"), location=self.location, **facts
        )

    def _greet(self) -> None:
        self._send_message(wire.INIT, VERSION, ())
        version, answer = self._receive_message()
        if answer.kind != wire.VERSION or version != VERSION:
            self.break_off(N_("{location} does not speak version 3 of SFTP"))
        try:
            cursor = wire.Cursor(answer.body)
            while not cursor.is_at_end:
                name = cursor.text()
                self.extensions[name] = cursor.text()
        except wire.Garbled as error:
            self.break_off(GARBLED, reason=str(error))
        if wire.LIMITS in self.extensions:  # not waited for: the answer is there when a file has been opened
            self._asked_limits = self.extended(wire.LIMITS)
            self._awaited.discard(self._asked_limits)

    def _await_limits(self) -> None:
        while self._asked_limits is not None:
            self._receive_one()

    def _take_limits(self, answer: wire.Answer) -> None:
        self._asked_limits = None
        try:
            cursor = wire.get_extended(answer)
            _message, read, write, _handles = (cursor.long() for _ in range(4))
        except wire.Refused:
            return
        except wire.Garbled as error:
            self.break_off(GARBLED, reason=str(error))
        self._largest_read = min(read or CAREFUL_REQUEST_BYTES, LARGEST_REQUEST_BYTES)
        self._largest_write = min(write or CAREFUL_REQUEST_BYTES, LARGEST_REQUEST_BYTES)

    def _send_message(self, kind: int, number: int, fields: Iterable[Buffer]) -> None:
        fields = tuple(fields)
        length = sum(map(len, fields))
        try:
            self._line.send((_HEAD.pack(length + 5, kind, number), *fields))
        except TimeoutError:
            self.break_off(N_("{location} takes no more data; the line has stalled"))
        except (OSError, EOFError) as error:
            self.break_off(BROKEN, reason=str(error) or type(error).__name__)

    def _receive_one(self) -> None:
        number, answer = self._receive_message()
        if number in self._forgotten:
            self._forgotten.discard(number)
        elif number in self._awaited:
            self._awaited.discard(number)
            self._ready[number] = answer
        elif number == self._asked_limits:
            self._take_limits(answer)
        else:
            self.break_off(GARBLED, reason="an answer to nothing")

    def _receive_message(self) -> tuple[int, wire.Answer]:
        self._fill(_LENGTH_BYTES)
        length = int.from_bytes(self._received.take_joined(_LENGTH_BYTES), "big")
        if not 5 <= length <= LARGEST_MESSAGE_BYTES:
            self.break_off(GARBLED, reason=f"a message of {length} bytes")
        self._fill(length)
        kind, number = _KIND.unpack(self._received.take_joined(_KIND.size))
        return number, wire.Answer(kind, self._received.take(length - _KIND.size))

    def _has_message(self) -> bool:
        """Say whether a whole message has come."""
        if self._received.size < _LENGTH_BYTES:
            return False
        return self._received.size >= _LENGTH_BYTES + int.from_bytes(self._received.peek(_LENGTH_BYTES), "big")

    def _fill(self, wanted: int) -> None:
        """Receive until ``wanted`` bytes are there."""
        received = self._received
        with self._breaking_off():
            while received.size < wanted:
                came = self._line.receive(wanted - received.size)
                if not came:
                    self.break_off(HUNG_UP)
                received.add(came)

    @contextmanager
    def _breaking_off(self) -> Iterator[None]:
        """Give the line up when it fails in the block, which receives."""
        try:
            yield
        except TimeoutError:
            self.break_off(N_("{location} has not answered for too long"))
        except (OSError, EOFError) as error:
            self.break_off(BROKEN, reason=str(error) or type(error).__name__)
