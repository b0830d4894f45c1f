"""Gets blocks out of packs: in the order they lie there, neighbours in one read, ahead of their use. Knows nothing of files.

A block is what the format calls a blob; here always one of kind data.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from gdp.core.compress import decompress
from gdp.core.crypto import MasterKey
from gdp.core.crypto_batch import BatchOpener
from gdp.core.errors import DamagedData, FileMissing, HostileData
from gdp.core.language import N_
from gdp.core.packformat import LONGEST_BLOB_BYTES, BlobKind
from gdp.engine.restore.messages import Place, plain_bytes
from gdp.model.files import FileKind, FileRange, StoredFile
from gdp.repo.sealer import open_blob
from gdp.storage.contract import Storage

LARGEST_GAP_BYTES = 64 << 10  # cheaper to read and drop than another request
RANGE_BYTES = 4 << 20
GROUP_BYTES = 192 << 10  # of small blocks opened in one go: still within a processor's cache
READER_THREADS = 3


class PackRange(NamedTuple):
    """Bytes of one pack that are read at once, and the blocks in them."""

    pack: int
    start: int
    end: int
    places: list[Place]


Block = tuple[Place, bytes | memoryview, DamagedData | FileMissing | None]
"""A block's contents, or why there are none. A plain tuple, since millions of them are made."""


def plan_ranges(
    places: Iterable[Place], *, range_bytes: int = RANGE_BYTES, gap_bytes: int = LARGEST_GAP_BYTES
) -> list[PackRange]:
    """Return the reads that bring all of ``places``, ordered by pack and offset.

    Each brings at most ``range_bytes``, unless one block is longer; ``gap_bytes`` may lie unused between two blocks.
    """
    ranges: list[PackRange] = []
    pack, start, end, group = -1, 0, 0, list[Place]()
    for place in sorted(places):
        number, offset, length = place[:3]
        if number == pack and offset - end <= gap_bytes and offset + length - start <= range_bytes:
            end = max(end, offset + length)
            group.append(place)
            continue
        if group:
            ranges.append(PackRange(pack, start, end, group))
        pack, start, end, group = number, offset, offset + length, [place]
    if group:
        ranges.append(PackRange(pack, start, end, group))
    return ranges


_Request = tuple[list[PackRange], list[FileRange], Future[Sequence[bytes | None]]]


class BlockReader:
    """Reads blocks with a few threads that only fetch; opening them is the caller's thread."""

    def __init__(self, storage: Storage, key: MasterKey) -> None:
        self._storage, self._key = storage, key
        self._opener = BatchOpener(key)
        self._threads = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="restore-read")

    def request(self, packs: dict[int, bytes], places: Iterable[Place]) -> Callable[[], Iterator[Block]]:
        """Begin to fetch, and return what yields the blocks, in pack order."""
        under_way = []
        for parts in _requests(plan_ranges(places)):
            ranges = [FileRange(StoredFile(FileKind.DATA, packs[part.pack].hex()), part.start, _length(part)) for part in parts]
            under_way.append((parts, ranges, self._threads.submit(self._storage.read_ranges, ranges)))
        return lambda: self._blocks(under_way)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _blocks(self, under_way: list[_Request]) -> Iterator[Block]:
        under_way.reverse()
        while under_way:
            parts, ranges, future = under_way.pop()
            fetched = list(future.result())
            del future  # it holds the bytes, which may go as soon as they are used
            for number, (part, (file, _, _)) in enumerate(zip(parts, ranges, strict=True)):
                data, fetched[number] = fetched[number], None
                for group in _groups(part.places):
                    yield from self._open(file, group, part.start, memoryview(data) if data is not None else None)
                del data

    def _open(self, file: StoredFile, group: Sequence[Place], start: int, data: memoryview | None) -> Iterator[Block]:
        if data is None:
            for place in group:
                yield self._read_alone(file, place)
            return
        sealed = [data[place[1] - start : place[1] - start + place[2]] for place in group]
        for place, payload in zip(group, self._opener.open(sealed), strict=True):
            try:
                if payload is not None and plain_bytes(place) <= LONGEST_BLOB_BYTES[BlobKind.DATA]:
                    plain = decompress(payload, place[3]) if place[3] else payload
                    if hashlib.sha256(plain).digest() == place[4]:
                        yield place, plain, None
                        continue
            except DamagedData:
                pass
            yield self._read_alone(file, place)

    def _read_alone(self, file: StoredFile, place: Place) -> Block:
        """Fetch one block by itself: what failed with others may have been a fault on the way."""
        try:
            claimed = max(plain_bytes(place), place[2])
            if claimed > LONGEST_BLOB_BYTES[BlobKind.DATA]:
                raise HostileData(
                    N_("block {blob} claims {size:byte|bytes}, which no program writes"), blob=place[4].hex(), size=claimed
                )
            sealed = self._storage.read(file, place[1], place[2])
            return place, open_blob(self._key, sealed, place[3], place[4]), None
        except (DamagedData, FileMissing) as error:
            return place, b"", error


def _length(part: PackRange) -> int:
    """Return how much is read; nothing of what claims to be longer than any block, so that it is judged alone."""
    size = part.end - part.start
    return size if size <= LONGEST_BLOB_BYTES[BlobKind.DATA] else 0


def _requests(ranges: Iterable[PackRange]) -> Iterator[list[PackRange]]:
    """Yield ranges that are fetched together: a round trip costs the same for all of them."""
    request: list[PackRange] = []
    total = 0
    for part in ranges:
        size = part.end - part.start
        if request and total + size > RANGE_BYTES:
            yield request
            request, total = [], 0
        request.append(part)
        total += size
    if request:
        yield request


def _groups(places: list[Place]) -> Iterator[list[Place]]:
    group: list[Place] = []
    total = 0
    for place in places:
        if group and total + place[2] > GROUP_BYTES:
            yield group
            group, total = [], 0
        group.append(place)
        total += place[2]
    if group:
        yield group
