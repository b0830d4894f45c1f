"""Opens many envelopes with fewer calls than one by one. See ``crypto`` for the layout.

The one-time keys of many MACs are the encryption of as many IVs: one call. The plaintexts share one buffer. A test holds the
result against ``MasterKey.open``.
"""

import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.poly1305 import Poly1305

from gdp.core.aes_blocks import BlockCipher
from gdp.core.aes_ctr import ctr
from gdp.core.crypto import IV_BYTES, MAC_BYTES, OVERHEAD_BYTES, MasterKey


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
        ivs = [bytes(envelope[:IV_BYTES]) for envelope in envelopes]
        if any(len(envelope) < OVERHEAD_BYTES for envelope in envelopes):
            return [self.open([envelope])[0] if len(envelope) >= OVERHEAD_BYTES else None for envelope in envelopes]
        pads = self._mac_cipher.encrypt(b"".join(ivs))
        buffer = bytearray(sum(map(len, envelopes)) - OVERHEAD_BYTES * len(envelopes))
        plain = memoryview(buffer)
        opened: list[memoryview | None] = []
        start = pad = 0
        for envelope, iv in zip(envelopes, ivs, strict=True):
            body = envelope[IV_BYTES:-MAC_BYTES]
            tag = Poly1305.generate_tag(self._mac_r + pads[pad : pad + MAC_BYTES], body)
            end = start + len(body)
            if any(iv) and hmac.compare_digest(tag, envelope[-MAC_BYTES:]):
                ctr(self._encrypt, iv, body, buffer, start)
                opened.append(plain[start:end])
            else:
                opened.append(None)
            start, pad = end, pad + MAC_BYTES
        return opened
