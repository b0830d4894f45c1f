"""The envelope around everything that is stored: AES-256-CTR with Poly1305-AES. Never decides what is stored.

======  ============  =====================================================
offset  size (bytes)  field
======  ============  =====================================================
0       16            IV; the whole initial counter, big-endian
16      n             ciphertext
16 + n  16            MAC over the ciphertext only
======  ============  =====================================================

An IV is random, or follows the last counter of an envelope whose own was. MAC: Poly1305 with the one-time key
``r || AES-128(k, IV)``. Nothing else is authenticated, so what a file *is* follows from its name and from the ids of the blobs
in it.

Source: Bernstein, "The Poly1305-AES message-authentication code", FSE 2005; restic, "Design", section "Keys, Encryption and MAC".
"""

import base64
import hmac
import os
from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec
from cryptography.hazmat.primitives.poly1305 import Poly1305

from gdp.core.aes_blocks import BlockCipher
from gdp.core.aes_ctr import Buffer, ctr, ctr_stream
from gdp.core.errors import DamagedData
from gdp.core.language import N_

IV_BYTES = 16
MAC_BYTES = 16
OVERHEAD_BYTES = IV_BYTES + MAC_BYTES
KEY_BYTES = 64  # encryption 32, MAC k 16, MAC r 16
Envelope = bytes | bytearray
_ZERO_IV = bytes(IV_BYTES)
_PIECE_BYTES = 1 << 18  # of a long envelope that are in memory at a time
_LAST_COUNTER = (1 << 128) - 1


class MasterKey:
    """The three secrets of a repository, and the two things one does with them.

    Safe to share between threads: it keeps no state but the key schedule of the MAC's block cipher.
    """

    __slots__ = ("_block_cipher", "_encrypt", "_mac_k", "_mac_r")

    def __init__(self, raw: bytes) -> None:
        """Take 64 bytes: encryption key (32), MAC k (16), MAC r (16). Raises DamagedData for another length or zeros."""
        if len(raw) != KEY_BYTES or not any(raw[:32]) or not any(raw[32:48]) or not any(raw[48:]):
            raise DamagedData(N_("the key is empty or has the wrong length"))
        self._encrypt, self._mac_k, self._mac_r = raw[:32], raw[32:48], raw[48:]
        self._block_cipher = BlockCipher(self._mac_k)

    @classmethod
    def random(cls) -> "MasterKey":
        """Return a new key from the system's random source."""
        return cls(os.urandom(KEY_BYTES))

    @classmethod
    def from_json(cls, text: bytes) -> "MasterKey":
        """Read the JSON inside a key file. Raises DamagedData."""
        try:
            parts = msgspec.json.decode(text, type=_KeyJson)
            decoded = [base64.b64decode(part, validate=True) for part in (parts.encrypt, parts.mac.k, parts.mac.r)]
        except (msgspec.MsgspecError, ValueError) as error:
            raise DamagedData(N_("the key inside the key file cannot be read")) from error
        return cls(b"".join(decoded))

    def raw(self) -> bytes:
        """Return the 64 bytes. For key files and worker processes only."""
        return self._encrypt + self._mac_k + self._mac_r

    def to_json(self) -> bytes:
        """Return the JSON that goes inside a key file."""
        encode = base64.standard_b64encode
        mac = _MacJson(encode(self._mac_k).decode(), encode(self._mac_r).decode())
        return msgspec.json.encode(_KeyJson(mac, encode(self._encrypt).decode()))

    def seal(self, plaintext: Buffer) -> bytearray:
        """Return the envelope around ``plaintext``; 32 bytes longer."""
        envelope = bytearray(len(plaintext) + OVERHEAD_BYTES)
        envelope[:IV_BYTES] = iv = os.urandom(IV_BYTES)
        ctr(self._encrypt, iv, plaintext, envelope, IV_BYTES)
        envelope[-MAC_BYTES:] = self._mac(iv, memoryview(envelope)[IV_BYTES:-MAC_BYTES])
        return envelope

    def seal_many(self, plaintexts: Sequence[Buffer]) -> list[Envelope]:
        """Return an envelope for each, all in one key stream: for small ones half the work of one by one.

        Each IV is the counter after the last block of the one before, so that whoever sees them knows the order in which the
        plaintexts were given. The first one is random.
        """
        if len(plaintexts) == 1:
            return [self.seal(plaintexts[0])]
        ivs, bodies = self._in_one_stream(os.urandom(IV_BYTES), plaintexts)
        pads: bytes = self._block_cipher.encrypt(b"".join(ivs))
        make_tag, mac_r = Poly1305.generate_tag, self._mac_r
        return [
            b"".join((iv, body, make_tag(mac_r + pads[start : start + IV_BYTES], body)))
            for start, iv, body in zip(range(0, len(pads), IV_BYTES), ivs, bodies, strict=True)
        ]

    def seal_pieces(self, pieces: Iterable[Buffer]) -> Iterator[bytes]:
        """Yield, in pieces, the envelope around a plaintext that comes in pieces."""
        iv = os.urandom(IV_BYTES)
        encrypt, mac = ctr_stream(self._encrypt, iv), Poly1305(self._mac_key(iv))
        yield iv
        for piece in pieces:
            sealed = encrypt(piece)
            mac.update(sealed)
            yield sealed
        yield mac.finalize()

    def open(self, envelope: Buffer) -> bytes:
        """Return the plaintext. Raises DamagedData unless every bit is as it was sealed."""
        if len(envelope) < OVERHEAD_BYTES:
            raise DamagedData(N_("encrypted data is shorter than its frame"))
        view = memoryview(envelope)
        iv, ciphertext = bytes(view[:IV_BYTES]), view[IV_BYTES:-MAC_BYTES]
        if iv == _ZERO_IV or not hmac.compare_digest(self._mac(iv, ciphertext), view[-MAC_BYTES:]):
            raise DamagedData(N_("encrypted data was changed or belongs to another key"))
        return bytes(self._decrypt(iv, ciphertext))

    def reopen(self, envelope: Envelope) -> bytearray:
        """Return the plaintext of what was sealed a moment ago, to see that it will open. Does not look at the MAC."""
        return self._decrypt(bytes(envelope[:IV_BYTES]), memoryview(envelope)[IV_BYTES:-MAC_BYTES])

    def reopen_many(self, envelopes: Sequence[Envelope]) -> list[Buffer]:
        """Do the same for all that one call of ``seal_many`` made. Raises DamagedData when the IVs do not follow one another."""
        if len(envelopes) == 1:
            return [self.reopen(envelopes[0])]
        found = [bytes(envelope[:IV_BYTES]) for envelope in envelopes]
        ivs, plaintexts = self._in_one_stream(
            b"".join(found[:1]), [memoryview(envelope)[IV_BYTES:-MAC_BYTES] for envelope in envelopes]
        )
        if found != ivs:
            raise DamagedData(N_("a block did not open to what was sealed; the memory or the processor is faulty"))
        return plaintexts

    def reopen_pieces(self, read: Callable[[int, int], bytes], length: int) -> Iterator[bytes]:
        """Do the same, in pieces, for a long envelope of ``length`` bytes, of which ``read`` returns those at (offset, count)."""
        decrypt, end = ctr_stream(self._encrypt, read(0, IV_BYTES)), length - MAC_BYTES
        for start in range(IV_BYTES, end, _PIECE_BYTES):
            yield decrypt(read(start, min(_PIECE_BYTES, end - start)))

    def __repr__(self) -> str:
        return "MasterKey(secret)"

    def _in_one_stream(self, first_iv: bytes, pieces: Sequence[Buffer]) -> tuple[list[bytes], list[Buffer]]:
        """Encrypt or decrypt pieces one after the other; return the counter that each begins with, and the results."""
        counter = int.from_bytes(first_iv)
        ivs: list[bytes] = []
        padded: list[Buffer] = []
        places: list[tuple[int, int]] = []
        start = 0
        for piece in pieces:
            end = start + len(piece)
            ivs.append((counter + start // IV_BYTES & _LAST_COUNTER).to_bytes(IV_BYTES))
            padding = -end % IV_BYTES if end > start else IV_BYTES  # even an empty piece has an IV of its own
            padded += (piece, bytes(padding))
            places.append((start, end))
            start = end + padding
        stream = bytearray(start)
        if padded:
            ctr(self._encrypt, first_iv, b"".join(padded), stream, 0)
        view = memoryview(stream)
        return ivs, [view[start:end] for start, end in places]

    def _decrypt(self, iv: bytes, ciphertext: memoryview) -> bytearray:
        plaintext = bytearray(len(ciphertext))
        ctr(self._encrypt, iv, ciphertext, plaintext, 0)
        return plaintext

    def _mac(self, iv: bytes, ciphertext: memoryview) -> bytes:
        # pycryptodome's Poly1305 needs six times as long for small blobs; a test holds both against each other.
        return Poly1305.generate_tag(self._mac_key(iv), ciphertext)

    def _mac_key(self, iv: bytes) -> bytes:
        return self._mac_r + self._block_cipher.encrypt(iv)


class _MacJson(msgspec.Struct):
    k: str
    r: str


class _KeyJson(msgspec.Struct):
    mac: _MacJson
    encrypt: str
