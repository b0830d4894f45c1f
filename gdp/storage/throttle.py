"""A storage that keeps to a rate. Never holds anything back longer than the rate demands."""

import io
import time
from collections.abc import Callable, Collection, Iterator, Sequence

from gdp.model.files import FileRange, StoredFile
from gdp.storage.contract import Buffer, Storage
from gdp.storage.one_by_one import read_each, read_each_range
from gdp.storage.parts import count_bytes, listener_of
from gdp.storage.shared_rate import SharedRate
from gdp.storage.wrapper import StorageWrapper

LARGEST_SLICE_BYTES = 64 << 10
SMALLEST_SLICE_BYTES = 1 << 10
SLICE_SECONDS = 0.05  # fine enough that the server sees an even stream
SMALLEST_READ_BYTES = 16 << 10
READ_SECONDS = 0.25  # longer than a round trip, so that waiting for the answer costs no speed


class Throttled(StorageWrapper):
    """A Storage that moves the bytes of another one no faster than allowed.

    Args:
        inner: the storage.
        upload: the limit for what is written; None: none.
        download: the limit for what is read; None: none.
        sleep: waits so many seconds; what it raises ends the operation.
    """

    def __init__(
        self,
        inner: Storage,
        *,
        upload: SharedRate | None = None,
        download: SharedRate | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(inner)
        self._upload = upload
        self._download = download
        self._sleep = sleep

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        rate = self._download
        if rate is None or not rate.bytes_per_second:
            return self._inner.read(file, offset, length)
        if length is None:
            length = self._inner.size(file) - offset
        whole = io.BytesIO()
        done = 0
        while done < length:
            size = min(length - done, max(SMALLEST_READ_BYTES, int(rate.bytes_per_second * READ_SECONDS)))
            if wait := rate.take(size):
                self._sleep(wait)
            whole.write(self._inner.read(file, offset + done, size))
            done += size
        return whole.getvalue() if done else self._inner.read(file, offset, length if length >= 0 else None)

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        if self._download is None or not self._download.bytes_per_second:
            return self._inner.read_small(files)
        return read_each(self, files)

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        if self._download is None or not self._download.bytes_per_second:
            return self._inner.read_ranges(ranges)
        return read_each_range(self, ranges)

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        rate = self._upload
        if rate is None or not rate.bytes_per_second:
            self._inner.write(file, parts)
        else:
            self._inner.write(file, _Paced(parts, rate, self._sleep))

    def staging_path(self) -> str | None:
        is_limited = self._upload is not None and self._upload.bytes_per_second
        return None if is_limited else self._inner.staging_path()  # every byte must go through ``write``, which counts it


class _Paced(Collection[Buffer]):
    """The same bytes in small slices, each given out when it is due. Fulfils ``SizedParts``."""

    def __init__(self, parts: Collection[Buffer], rate: SharedRate, sleep: Callable[[float], None]) -> None:
        self._parts = parts
        self._rate = rate
        self._sleep = sleep
        self.total_bytes = count_bytes(parts)
        self.is_paced = True
        self.has_arrived = listener_of(parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __contains__(self, part: object) -> bool:
        return part in self._parts

    def __iter__(self) -> Iterator[Buffer]:
        for part in self._parts:
            rest = memoryview(part).cast("B")
            while rest:
                piece = rest[: self._slice_bytes()]
                rest = rest[piece.nbytes :]
                if wait := self._rate.take(piece.nbytes):
                    self._sleep(wait)
                yield piece

    def _slice_bytes(self) -> int:
        rate = self._rate.bytes_per_second
        if not rate:
            return LARGEST_SLICE_BYTES
        return min(LARGEST_SLICE_BYTES, max(SMALLEST_SLICE_BYTES, int(rate * SLICE_SECONDS)))
