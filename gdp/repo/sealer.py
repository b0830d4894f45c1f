"""From a blob's plaintext to the bytes that are stored, checked before they leave; and back."""

import hashlib

from gdp.core.compress import Compression, Compressor, decompress
from gdp.core.crypto import IV_BYTES, MAC_BYTES, MasterKey
from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.core.packformat import BlobKind


class BlobSealer:
    """Compresses, encrypts and checks blobs. Safe to share between threads."""

    def __init__(self, key: MasterKey, compression: Compression = Compression.AUTO, *, format_version: int = 2) -> None:
        self._key = key
        self._compressor = Compressor(compression)
        self._compress_data = compression is not Compression.OFF and format_version >= 2
        self._compress_trees = format_version >= 2

    def seal(self, kind: BlobKind, plaintext: bytes) -> tuple[bytes, int]:
        """Return (sealed bytes, length before compression or 0 when stored uncompressed).

        Data that zstd cannot shrink is stored as it is; trees are always compressed, since prune would repack them otherwise.
        Raises DamagedData when the sealed bytes do not open to what was given: faulty memory, or a faulty library.
        """
        wanted = self._compress_trees if kind is BlobKind.TREE else self._compress_data
        if not wanted or not plaintext:
            return self._sealed(plaintext), 0
        frame = self._compressor.compress(plaintext)
        if len(frame) >= len(plaintext) and kind is BlobKind.DATA:
            return self._sealed(plaintext), 0
        if decompress(frame, len(plaintext)) != plaintext:
            raise DamagedData(N_("compressing and unfolding a block gave other bytes; the memory or the processor is faulty"))
        return self._sealed(frame), len(plaintext)

    def _sealed(self, payload: bytes) -> bytes:
        sealed = self._key.seal(payload)
        ciphertext = memoryview(sealed)[IV_BYTES:-MAC_BYTES]
        if self._key.decrypt_unchecked(sealed[:IV_BYTES], ciphertext) != payload:
            raise DamagedData(N_("encrypting and decrypting a block gave other bytes; the memory or the processor is faulty"))
        return sealed


def open_blob(key: MasterKey, sealed: bytes | memoryview, plain_length: int, blob_id: bytes) -> bytes:
    """Return a blob's plaintext. Raises DamagedData unless it is exactly the blob with that id."""
    payload = key.open(sealed)
    plaintext = decompress(payload, plain_length) if plain_length else payload
    if hashlib.sha256(plaintext).digest() != blob_id:
        raise DamagedData(N_("block {blob} holds other data than its name says"), blob=blob_id.hex())
    return plaintext
