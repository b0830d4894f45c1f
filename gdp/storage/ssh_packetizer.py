"""The library's place where packets are sent and received, at a fraction of its price. Knows nothing of SFTP.

With AES-GCM, packets are made and opened here; with any other cipher, and until there is one, by the library. Login, key
exchange and the ends of channels stay the library's business in any case: its thread asks for each such message in turn.

What comes for one channel goes past the library, to the ``Receiver`` that is attached. From then on, who waits for it
receives it in its own thread, so that nothing is handed from thread to thread. The library's thread only waits until a
message for itself was among it, and looks after the line when nobody else does. Three rules keep the two apart:

1. Only one of them receives at a time, and gives what comes to the receiver before the other may go on.
2. Behind a message for the library nothing is opened until it has dealt with that: it may have changed the keys.
3. While keys are exchanged only the library's thread receives; from where the other end begins, all is for the library.
"""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from paramiko import Message, SSHException
from paramiko.packet import NeedRekeyException, Packetizer

from gdp.storage.contract import Buffer
from gdp.storage.ssh_packets import LARGEST_PACKET_BYTES, Opener, Sealer, Traffic, renew
from gdp.storage.ssh_socket import WatchedSocket

CHECK_SECONDS = 0.1  # as often as the library itself looks whether the connection was closed meanwhile
_BUFFER_BYTES = 2 * LARGEST_PACKET_BYTES
_KEY_EXCHANGE = 20
_NUMBERS = 1 << 32


class Receiver(Protocol):
    """Gets what comes for a channel, from whichever thread receives it; one call at a time."""

    def take(self, plain: bytes, end: int) -> bool:
        """Take a message, ``plain[1:end]``, and return whether it was for us. Raises SSHException."""


class QuickPacketizer(Packetizer):
    """Sends and receives the packets of one connection.

    Args:
        line: the connected socket.
    """

    def __init__(self, line: WatchedSocket) -> None:
        super().__init__(line)
        self._line = line
        self._sealing = threading.Lock()
        """so that packets are sent in the order in which they were sealed"""
        self._sealer: Sealer | None = None
        self._opener: Opener | None = None
        self._sent, self._received, self._ignored = Traffic(), Traffic(), Traffic()
        self._number = 0
        """how many packets came since they are counted, which only an answer to an unknown one mentions"""
        self._buffer = memoryview(b"")
        self._begin = self._end = 0
        self._turns = threading.Lock()  # for all that is below
        self._for_library, self._for_receiver = threading.Condition(self._turns), threading.Condition(self._turns)
        self._receiver: Receiver | None = None
        self._message: tuple[int, Message] | None = None
        self._failure: Exception | None = None
        self._is_receiving = False
        self._is_library_at_work = False
        """on the last message it was given"""
        self._is_exchanging_keys = False
        self._has_other_end_begun = False
        """to exchange keys"""
        self._needs_keys = self._wants_keys = False
        """that new ones are needed, and that the library does not know it yet"""
        self._keep_alive: Callable[[], object] = lambda: None
        self._keep_alive_seconds = 0.0
        self._sent_at = 0.0

    @property
    def is_quick(self) -> bool:
        """Whether packets in both directions are made here."""
        return self._sealer is not None and self._opener is not None

    def attach(self, receiver: Receiver) -> None:
        """Give a channel's messages to this receiver from now on."""
        with self._turns:
            self._receiver = receiver

    def set_outbound_cipher(self, block_engine: Any, *arguments: Any, **options: Any) -> None:
        super().set_outbound_cipher(block_engine, *arguments, **options)
        with self._sealing:
            self._sealer = renew(self._sealer, Sealer, block_engine, options, "iv_out")
            self._sent = Traffic()

    def set_inbound_cipher(self, block_engine: Any, *arguments: Any, **options: Any) -> None:
        super().set_inbound_cipher(block_engine, *arguments, **options)
        self._opener = renew(self._opener, Opener, block_engine, options, "iv_in")
        self._received, self._ignored = Traffic(), Traffic()
        if not self._buffer:  # the library has read ahead 127 bytes at most, and used them in the first exchange of keys
            self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        with self._turns:  # the other direction's come first
            self._is_exchanging_keys = self._has_other_end_begun = self._needs_keys = self._wants_keys = False

    def need_rekey(self) -> bool:
        return self._needs_keys or super().need_rekey()

    def set_keepalive(self, interval: float, callback: Callable[[], object]) -> None:
        super().set_keepalive(interval, callback)
        self._keep_alive, self._keep_alive_seconds = callback, interval

    def reset_seqno_in(self) -> None:
        super().reset_seqno_in()
        self._number = 0

    def close(self) -> None:
        super().close()
        with self._turns:
            self._for_library.notify_all()
            self._for_receiver.notify_all()

    def send_message(self, data: Message) -> None:
        payload = data.asbytes()
        if payload[0] == _KEY_EXCHANGE:
            with self._turns:
                self._is_exchanging_keys = True
        if self._sealer is None:
            super().send_message(data)
            return
        with self._sealing:
            self._send(self._sealer.seal(payload))

    def send_data(self, channel: int, packets: Iterable[tuple[int, list[Buffer]]]) -> None:
        """Send channel data, as ``Sealer.seal_data`` takes it. Raises EOFError: the line broke or has stalled."""
        with self._sealing:
            if self._sealer is None:
                raise SSHException("nothing is sent without encryption")
            self._send(self._sealer.seal_data(channel, packets))

    def read_message(self) -> tuple[int, Message]:
        """Return the next message for the library. Raises NeedRekeyException, EOFError, OSError, SSHException."""
        with self._turns:
            self._is_library_at_work = False
            self._for_receiver.notify_all()
        if self._opener is None:
            kind, message = super().read_message()
            self._number = (self._number + 1) % _NUMBERS
            return kind, message
        while True:
            came = False
            if (message_or_turn := self._await_turn()) is True:
                came = self._receive(1, waits=self._is_leading)
            elif message_or_turn:
                return message_or_turn
            if not came:
                self._look_after_line()

    def receive(self, at_least: int, is_enough: Callable[[], bool], *, waits: bool = True) -> bool:
        """Receive for the receiver, unless the library's thread does that just now.

        Args:
            at_least: so many bytes are sure to come.
            is_enough: whether there is no need any more. Asked when nobody else receives.
            waits: whether to wait a moment for something to come.

        Returns:
            Whether something came, for anybody. Raises EOFError, SSHException: the connection is of no more use.
        """
        with self._turns:
            self.raise_failure()
            if self._is_receiving or self._is_library_at_work or self._is_exchanging_keys or self._message is not None:
                return waits and self._for_receiver.wait(CHECK_SECONDS)
            if is_enough():
                return True
            self._is_receiving = True
        return self._receive(at_least, waits=waits)

    def raise_failure(self) -> None:
        """Raise what ended the connection, if it has ended."""
        if self._failure is not None:
            raise self._failure
        if self.closed:
            raise EOFError("it was closed")

    @property
    def _is_leading(self) -> bool:
        """Whether the library's thread receives rather than wait for others to do it."""
        return self._receiver is None or self._is_exchanging_keys

    def _await_turn(self) -> tuple[int, Message] | bool:
        """Return a message for the library; or else whether its thread is to receive now."""
        with self._turns:
            is_called = self._message is not None or self._wants_keys or self._failure is not None
            if not (self._is_leading or is_called) and self._for_library.wait(CHECK_SECONDS) and self._message is None:
                return False
            if self._message is not None:
                message, self._message = self._message, None
                self._is_library_at_work = True
                return message
            self.raise_failure()
            if self._wants_keys:
                self._wants_keys = False
                raise NeedRekeyException
            if self._is_receiving:
                self._for_library.wait(CHECK_SECONDS)
                return False
            self._is_receiving = True
            return True

    def _look_after_line(self) -> None:
        if self.handshake_timed_out():
            raise EOFError
        is_allowed = self._keep_alive_seconds and not (self._is_exchanging_keys or self.need_rekey())
        if is_allowed and time.monotonic() - self._sent_at >= self._keep_alive_seconds:
            self._keep_alive()

    def _receive(self, at_least: int, *, waits: bool) -> bool:
        """Receive and hand over, having taken the turn, and give the turn back. Return whether something came."""
        try:
            came = self._open_packets()  # what was left behind a message for the library
            if not came and self._fill(at_least, waits=waits):
                came = True
                self._open_packets()
        except (OSError, EOFError) as error:
            self._failure = EOFError(str(error) or "the other end hung up")
            raise self._failure from error
        except SSHException as error:
            self._failure = error
            raise
        finally:
            with self._turns:
                self._is_receiving = False
                self._for_receiver.notify_all()
                if self._message is not None or self._failure is not None or self._is_exchanging_keys:
                    self._for_library.notify_all()
        return came

    def _fill(self, at_least: int, *, waits: bool) -> bool:
        held = self._end - self._begin
        if self._begin:
            self._buffer[:held] = self._buffer[self._begin : self._end]
            self._begin, self._end = 0, held
        received = self._line.receive_into(self._buffer[held:], at_least - held, waits=waits)
        if received == 0:
            raise EOFError
        self._end += received or 0
        return received is not None

    def _open_packets(self) -> bool:
        """Open what is complete, up to the first message for the library. Return whether there was a packet."""
        opener, receiver = self._opener, None if self._has_other_end_begun else self._receiver
        begin, packets = self._begin, 0
        assert opener is not None
        while (packet := opener.open(self._buffer[self._begin : self._end])) is not None:
            size, plain, end = packet
            self._begin += size
            packets += 1
            if receiver is None or not receiver.take(plain, end):
                self._keep_for_library(plain, end, packets)
                break
        if packets:
            self._number = (self._number + packets) % _NUMBERS
            self._count_received(self._begin - begin, packets)
        return packets > 0

    def _keep_for_library(self, plain: bytes, end: int, packets: int) -> None:
        message = Message(plain[2:end])
        message.seqno = (self._number + packets - 1) % _NUMBERS  # as the library does
        with self._turns:
            self._message = (plain[1], message)
            if plain[1] == _KEY_EXCHANGE:
                self._is_exchanging_keys = self._has_other_end_begun = True

    def _send(self, sealed: list[bytes]) -> None:
        try:
            self._line.send_all(sealed)
        except OSError as error:
            raise EOFError(str(error)) from error
        self._sent_at = time.monotonic()
        self._sent.add(sum(map(len, sealed)), len(sealed) // 2)
        if self._sent.is_beyond(self.REKEY_BYTES, self.REKEY_PACKETS) and not self.need_rekey():
            self._ask_for_keys()

    def _count_received(self, size: int, packets: int) -> None:
        self._received.add(size, packets)
        if self.need_rekey():
            self._ignored.add(size, packets)
            if self._ignored.is_beyond(self.REKEY_BYTES_OVERFLOW_MAX, self.REKEY_PACKETS_OVERFLOW_MAX):
                raise SSHException("the other end ignores that new keys are needed")
        elif self._received.is_beyond(self.REKEY_BYTES, self.REKEY_PACKETS):
            self._ask_for_keys()

    def _ask_for_keys(self) -> None:
        self._ignored = Traffic()
        with self._turns:
            self._needs_keys = self._wants_keys = True
            self._for_library.notify_all()
