"""Opens many envelopes with fewer calls than one by one. See ``crypto`` for the layout.

The one-time keys of many MACs are the encryption of as many IVs: one call. The plaintexts share one buffer, which one call fills.
A test holds the result against ``MasterKey.open``.
"""

import hmac
from collections.abc import Sequence
from itertools import accumulate

from cryptography.hazmat.primitives.poly1305 import Poly1305

from gdp.core.aes_blocks import BlockCipher
from gdp.core.aes_ctr import Buffer, Part, ctr_many
from gdp.core.crypto import IV_BYTES, MAC_BYTES, OVERHEAD_BYTES, MasterKey

_ZERO_IV = bytes(IV_BYTES)


class BatchOpener:
    """Opens envelopes of one key. Not safe to share between threads."""

    def __init__(self, key: MasterKey) -> None:
        raw = key.raw()
        self._encrypt, self._mac_r = raw[:32], raw[48:]
        self._mac_cipher = BlockCipher(raw[32:48])

    def open(self, envelopes: Sequence[memoryview]) -> list[memoryview | None]:
        """Return the plaintexts; None for each envelope that ``MasterKey.open`` would refuse.

        They keep a buffer of all of them in memory, so give no more than some hundred kilobytes, or one large one, at a time.
        """
        together = envelopes[0] if len(envelopes) == 1 else b"".join(envelopes)
        return self.open_row(together, [len(envelope) for envelope in envelopes])

    def open_row(self, row: Buffer, lengths: Sequence[int]) -> list[memoryview | None]:
        """Return the same for envelopes of these lengths that lie one after the other, as in a pack."""
        view, mac_r, make_tag, is_same = memoryview(row), self._mac_r, Poly1305.generate_tag, hmac.compare_digest
        starts = list(accumulate(lengths, initial=0))
        ivs = [
            bytes(view[start : start + IV_BYTES]) if length >= OVERHEAD_BYTES else _ZERO_IV
            for start, length in zip(starts, lengths, strict=False)
        ]
        pads = self._mac_cipher.encrypt(b"".join(ivs))
        genuine: list[Part] = []
        ends: list[int | None] = []
        pad = end = 0
        for start, length, iv in zip(starts, lengths, ivs, strict=False):
            body, mac = start + IV_BYTES, start + length - MAC_BYTES
            if iv != _ZERO_IV and is_same(
                make_tag(mac_r + pads[pad : pad + MAC_BYTES], view[body:mac]), view[mac : mac + MAC_BYTES]
            ):
                genuine.append((iv, body, mac - body))
                end += mac - body
                ends.append(end)
            else:
                ends.append(None)
            pad += MAC_BYTES
        buffer = bytearray(end)
        ctr_many(self._encrypt, view, genuine, buffer)
        plain = memoryview(buffer)
        return [
            None if end is None else plain[end - length + OVERHEAD_BYTES : end] for end, length in zip(ends, lengths, strict=True)
        ]
