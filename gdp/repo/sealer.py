"""From a blob's plaintext to the bytes that are stored, checked before they leave; and back."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from gdp.core.aes_ctr import Buffer
from gdp.core.compress import Compression, Compressor, decompress, is_same, unfold_pieces, unfolds_to
from gdp.core.crypto import Envelope, MasterKey
from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.core.packformat import BlobKind

_FAULTY = N_("a block did not open to what was sealed; the memory or the processor is faulty")


class BlobSealer:
    """Compresses, encrypts and checks blobs. Safe to share between threads."""

    def __init__(self, key: MasterKey, compression: Compression = Compression.AUTO, *, format_version: int = 2) -> None:
        self._key = key
        self._compressor = Compressor(compression)
        self._compress_data = compression is not Compression.OFF and format_version >= 2
        self._compress_trees = format_version >= 2

    def seal(self, kind: BlobKind, plaintext: Buffer) -> tuple[Envelope, int]:
        """Return (sealed bytes, length before compression or 0 when stored uncompressed).

        Data that zstd cannot shrink is stored as it is; trees are always compressed, since prune would repack them otherwise.
        Raises DamagedData when the sealed bytes do not open to what was given: faulty memory, or a faulty library.
        """
        return self.seal_many(kind, (plaintext,))[0]

    def seal_many(self, kind: BlobKind, plaintexts: Sequence[Buffer]) -> list[tuple[Envelope, int]]:
        """Return the same for each of many, step by step for all at once, which is quicker for small ones."""
        if not plaintexts:
            return []
        payloads, plain_lengths = zip(*(self._compressed(kind, plaintext) for plaintext in plaintexts), strict=True)
        sealed = self._key.seal_many(payloads)
        del payloads  # what can be a hundred megabytes is needed no more
        for payload, plain_length, plaintext in zip(self._key.reopen_many(sealed), plain_lengths, plaintexts, strict=True):
            if not (unfolds_to(payload, plaintext) if plain_length else is_same(payload, plaintext)):
                raise DamagedData(_FAULTY)
        return list(zip(sealed, plain_lengths, strict=True))

    def seal_long_tree(self, text: Iterable[Buffer], plain_bytes: int) -> tuple[Iterator[bytes], int]:
        """Return (sealed bytes in pieces, length as above) of a tree that is never in memory whole. ``check_long_tree`` it."""
        if not self._compress_trees:
            return self._key.seal_pieces(text), 0
        return self._key.seal_pieces(self._compressor.compress_pieces(text, plain_bytes)), plain_bytes

    def check_long_tree(self, blob_id: bytes, read: Callable[[int, int], bytes], length: int) -> None:
        """Raise DamagedData unless what ``seal_long_tree`` made opens to the tree with that id.

        Args:
            blob_id: the SHA-256 of the text.
            read: returns sealed bytes by offset and length.
            length: of the sealed bytes.
        """
        opened = self._key.reopen_pieces(read, length)
        digest = hashlib.sha256()
        for piece in unfold_pieces(opened) if self._compress_trees else opened:
            digest.update(piece)
        if digest.digest() != blob_id:
            raise DamagedData(_FAULTY)

    def _compressed(self, kind: BlobKind, plaintext: Buffer) -> tuple[Buffer, int]:
        wanted = self._compress_trees if kind is BlobKind.TREE else self._compress_data
        if not wanted or not plaintext:
            return plaintext, 0
        frame = self._compressor.compress(plaintext)
        if len(frame) >= len(plaintext) and kind is BlobKind.DATA:
            return plaintext, 0
        return frame, len(plaintext)


def open_blob(key: MasterKey, sealed: Buffer, plain_length: int, blob_id: bytes) -> bytes:
    """Return a blob's plaintext. Raises DamagedData unless it is exactly the blob with that id."""
    payload = key.open(sealed)
    plaintext = decompress(payload, plain_length) if plain_length else payload
    if hashlib.sha256(plaintext).digest() != blob_id:
        raise DamagedData(N_("block {blob} holds other data than its name says"), blob=blob_id.hex())
    return plaintext
