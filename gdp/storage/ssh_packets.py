"""SSH packets encrypted by AES-GCM, as bytes (RFC 4253, section 6; RFC 5647). Never does I/O.

======  =====  ==================================================================
offset  size   field
======  =====  ==================================================================
0       4      length of all but itself and the tag, a multiple of 16; in clear, authenticated; big-endian like every number here
4       1      length of the padding, at least 4
5       ...    payload; its first byte says what kind of message it is
...     4..19  padding, random
...     16     tag
======  =====  ==================================================================

The payload of channel data is its kind (1), the number of the channel (4), a length (4) and the bytes.
"""

import os
import struct
from collections.abc import Iterable
from typing import Any, Protocol

from cryptography.exceptions import InvalidTag
from paramiko import SSHException

from gdp.storage.contract import Buffer

CHANNEL_DATA = 94
LARGEST_PACKET_BYTES = 260 << 10  # what we allow, and what is around it; more is garbage, or an attack on our memory
_TAG_BYTES = 16
_BLOCK_BYTES = 16
_LENGTH = struct.Struct(">I")
_DATA_HEAD = struct.Struct(">BBII")
_COUNTERS = 1 << 64


class GarbledPacket(SSHException):
    """What came is no packet of the other end. The connection is of no more use."""


class Engine(Protocol):
    """The part of ``cryptography``'s AESGCM that is used."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        """Return the encrypted bytes and the tag."""

    def decrypt(self, nonce: bytes, data: Buffer, associated_data: Buffer, /) -> bytes:
        """Return the bytes. Raises InvalidTag."""


class Sealer:
    """Makes packets, which must be sent in the order in which they are made. For one thread at a time.

    Args:
        engine: has the key.
        nonce: the first one, 12 bytes.
    """

    def __init__(self, engine: Engine, nonce: bytes) -> None:
        self._engine = engine
        self._nonces = _Nonces(nonce)

    def seal(self, payload: bytes) -> list[bytes]:
        """Return the packet of a message, in pieces."""
        padding = _padding(len(payload))
        length = _LENGTH.pack(1 + len(payload) + padding)
        plain = bytes((padding,)) + payload + os.urandom(padding)
        return [length, self._engine.encrypt(self._nonces.take(), plain, length)]

    def seal_data(self, channel: int, packets: Iterable[tuple[int, list[Buffer]]]) -> list[bytes]:
        """Return the packets of channel data, in pieces.

        Args:
            channel: its number at the other end.
            packets: what each is to carry: how many bytes, and these in pieces.
        """
        sealed: list[bytes] = []
        noise = os.urandom(_BLOCK_BYTES + 4)  # one call for all: nobody sees it but the other end
        for size, pieces in packets:
            padding = _padding(size + 9)
            length = _LENGTH.pack(10 + size + padding)
            plain = b"".join((_DATA_HEAD.pack(padding, CHANNEL_DATA, channel, size), *pieces, noise[:padding]))
            sealed += (length, self._engine.encrypt(self._nonces.take(), plain, length))
        return sealed


class Opener:
    """Opens packets in the order in which they were sent. For one thread at a time.

    Args:
        engine: has the key.
        nonce: the first one, 12 bytes.
    """

    def __init__(self, engine: Engine, nonce: bytes) -> None:
        self._engine = engine
        self._nonces = _Nonces(nonce)

    def open(self, received: memoryview) -> tuple[int, bytes, int] | None:
        """Open the packet at the beginning of what was received.

        Returns:
            How long the packet is; a byte and the payload; where the payload ends in that. None: it is not all there yet.

        Raises GarbledPacket: it was not sent like that, or is no packet.
        """
        if len(received) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(received)
        if length % _BLOCK_BYTES or not _BLOCK_BYTES <= length <= LARGEST_PACKET_BYTES:
            raise GarbledPacket(f"a packet of {length} bytes")
        end = _LENGTH.size + length + _TAG_BYTES
        if len(received) < end:
            return None
        try:
            plain = self._engine.decrypt(self._nonces.take(), received[_LENGTH.size : end], received[: _LENGTH.size])
        except InvalidTag as error:
            raise GarbledPacket("a packet was changed on its way") from error
        payload_end = length - plain[0]
        if payload_end < 2:
            raise GarbledPacket("a packet without content")
        return end, plain, payload_end


def renew(before: Any, kind: Any, engine: Any, options: dict[str, Any], nonce: str) -> Any:
    """Return a Sealer or Opener for new keys; None for another cipher than AES-GCM, which is left to the library.

    There is no way back to that: it would not know how many packets there were.
    """
    if options.get("aead") and options.get(nonce):
        return kind(engine, options[nonce])
    if before is not None:
        raise SSHException("the other end wants another kind of encryption in the middle of a connection")
    return None


class Traffic:
    """What went one way with one key."""

    def __init__(self) -> None:
        self.size = self.packets = 0

    def add(self, size: int, packets: int) -> None:
        """Count these too."""
        self.size += size
        self.packets += packets

    def is_beyond(self, size: int, packets: int) -> bool:
        """Say whether one of the limits is reached."""
        return self.size >= size or self.packets >= packets


class _Nonces:
    """Those of one key and direction: four bytes that stay, and a counter of eight. None comes twice."""

    def __init__(self, first: bytes) -> None:
        self._fixed = first[:4]
        self._counter = int.from_bytes(first[4:], "big")

    def take(self) -> bytes:
        nonce = self._fixed + self._counter.to_bytes(8, "big")
        self._counter = (self._counter + 1) % _COUNTERS
        return nonce


def _padding(payload_bytes: int) -> int:
    """Return how many bytes fill the last block up, never less than four."""
    return 3 + _BLOCK_BYTES - (payload_bytes + 4) % _BLOCK_BYTES
