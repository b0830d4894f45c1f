"""What an SFTP conversation goes over: a channel of the SSH library, past the library where that is possible.

The library's own channel costs about two seconds of processor time a GB: it moves each packet through several objects, and each
answer from its thread to ours.
"""

import struct
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from paramiko import Channel, Message, SSHException, Transport

from gdp.storage.contract import Buffer
from gdp.storage.sftp_session import Line
from gdp.storage.ssh_packetizer import CHECK_SECONDS, QuickPacketizer
from gdp.storage.ssh_packets import CHANNEL_DATA, GarbledPacket

RECEIVE_BYTES = 32 << 20  # everything there is: the library moves the rest in memory when less is taken
LARGE_WINDOW_BYTES = 1 << 20
PAUSE_SECONDS = 0.001  # a large window that is used up opens again in small steps, and each would wake us; on its way is enough
_WINDOW_ADJUST = 93
_WINDOW_PARTS = 10  # the other end hears of each tenth of the window that was used up, as by the library
_MARGIN_BYTES = 64  # which the library leaves free too: some servers count more than the data
_TWO_NUMBERS = struct.Struct(">II")
_TRANSPORT_NAMES = ("clear_to_send", "clear_to_send_lock", "clear_to_send_timeout")
_CHANNEL_NAMES = (
    "lock", "chanid", "remote_chanid", "in_window_size", "out_window_size", "out_max_packet_size",
    "closed", "eof_received", "eof_sent",
)  # fmt: skip


def line_over(transport: Transport, channel: Channel) -> Line:
    """Return the fastest way to use an open channel. To be called before the other end has a reason to send anything."""
    packets = transport.packetizer
    is_known = all(hasattr(transport, name) for name in _TRANSPORT_NAMES) and all(
        hasattr(channel, name) for name in _CHANNEL_NAMES
    )
    if isinstance(packets, QuickPacketizer) and packets.is_quick and is_known:
        return QuickChannel(transport, channel, packets)
    return LibraryChannel(channel)


class LibraryChannel:
    """The library's own way."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def send(self, parts: Sequence[Buffer]) -> None:
        rest = memoryview(b"".join(parts))
        while rest:
            sent = self._channel.send(rest)  # type: ignore[arg-type]  # the types forget memoryviews
            if sent <= 0:
                raise EOFError
            rest = rest[sent:]

    def receive(self, at_least: int) -> list[Buffer]:
        piece = self._channel.recv(RECEIVE_BYTES)
        return [piece] if piece else []

    def look(self) -> None:
        """The library's thread looks all the time."""

    def take_arrived(self) -> list[Buffer]:
        return self.receive(1) if self._channel.recv_ready() else []

    def close(self) -> None:
        self._channel.close()


class QuickChannel:
    """The way past the library. For one thread at a time.

    Args:
        transport: the connection.
        channel: open on it.
        packets: of the connection.
        clock: seconds, monotonic.
    """

    def __init__(
        self, transport: Transport, channel: Channel, packets: QuickPacketizer, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._transport, self._channel, self._packets, self._clock = transport, channel, packets, clock
        self._largest = channel.out_max_packet_size - _MARGIN_BYTES
        self._window = self._allowed = channel.in_window_size
        """how much the other end may send at once, and how much it still may"""
        self._used = 0
        self._most_room = 0
        self._arrived: deque[memoryview] = deque()
        packets.attach(self)

    def take(self, plain: bytes, end: int) -> bool:
        kind = plain[1]
        if kind not in {CHANNEL_DATA, _WINDOW_ADJUST} or end < 10:
            return False
        number, size = _TWO_NUMBERS.unpack_from(plain, 2)
        if number != self._channel.chanid:
            return False
        if kind == _WINDOW_ADJUST:
            with self._channel.lock:
                self._channel.out_window_size += size
        else:
            self._allowed -= size
            if 10 + size > end or self._allowed < 0:
                raise GarbledPacket(f"{size} bytes of channel data that are not there or not allowed")
            self._arrived.append(memoryview(plain)[10 : 10 + size])
        return True

    def send(self, parts: Sequence[Buffer]) -> None:
        left = sum(map(len, parts))
        cutter = _Cutter(parts)
        while left:
            size = self._take_room(left)
            with self._sending():
                self._packets.send_data(self._channel.remote_chanid, cutter.cut(size, self._largest))
            left -= size

    def receive(self, at_least: int) -> list[Buffer]:
        self._wait_for(lambda: bool(self._arrived) or self._is_ended, at_least)
        taken = self._take()
        if not taken:
            with self._translating():
                self._packets.raise_failure()  # says more than that nothing comes
        return taken

    def take_arrived(self) -> list[Buffer]:
        self.look()
        return self._take()

    def look(self) -> None:
        """Find out whether the other end hung up meanwhile, without waiting."""
        with self._translating():
            self._packets.receive(0, lambda: False, waits=False)

    def close(self) -> None:
        self._channel.close()

    def _take(self) -> list[Buffer]:
        taken: list[Buffer] = []
        while self._arrived:  # the library's thread may just now append to it
            taken.append(self._arrived.popleft())
        self._allow(sum(map(len, taken)))
        return taken

    @property
    def _is_ended(self) -> bool:
        return bool(self._channel.closed or self._channel.eof_received)

    def _take_room(self, wanted: int) -> int:
        """Wait until something may be sent, and return how much of what is wanted."""
        channel = self._channel
        if not channel.out_window_size and self._most_room >= LARGE_WINDOW_BYTES:
            time.sleep(PAUSE_SECONDS)
        self._wait_for(lambda: channel.out_window_size > 0 or self._is_ended, 1)
        if self._is_ended or channel.eof_sent:
            self._raise_end()
        with channel.lock:
            self._most_room = max(self._most_room, channel.out_window_size)
            room = min(wanted, channel.out_window_size)
            channel.out_window_size -= room
        return room

    def _wait_for(self, is_fulfilled: Callable[[], bool], at_least: int) -> None:
        """Receive until the condition is fulfilled. Raises TimeoutError, EOFError, ConnectionError."""
        deadline: float | None = None
        with self._translating():
            while not is_fulfilled():
                came = self._packets.receive(at_least, is_fulfilled)
                if came and deadline is None:
                    continue
                now = self._clock()
                if deadline is None:
                    deadline = now + (self._channel.gettimeout() or float("inf"))
                elif now >= deadline and not is_fulfilled():
                    raise TimeoutError

    def _allow(self, size: int) -> None:
        """Let the other end send more, after so much was taken."""
        self._used += size
        if self._used * _WINDOW_PARTS < self._window:
            return
        message = Message()
        message.add_byte(bytes((_WINDOW_ADJUST,)))
        message.add_int(self._channel.remote_chanid)
        message.add_int(self._used)
        self._allowed, self._used = self._allowed + self._used, 0
        with self._sending():
            self._packets.send_message(message)

    @contextmanager
    def _sending(self) -> Iterator[None]:
        """Keep an exchange of keys from beginning, or wait until it is over. Raises TimeoutError, EOFError."""
        transport = self._transport
        deadline = self._clock() + transport.clear_to_send_timeout
        with self._translating():
            while True:
                transport.clear_to_send.wait(CHECK_SECONDS)
                if not transport.is_active():
                    self._raise_end()
                with transport.clear_to_send_lock:
                    if transport.clear_to_send.is_set():
                        yield
                        return
                if self._clock() >= deadline:
                    raise TimeoutError

    def _raise_end(self) -> NoReturn:
        with self._translating():
            self._packets.raise_failure()
            raise EOFError("the channel is closed")

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except SSHException as error:
            raise ConnectionAbortedError(str(error)) from error


class _Cutter:
    """Cuts parts into packets, whatever their borders, without copying."""

    def __init__(self, parts: Sequence[Buffer]) -> None:
        self._rest = [memoryview(part).cast("B") for part in reversed(parts)]

    def cut(self, size: int, largest: int) -> Iterator[tuple[int, list[Buffer]]]:
        """Yield the next ``size`` bytes as (bytes, pieces of them), each with at most ``largest`` bytes."""
        while size:
            room = packet = min(size, largest)
            pieces: list[Buffer] = []
            while room:
                part = self._rest.pop()
                pieces.append(part[:room])
                if len(part) > room:
                    self._rest.append(part[room:])
                room -= len(pieces[-1])
            yield packet, pieces
            size -= packet
