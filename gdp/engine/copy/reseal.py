"""Moves a blob from one envelope into another without trusting either. Never touches a storage."""

import hashlib

from gdp.core.aes_ctr import Buffer
from gdp.core.compress import Compression, decompress
from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.repo.sealer import BlobSealer


class Resealer:
    """Opens blobs with one key and seals them with another, or the same. Every blob is checked against its id on the way."""

    def __init__(self, source: MasterKey, target: MasterKey, *, target_version: int) -> None:
        self._source, self._target, self._target_version = source, target, target_version
        self._sealer = BlobSealer(target, Compression.AUTO, format_version=target_version)

    def reseal(self, blob: PackedBlob, sealed: bytes | memoryview) -> tuple[Buffer, int]:
        """Return (sealed bytes for the target, length before compression or 0).

        What is compressed stays as it is; a tree that is not is compressed. Raises DamagedData when the blob is not what its
        id says, or cannot be sealed faithfully.
        """
        payload = self._source.open(sealed)
        plaintext = decompress(payload, blob.plain_length) if blob.plain_length else payload
        if hashlib.sha256(plaintext).digest() != blob.id:
            raise DamagedData(N_("block {blob} holds other data than its name says"), blob=blob.id.hex())
        compresses = self._target_version >= 2
        if (blob.plain_length and not compresses) or (blob.kind == BlobKind.TREE and not blob.plain_length):
            return self._sealer.seal(BlobKind(blob.kind), plaintext)
        return self._seal_again(payload), blob.plain_length

    def seal(self, kind: int, plaintext: bytes) -> tuple[Buffer, int]:
        """Seal a blob that is already open; see ``BlobSealer.seal``."""
        return self._sealer.seal(BlobKind(kind), plaintext)

    def _seal_again(self, payload: bytes) -> Buffer:
        sealed = self._target.seal(payload)
        if self._target.reopen(sealed) != payload:
            raise DamagedData(N_("encrypting and decrypting a block gave other bytes; the memory or the processor is faulty"))
        return sealed
