"""Checks every byte of a pack. Needs its bytes, the key, and what the index says; runs in a worker or right here.

Each byte of a pack belongs to a block, to the sealed table of contents, or to the length field; a change in any of them
shows in the hash of the whole, and is then narrowed down to the block.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from gdp.core.compress import decompress
from gdp.core.crypto import MasterKey
from gdp.core.crypto_batch import BatchOpener
from gdp.core.errors import DamagedData, FileMissing
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import PackedBlob
from gdp.engine.check.directory_log import DirectoryLog
from gdp.repo.pack_reader import PackBytes
from gdp.repo.sealer import open_blob
from gdp.storage.contract import Storage

BATCH_BYTES = 120 << 10  # of blobs that are opened together: fits into a processor's cache, with room for the results

Fault = tuple[str, dict[str, Any]]
"""template and facts; only what ``marshal`` takes"""


class PackJob(NamedTuple):
    """A pack to check. Travels between processes as a tuple."""

    pack: bytes
    stored_size: int
    """bytes, as the storage lists it"""
    size: int
    """bytes, as the index makes it"""
    digest: bytes
    """of its table of contents, as the index makes it"""
    looks_into_directories: bool = False
    """whether the verdict tells of the directories in it"""
    holds_directories: bool = False
    """as the index makes it"""

    @property
    def rank(self) -> tuple[bool, int]:
        """What comes first: directories, whose verdict is work for its reader; then large packs, so that all end together."""
        return not self.holds_directories, -self.stored_size


class PackVerdict(NamedTuple):
    """What came of a job. Travels between processes as a tuple."""

    pack: bytes
    bytes_read: int
    faults: list[Fault]
    are_directories_sound: bool = False
    """they were looked at, and whatever may be wrong with one is that a blob it names is not there"""
    directories: bytes = b""
    """ids of those in the pack, joined"""
    named_blocks: bytes = b""
    named_directories: bytes = b""


def fetch_pack(storage: Storage, job: PackJob) -> PackBytes | DamagedData | FileMissing:
    """Return a pack's bytes, or why there are none."""
    try:
        return PackBytes(storage, PackId(job.pack), job.stored_size)
    except (DamagedData, FileMissing) as error:
        return error


def verify_pack(storage: Storage, key: MasterKey, job: PackJob, content: PackBytes | DamagedData | FileMissing) -> PackVerdict:
    """Check a pack; one that seems damaged is fetched once more, to tell a bad line from bad data."""
    directories = DirectoryLog() if job.looks_into_directories else None
    faults = find_faults(key, job, content, directories)
    bytes_read = content.size if isinstance(content, PackBytes) else 0
    if faults and isinstance(content, PackBytes):
        del content
        again = find_faults(key, job, fetch_pack(storage, job))
        bytes_read *= 2
        faults = again or [*faults, (N_("pack {pack} was read without error the second time"), {"pack": job.pack.hex()})]
    if faults or directories is None or not directories.are_sound:
        return PackVerdict(job.pack, bytes_read, faults)
    seen, blocks, below = bytes(directories.ids), bytes(directories.blocks), bytes(directories.below)
    return PackVerdict(job.pack, bytes_read, faults, True, seen, blocks, below)


def find_faults(
    key: MasterKey, job: PackJob, content: PackBytes | DamagedData | FileMissing, directories: DirectoryLog | None = None
) -> list[Fault]:
    """Return what is wrong with a pack; an empty list when every byte is as it must be. ``directories`` is shown each in it."""
    name = job.pack.hex()
    if not isinstance(content, PackBytes):
        return [(N_("pack {pack} cannot be read: {reason}"), {"pack": name, "reason": str(content)})]
    faults: list[Fault] = []
    if content.size != job.size:
        facts = {"pack": name, "size": content.size, "expected": job.size}
        faults.append((N_("pack {pack} has {size:byte|bytes} instead of {expected:byte|bytes}"), facts))
    try:
        blobs, digest = content.contents_and_digest(key)
        if digest != job.digest:
            faults.append((N_("pack {pack} lists other blocks than the index"), {"pack": name}))
        is_genuine = _check_blobs(key, content, blobs, faults, directories) == job.pack
    except (DamagedData, FileMissing) as error:
        faults.append(("{reason}", {"reason": str(error), "pack": name}))
        is_genuine = content.digest() == job.pack
    if not is_genuine:
        faults.append((N_("pack {pack} was changed: its contents do not match its name"), {"pack": name}))
    return faults


def _check_blobs(
    key: MasterKey, content: PackBytes, blobs: Sequence[PackedBlob], faults: list[Fault], directories: DirectoryLog | None
) -> bytes:
    """Add what is wrong with each blob, and return the SHA-256 of the whole pack.

    Each piece is hashed and opened while the processor's cache holds it; a pack is larger than that.
    """
    opener = BatchOpener(key)
    digest = hashlib.sha256()
    end = 0
    for batch in _batches(blobs):
        start, end = end, batch[-1].offset + batch[-1].length
        piece = memoryview(content.read(start, end - start))
        digest.update(piece)
        for blob, payload in zip(batch, opener.open_row(piece, [blob.length for blob in batch]), strict=True):
            plain = None if payload is None else _plaintext(payload, blob)
            if plain is None:
                faults.append(_fault_of(key, content.id, blob, piece[blob.offset - start : blob.offset - start + blob.length]))
            elif blob.kind and directories:
                directories.add(blob, plain)
    digest.update(content.read(end, content.size - end))
    return digest.digest()


def _batches(blobs: Sequence[PackedBlob]) -> Iterator[list[PackedBlob]]:
    batch: list[PackedBlob] = []
    size = 0
    for blob in blobs:
        if size and size + blob.length > BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(blob)
        size += blob.length
    if batch:
        yield batch


def _plaintext(payload: memoryview, blob: PackedBlob) -> bytes | memoryview | None:
    """Return what an opened blob holds; None when that is not what its id names."""
    try:
        plain = decompress(payload, blob.plain_length) if blob.plain_length else payload
    except DamagedData:
        return None
    return plain if hashlib.sha256(plain).digest() == blob.id else None


def _fault_of(key: MasterKey, pack: PackId, blob: PackedBlob, envelope: memoryview) -> Fault:
    """Open a blob again, the slow way, which says what is wrong with it."""
    reason = N_("opening the block twice gave different results; the memory or the processor is faulty")
    try:
        open_blob(key, envelope, blob.plain_length, blob.id)
    except DamagedData as error:
        reason = str(error)
    facts = {"pack": pack.hex(), "blob": blob.id.hex(), "offset": blob.offset, "reason": reason}
    return N_("pack {pack}: block {blob} at byte {offset} is damaged: {reason}"), facts
