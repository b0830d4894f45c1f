"""The process that reads files and stores blobs. It does what the parent says and decides nothing.

==================================================  ================================================================
message from the parent                             answer
==================================================  ================================================================
``("connect", secrets)``                            none; may come before "start", to a worker that will be needed for sure
``("start", number, WorkerStart as a tuple)``       none
``("files", number, [(folder, names), ...])``       ``("files", number, [FileRead as a tuple, ...], [...])``
``("stream", number, descriptor)``                  ``("stream", number, size)``
``("trees", [(id, [Piece, ...]), ...])``            none
``("flush",)``                                      ``("flushed",)`` when everything is safely stored
==================================================  ================================================================

Before trees, a stream or files go the long contents in them, see ``travel``.

A name is bytes, or (name, name in the snapshot) where they differ.

Unasked: ``("pack", id, size, [blob, ...])`` for each stored pack, ``("bytes", count)`` for progress within a large file.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from gdp.core.aes_ctr import Buffer
from gdp.core.chunker import ChunkerParameters
from gdp.core.compress import Compression
from gdp.core.crypto import MasterKey
from gdp.core.packformat import BlobKind
from gdp.engine.archive.blob_store import BlobStore
from gdp.engine.archive.read_file import FileReader
from gdp.engine.archive.sending import Sending
from gdp.engine.archive.travel import Arrivals, send_content, send_files
from gdp.engine.archive.tree_text import text_bytes, write_out
from gdp.engine.archive.uploads import Uploads
from gdp.engine.workers import Channel
from gdp.repo.lease import Lease, LeasedStorage
from gdp.repo.pack_journal import PackJournal
from gdp.repo.packer import FinishedPack, Packer
from gdp.repo.sealer import BlobSealer
from gdp.repo.shared_ids import SharedIds
from gdp.storage.contract import Storage

_LONG_TEXT_BYTES = 8 << 20  # of a directory, as the largest block of a file; a longer one is sealed and opened in pieces
OpenStorage = Callable[[Mapping[str, str]], Storage]
"""Opens a connection of this process's own, with the secrets that the parent asked the user for."""


class WorkerStart(NamedTuple):
    """What a worker must know."""

    secrets: dict[str, str]
    key: bytes
    format_version: int
    block_bytes: int
    seed: int
    known_slots: int
    """for SharedIds.attach"""
    journal_folder: str
    pack_bytes: int
    compression: str
    threads: int
    """for the chunks of a large file"""
    uploads: int
    """threads that send packs, as ``Sending`` knows it"""
    dry_run: bool


class ArchiveWorker:
    """What a forked process runs; made in the parent, before the fork."""

    def __init__(self, open_storage: OpenStorage, lease: Lease, known: SharedIds, sending: Sending) -> None:
        self._open_storage, self._lease, self._known, self._sending = open_storage, lease, known, sending

    def serve(self, channel: Channel) -> None:
        """Answer messages until the line is closed."""
        kind, *facts = channel.receive()
        storage: Storage | None = None
        if kind == "connect":
            storage = self._open_storage(facts[0])
            storage.prepare()
            kind, *facts = channel.receive()
        number, start = facts[0], WorkerStart(*facts[1])
        if storage is None and not start.dry_run:
            storage = self._open_storage(start.secrets)
        leased = LeasedStorage(storage, self._lease) if storage else None
        worker = _Started(leased, self._known, self._sending, number, channel, start)
        while True:
            kind, *arguments = channel.receive()
            if kind != "flush":
                worker.prepare()
            worker.handlers[kind](*arguments)


class _Started:
    def __init__(
        self, storage: Storage | None, known: SharedIds, sending: Sending, number: int, channel: Channel, start: WorkerStart
    ) -> None:
        """``storage``: None on a dry run."""
        self._channel = channel
        known.attach(start.known_slots)
        key = MasterKey(start.key)
        self._storage = storage
        self._is_prepared = False
        journal = PackJournal(Path(start.journal_folder))
        uploads = Uploads(storage, journal, self._pack_stored, sending=sending, worker=number, threads=start.uploads)
        staging = storage.staging_path if storage is not None else lambda: None
        packers = {kind: Packer(key, kind, start.pack_bytes, staging) for kind in BlobKind}
        sealer = BlobSealer(key, Compression(start.compression), format_version=start.format_version)
        self._store = BlobStore(sealer, packers, known, uploads, pack_bytes=start.pack_bytes, sending=sending, worker=number)
        parameters = ChunkerParameters(start.block_bytes, start.seed)
        self._reader = FileReader(self._store, parameters, start.threads, self._advance)
        self._arrivals = Arrivals()
        self.handlers: dict[str, Callable[..., None]] = {
            "files": self._files,
            "stream": self._stream,
            "ids": self._arrivals.take,
            "trees": self._trees,
            "flush": self._flush,
        }

    def prepare(self) -> None:
        """Connect while the first blobs are being made."""
        if self._storage is not None and not self._is_prepared:
            self._is_prepared = True
            self._storage.prepare()

    def _files(self, number: int, groups: list[tuple[bytes, list[bytes | tuple[bytes, bytes]]]]) -> None:
        for message in send_files(number, self._reader.read_all(_named(groups))):
            self._channel.send(message)

    def _stream(self, number: int, descriptor: int) -> None:
        with io.FileIO(descriptor) as stream:
            content, size = self._reader.read_stream(stream)
        for message in send_content(content):
            self._channel.send(message)
        self._channel.send(("stream", number, size))

    def _trees(self, trees: list[tuple[bytes, list[bytes | tuple[()]]]]) -> None:
        texts: list[tuple[bytes, Buffer]] = []
        for tree_id, sent in trees:
            pieces = self._arrivals.tree(sent)
            size = text_bytes(pieces)
            if size > _LONG_TEXT_BYTES:
                self._store.store_long_tree(tree_id, write_out(pieces), size)
            else:
                texts.append((tree_id, b"".join(write_out(pieces))))
        self._store.store_trees(texts)

    def _flush(self) -> None:
        self._store.flush()
        self._channel.send(("flushed",))

    def _pack_stored(self, pack: FinishedPack) -> None:
        self._channel.send(("pack", bytes(pack.id), pack.size, [tuple(blob) for blob in pack.blobs]))

    def _advance(self, count: int) -> None:
        self._channel.send(("bytes", count))


def _named(groups: list[tuple[bytes, list[bytes | tuple[bytes, bytes]]]]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the path of each file, and its name in the snapshot."""
    for folder, names in groups:
        for item in names:
            name, shown = (item, item) if isinstance(item, bytes) else item
            yield folder + name, shown
