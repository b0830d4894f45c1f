"""The envelope around everything that is stored: AES-256-CTR with Poly1305-AES. Never decides what is stored.

======  ============  =====================================================
offset  size (bytes)  field
======  ============  =====================================================
0       16            IV, random; the whole initial counter, big-endian
16      n             ciphertext
16 + n  16            MAC over the ciphertext only
======  ============  =====================================================

MAC: Poly1305 with the one-time key ``r || AES-128(k, IV)``. Nothing else is authenticated, so what a file *is* follows from
its name and from the ids of the blobs in it.

Source: Bernstein, "The Poly1305-AES message-authentication code", FSE 2005; restic, "Design", section "Keys, Encryption and MAC".
"""

import base64
import hmac
import os
from collections.abc import Sequence
from typing import Any

import msgspec
from Crypto.Cipher import AES
from cryptography.hazmat.primitives.poly1305 import Poly1305

from gdp.core.aes_ctr import Buffer, ctr
from gdp.core.errors import DamagedData
from gdp.core.language import N_

IV_BYTES = 16
MAC_BYTES = 16
OVERHEAD_BYTES = IV_BYTES + MAC_BYTES
KEY_BYTES = 64  # encryption 32, MAC k 16, MAC r 16
_ZERO_IV = bytes(IV_BYTES)


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
        self._block_cipher: Any = AES.new(self._mac_k, AES.MODE_ECB)

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
        return self.seal_many((plaintext,))[0]

    def seal_many(self, plaintexts: Sequence[Buffer]) -> list[bytearray]:
        """Return an envelope for each. Step by step for all at once: small ones then cost half as much as one by one."""
        ivs = os.urandom(IV_BYTES * len(plaintexts))
        pads = self._block_cipher.encrypt(ivs)
        envelopes = [bytearray(len(plaintext) + OVERHEAD_BYTES) for plaintext in plaintexts]
        for start, plaintext, envelope in zip(range(0, len(ivs), IV_BYTES), plaintexts, envelopes, strict=True):
            envelope[:IV_BYTES] = iv = ivs[start : start + IV_BYTES]
            ctr(self._encrypt, iv, plaintext, envelope, IV_BYTES)
        # pycryptodome's Poly1305 needs six times as long for small blobs; a test holds both against each other.
        make_tag, mac_r = Poly1305.generate_tag, self._mac_r
        for start, envelope in zip(range(0, len(ivs), IV_BYTES), envelopes, strict=True):
            envelope[-MAC_BYTES:] = make_tag(mac_r + pads[start : start + IV_BYTES], memoryview(envelope)[IV_BYTES:-MAC_BYTES])
        return envelopes

    def open(self, envelope: Buffer) -> bytes:
        """Return the plaintext. Raises DamagedData unless every bit is as it was sealed."""
        if len(envelope) < OVERHEAD_BYTES:
            raise DamagedData(N_("encrypted data is shorter than its frame"))
        view = memoryview(envelope)
        iv, ciphertext = bytes(view[:IV_BYTES]), view[IV_BYTES:-MAC_BYTES]
        if iv == _ZERO_IV or not hmac.compare_digest(self._mac(iv, ciphertext), view[-MAC_BYTES:]):
            raise DamagedData(N_("encrypted data was changed or belongs to another key"))
        return bytes(self._decrypt(iv, ciphertext))

    def open_unchecked(self, envelope: Buffer) -> bytearray:
        """Return the plaintext without looking at the MAC: only to check bytes that were sealed a moment ago."""
        view = memoryview(envelope)
        return self._decrypt(bytes(view[:IV_BYTES]), view[IV_BYTES:-MAC_BYTES])

    def __repr__(self) -> str:
        return "MasterKey(secret)"

    def _decrypt(self, iv: bytes, ciphertext: memoryview) -> bytearray:
        plaintext = bytearray(len(ciphertext))
        ctr(self._encrypt, iv, ciphertext, plaintext, 0)
        return plaintext

    def _mac(self, iv: bytes, ciphertext: memoryview) -> bytes:
        return Poly1305.generate_tag(self._mac_r + self._block_cipher.encrypt(iv), ciphertext)


class _MacJson(msgspec.Struct):
    k: str
    r: str


class _KeyJson(msgspec.Struct):
    mac: _MacJson
    encrypt: str
