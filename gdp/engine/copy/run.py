"""Copies snapshots from one repository into another, with everything they need and that is not there yet."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gdp.core.aes_ctr import Buffer
from gdp.core.errors import DamagedData, FileMissing
from gdp.core.ids import BlobId, PackId
from gdp.core.language import N_
from gdp.core.packformat import DEFAULT_PACK_BYTES, BlobKind, PackedBlob
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.check.walk import blob_id_of, walk_trees
from gdp.engine.copy.pack_store import PackStore
from gdp.engine.copy.reseal import Resealer
from gdp.model.events import Emit, Note, Progress, StageBegan
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.pack_reader import pack_file
from gdp.repo.repository import Repository

_GAP_BYTES = 256 << 10  # reading over a gap this small costs less than another round trip
_READ_BYTES = 16 << 20
_FACTS = ("time_ns", "tree", "hostname", "username", "uid", "gid")


class Copied(msgspec.Struct, frozen=True):
    """What became of a snapshot."""

    source: SnapshotId
    target: SnapshotId | None
    """None: it is there already"""


def copy_snapshots(
    source: Repository,
    target: Repository,
    snapshots: Mapping[SnapshotId, Snapshot],
    emit: Emit,
    *,
    pack_bytes: int = DEFAULT_PACK_BYTES,
) -> list[Copied]:
    """Copy snapshots of ``source`` that ``target`` does not have. The caller holds locks on both; both indexes must be loaded.

    A snapshot is stored only when everything below it is stored and indexed. Raises DamagedData when something cannot be read
    from ``source``; what was copied before is kept.
    """
    if source.config.chunker_polynomial != target.config.chunker_polynomial or _chunker(source) != _chunker(target):
        emit(Note(N_("the repositories cut files differently: what is copied will not be shared with what is backed up there")))
    there = list(target.snapshots().snapshots.items())
    copied: list[Copied] = []
    copied_blobs = BlobMarks()
    for name, snapshot in snapshots.items():
        if _is_there(name, snapshot, there):
            copied.append(Copied(name, None))
            continue
        emit(StageBegan(N_("copying a snapshot")))
        _copy_blobs(source, target, BlobId.from_hex(snapshot.tree), copied_blobs, pack_bytes, emit)
        new = msgspec.structs.replace(snapshot, parent=None, original=snapshot.original or name)
        copied.append(Copied(name, target.save_snapshot(new)))
        there.append((name, new))
    return copied


def _chunker(repo: Repository) -> tuple[str, int]:
    return repo.config.gdp_chunker, repo.config.gdp_block_bytes


def _is_there(name: SnapshotId, snapshot: Snapshot, there: Sequence[tuple[SnapshotId, Snapshot]]) -> bool:
    """Say whether a snapshot was copied before: same origin, and nothing was changed since but its parent."""
    origin = snapshot.original or name
    return any(origin in (other_name, other.original) and _similar(snapshot, other) for other_name, other in there)


def _similar(one: Snapshot, other: Snapshot) -> bool:
    same_facts = all(getattr(one, fact) == getattr(other, fact) for fact in _FACTS)
    lists = ((one.paths, other.paths), (one.tags, other.tags), (one.excludes, other.excludes))
    return same_facts and all(set(mine or ()) == set(theirs or ()) for mine, theirs in lists)


def _copy_blobs(source: Repository, target: Repository, root: BlobId, copied: BlobMarks, pack_bytes: int, emit: Emit) -> None:
    """Copy what is below a directory, unless it is in ``target`` or in ``copied``."""
    wanted: dict[PackId, list[PackedBlob]] = {}
    for kind, blob_id in _missing(source, target, root, copied):
        place = source.index.find(kind, blob_id)
        if place is None:
            raise DamagedData(
                N_("block {blob} is in no index of {location}"),
                N_("Run 'gdp check' there."), blob=blob_id.hex(), location=source.storage.location,
            )  # fmt: skip
        wanted.setdefault(place.pack, []).append(PackedBlob(kind, blob_id, place.offset, place.length, place.plain_length))
    resealer = Resealer(source.key, target.key, target_version=target.config.version)
    with PackStore(target, pack_bytes) as store:
        for done, (pack, blobs) in enumerate(wanted.items(), 1):
            for blob in _in_runs(source, resealer, pack, sorted(blobs, key=lambda blob: blob.offset)):
                store.add(*blob)
            emit(Progress(done, len(wanted), current=pack.hex()))


def _missing(source: Repository, target: Repository, root: BlobId, copied: BlobMarks) -> Iterator[tuple[BlobKind, bytes]]:
    for tree in walk_trees(source, [root], copied):
        if tree.error:
            raise tree.error
        if (BlobKind.TREE, tree.id) not in target.index:
            yield BlobKind.TREE, tree.id
        for node in tree.nodes:
            for text in node.content or ():
                blob_id = blob_id_of(text)
                if blob_id and copied.add(BlobKind.DATA, blob_id) and (BlobKind.DATA, blob_id) not in target.index:
                    yield BlobKind.DATA, blob_id


def _in_runs(
    source: Repository, resealer: Resealer, pack: PackId, blobs: Sequence[PackedBlob]
) -> Iterator[tuple[int, bytes, Buffer, int]]:
    """Yield what a PackStore takes, reading neighbouring blobs at once."""
    for run in _runs(blobs):
        begin, end = run[0].offset, run[-1].offset + run[-1].length
        try:
            raw = memoryview(source.storage.read(pack_file(pack), begin, end - begin))
        except (DamagedData, FileMissing):
            raw = memoryview(b"")
        for blob in run:
            try:
                sealed = resealer.reseal(blob, raw[blob.offset - begin : blob.offset - begin + blob.length])
            except DamagedData:
                # Another copy may be good; else this says what is wrong.
                sealed = resealer.seal(blob.kind, source.load_blob(BlobKind(blob.kind), blob.id))
            yield blob.kind, blob.id, *sealed


def _runs(blobs: Sequence[PackedBlob]) -> Iterator[list[PackedBlob]]:
    run: list[PackedBlob] = []
    for blob in blobs:
        if run:
            gap = blob.offset - run[-1].offset - run[-1].length
            if gap > _GAP_BYTES or blob.offset + blob.length - run[0].offset > _READ_BYTES:
                yield run
                run = []
        run.append(blob)
    if run:
        yield run
