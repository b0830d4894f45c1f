"""Stores blobs in new packs and lists these in new index files: always the pack first. Never removes anything."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from gdp.core.aes_ctr import Buffer
from gdp.core.packformat import DEFAULT_PACK_BYTES, BlobKind
from gdp.model.files import FileKind, StoredFile
from gdp.repo.index_files import IndexWriter
from gdp.repo.packer import FinishedPack, Packer
from gdp.repo.repository import Repository

_UPLOADS = 2  # one is on the line while the other waits for its acknowledgement; each holds a pack in memory


class PackStore:
    """Takes sealed blobs one by one, from one thread; uploads go on beside it.

    A context manager: left without an error, everything taken is stored and indexed; left by an error, nothing more is stored.
    """

    def __init__(self, repo: Repository, pack_bytes: int = DEFAULT_PACK_BYTES) -> None:
        self._repo = repo
        self._packers = {kind: Packer(repo.key, kind, pack_bytes, repo.storage.staging_path) for kind in BlobKind}
        self._index = IndexWriter(lambda json: repo.save_json(FileKind.INDEX, json))
        self._threads = ThreadPoolExecutor(_UPLOADS, "packs")
        self._under_way: deque[tuple[FinishedPack, Future[None]]] = deque()
        self.stored_bytes = 0
        """of the new packs so far"""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self._threads.shutdown(cancel_futures=True)

    @property
    def index_names(self) -> list[str]:
        """The index files saved so far."""
        return self._index.saved

    def add(self, kind: int, blob_id: bytes, sealed: Buffer, plain_length: int) -> None:
        """Take a sealed blob; ``plain_length`` is 0 for an uncompressed one."""
        if pack := self._packers[BlobKind(kind)].add(blob_id, sealed, plain_length):
            self._begin_upload(pack)

    def flush(self) -> None:
        """Return when everything taken so far is stored and indexed."""
        for packer in self._packers.values():
            for pack in packer.flush():
                self._begin_upload(pack)
        while self._under_way:
            self._finish_upload()
        self._index.flush()

    def _begin_upload(self, pack: FinishedPack) -> None:
        while len(self._under_way) >= _UPLOADS:
            self._finish_upload()
        file = StoredFile(FileKind.DATA, pack.id.hex())
        self._under_way.append((pack, self._threads.submit(self._repo.storage.write, file, pack.parts)))

    def _finish_upload(self) -> None:
        pack, upload = self._under_way.popleft()
        upload.result()
        pack.parts.close()
        self.stored_bytes += pack.size
        self._index.add(pack.id, pack.blobs)
