"""Takes plaintext blobs and sees to it that each is in the repository once. Lives in a worker process."""

import hashlib
import random
import threading
from collections.abc import Iterable, Sequence

from gdp.core.aes_ctr import Buffer
from gdp.core.packformat import BlobKind
from gdp.engine.archive.sending import Sending
from gdp.engine.archive.uploads import Uploads
from gdp.repo.packer import Packer
from gdp.repo.sealer import BlobSealer
from gdp.repo.shared_ids import SharedIds


class BlobStore:
    """Safe to use from several threads.

    Args:
        pack_bytes: how large packs should become, unless ``sending`` wants them smaller.
        sending: is told what was found to be new.
        worker: our number there.
    """

    def __init__(
        self,
        sealer: BlobSealer,
        packers: dict[BlobKind, Packer],
        known: SharedIds,
        uploads: Uploads,
        *,
        pack_bytes: int,
        sending: Sending,
        worker: int,
    ) -> None:
        self._sealer, self._packers, self._known, self._uploads = sealer, packers, known, uploads
        self._pack_bytes, self._sending, self._worker = pack_bytes, sending, worker
        self._packing = threading.Lock()

    def store_data(self, plaintext: Buffer) -> bytes:
        """Return the id of a piece of a file, after storing it unless it is stored already."""
        return self.store_many((plaintext,))[0]

    def store_many(self, plaintexts: Sequence[Buffer]) -> list[bytes]:
        """Return the ids of small files' contents, after storing those that are not stored already."""
        ids = [hashlib.sha256(plaintext).digest() for plaintext in plaintexts]
        new = [(blob_id, plaintext) for blob_id, plaintext in zip(ids, plaintexts, strict=True) if self._known.add(blob_id)]
        self._pack(BlobKind.DATA, new)
        return ids

    def store_trees(self, trees: list[tuple[bytes, Buffer]]) -> None:
        """Store directories, each (id, text), that the caller knows to be new."""
        self._pack(BlobKind.TREE, trees)

    def store_long_tree(self, blob_id: bytes, text: Iterable[bytes], plain_bytes: int) -> None:
        """Do the same for one whose text, of ``plain_bytes``, is never in memory whole."""
        sealed, plain_length = self._sealer.seal_long_tree(text, plain_bytes)
        with self._packing:
            pack = self._packers[BlobKind.TREE].add_long(blob_id, sealed, plain_length)
            self._sending.count_found(self._worker, plain_bytes)
        self._sealer.check_long_tree(blob_id, pack.parts.read, pack.blobs[0].length)
        self._uploads.put(pack)

    def flush(self) -> None:
        """Return when everything is safely stored."""
        for packer in self._packers.values():
            for pack in packer.flush():
                self._uploads.put(pack)
        self._uploads.finish()

    def _pack(self, kind: BlobKind, blobs: list[tuple[bytes, Buffer]]) -> None:
        random.shuffle(blobs)  # neither a pack nor the IVs in it tell in which order a directory's files of which sizes come
        sealed = self._sealer.seal_many(kind, [plaintext for _, plaintext in blobs])
        with self._packing:
            packer = self._packers[kind]
            packer.target_bytes = self._sending.pack_bytes(self._pack_bytes)
            self._sending.count_found(self._worker, sum(len(plaintext) for _, plaintext in blobs))
            packs = [packer.add(blob_id, *blob) for (blob_id, _), blob in zip(blobs, sealed, strict=True)]
        for full in packs:
            if full is not None:
                self._uploads.put(full)
