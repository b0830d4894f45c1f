"""Opens many small envelopes with a few calls into the cipher instead of several a blob. See ``crypto`` for the layout.

A cipher object costs more than decrypting the few kilobytes of a small file. Counter mode is the encryption of consecutive
counter blocks, XORed onto the data; so the counter blocks of many envelopes are laid side by side, encrypted in one call, and
XORed in another. A test holds the result against ``MasterKey.open``.
"""

import hmac
from collections.abc import Sequence
from typing import Any

from Crypto.Cipher import AES
from Crypto.Util.strxor import strxor
from cryptography.hazmat.primitives.poly1305 import Poly1305

from gdp.core.crypto import IV_BYTES, MAC_BYTES, OVERHEAD_BYTES, MasterKey
from gdp.core.errors import DamagedData

SMALL_BYTES = 48 << 10  # beyond it, one cipher object an envelope is as fast
_BLOCK = 16
_COUNTS = 1 << 16  # of the counter's last two bytes; an envelope that runs over their end takes the slow way
_LOW = bytes(range(256)) * 256
_HIGH = b"".join(bytes((byte,)) * 256 for byte in range(256))
_PADDING = [bytes(-length % _BLOCK) for length in range(_BLOCK)]


class BatchOpener:
    """Opens envelopes of one key. Not safe to share between threads."""

    def __init__(self, key: MasterKey) -> None:
        raw = key.raw()
        self._key = key
        self._cipher: Any = AES.new(raw[:32], AES.MODE_ECB)
        self._mac_cipher: Any = AES.new(raw[32:48], AES.MODE_ECB)
        self._mac_r = raw[48:]

    def open(self, envelopes: Sequence[memoryview]) -> list[bytes | None]:
        """Return the plaintexts; None for each envelope that ``MasterKey.open`` would refuse.

        Together they should have no more than a megabyte or so, since they are joined several times.
        """
        opened: list[bytes | None] = [None] * len(envelopes)
        small = []
        for number, envelope in enumerate(envelopes):
            counts = int.from_bytes(envelope[IV_BYTES - 2 : IV_BYTES]) + len(envelope) // _BLOCK
            if OVERHEAD_BYTES < len(envelope) <= SMALL_BYTES and counts < _COUNTS:
                small.append(number)
            else:
                opened[number] = self._open_one(envelope)
        ivs = [bytes(envelopes[number][:IV_BYTES]) for number in small]
        bodies = [envelopes[number][IV_BYTES:-MAC_BYTES] for number in small]
        tags = [envelopes[number][-MAC_BYTES:] for number in small]
        genuine = self._check(ivs, bodies, tags)
        for number, body, is_genuine in zip(small, self._decrypt(ivs, bodies), genuine, strict=True):
            if is_genuine:
                opened[number] = body
        return opened

    def _open_one(self, envelope: memoryview) -> bytes | None:
        try:
            return self._key.open(envelope)
        except DamagedData:
            return None

    def _check(self, ivs: list[bytes], bodies: list[memoryview], tags: list[memoryview]) -> list[bool]:
        if not ivs:
            return []
        pads: bytes = self._mac_cipher.encrypt(b"".join(ivs))
        mac_r, make_tag, equal = self._mac_r, Poly1305.generate_tag, hmac.compare_digest
        return [
            any(iv) and equal(make_tag(mac_r + pads[start : start + _BLOCK], body), tag)
            for start, iv, body, tag in zip(range(0, len(pads), _BLOCK), ivs, bodies, tags, strict=True)
        ]

    def _decrypt(self, ivs: list[bytes], bodies: list[memoryview]) -> list[bytes]:
        if not ivs:
            return []
        counters: list[bytearray] = []
        padded: list[bytes | memoryview] = []
        ends = [0]
        for iv, body in zip(ivs, bodies, strict=True):
            blocks = (len(body) + _BLOCK - 1) // _BLOCK
            first = iv[14] << 8 | iv[15]
            counter = bytearray(iv * blocks)
            counter[14::_BLOCK] = _HIGH[first : first + blocks]
            counter[15::_BLOCK] = _LOW[first : first + blocks]
            counters.append(counter)
            padded += (body, _PADDING[len(body) % _BLOCK])
            ends.append(ends[-1] + blocks * _BLOCK)
        plain: bytes = strxor(self._cipher.encrypt(b"".join(counters)), b"".join(padded))
        return [plain[start : start + len(body)] for start, body in zip(ends, bodies, strict=False)]
