"""Where a file is cut into chunks. Pure: bytes and parameters in, cut points out.

Legal for restic's format, whose readers never look at chunk boundaries. The gear table is seeded from the repository's secret
polynomial, so that chunk lengths do not tell an onlooker which known file is stored.

Source: gear rolling hash with normalised chunking, Xia et al., "The Design of Fast Content-Defined Chunking for Data
Deduplication Based Storage Systems", IEEE TPDS 2020, as built in pyfastcdc.
"""

from collections.abc import Iterator
from io import RawIOBase

import msgspec
from pyfastcdc import FastCDC

from gdp.core.errors import BadInput
from gdp.core.language import N_

KIB = 1024
MIN_BLOCK_BYTES = 128 * KIB
MAX_BLOCK_BYTES = 4096 * KIB
DEFAULT_BLOCK_BYTES = 1024 * KIB
MAX_CHUNK_BYTES = 8192 * KIB  # restic's own longest chunk; readers may rely on it
SMALL_FILE_BYTES = 512 * KIB  # restic never cuts below this: such a file is one chunk with either chunker
HOLE_BYTES = 512 * KIB
_SEED_MASK = (1 << 63) - 1


class ChunkerParameters(msgspec.Struct, frozen=True):
    """How a repository's files are cut; fixed for its lifetime."""

    average_bytes: int = DEFAULT_BLOCK_BYTES
    """power of two, 128 KiB to 4 MiB"""
    seed: int = 0
    """0 to 2**63 - 1"""

    def __post_init__(self) -> None:
        size = self.average_bytes
        if not MIN_BLOCK_BYTES <= size <= MAX_BLOCK_BYTES or size & (size - 1):
            raise BadInput(N_("the block size must be a power of two from 128K to 4M"))

    @property
    def min_bytes(self) -> int:
        """The shortest chunk but for a file's last one."""
        return min(self.average_bytes // 2, 1024 * KIB)

    @property
    def max_bytes(self) -> int:
        """The longest chunk."""
        return min(self.average_bytes * 4, MAX_CHUNK_BYTES)

    @property
    def single_chunk_bytes(self) -> int:
        """A file up to this many bytes is one chunk without looking at it."""
        return self.min_bytes


def seed_from_polynomial(polynomial: int) -> int:
    """Return the seed that belongs to a repository's ``chunker_polynomial``."""
    return polynomial & _SEED_MASK


class Chunker:
    """Cuts streams, one after the other. Not for use by two threads at once."""

    def __init__(self, parameters: ChunkerParameters) -> None:
        if "cy" not in FastCDC.__module__:
            raise BadInput(
                N_("the compiled chunker is missing, the slow one would take days"),
                N_("Install a pyfastcdc wheel for this platform."),
            )
        self.parameters = parameters
        self._cdc = FastCDC(
            parameters.average_bytes,
            min_size=parameters.min_bytes,
            max_size=parameters.max_bytes,
            normalized_chunking=1,
            seed=parameters.seed,
        )
        self._windows: list[bytearray] = []
        """kept for the next stream: new ones cost as much as reading them full"""

    def cut(self, stream: RawIOBase) -> Iterator[list[memoryview]]:
        """Yield a stream's chunks in order, some megabytes of them at a time.

        They lie where the stream was read into, and are valid until the iterator is asked for the list after the next one. So
        whoever works on them in threads finishes with one list before asking again while working on another.

        A run of zeros comes in pieces of 512 KiB: restic's sparse restore knows a hole by exactly that blob.
        """
        return ([piece for chunk in chunks for piece in _pieces(chunk)] for chunks in self._cut_in_windows(stream))

    def _cut_in_windows(self, stream: RawIOBase) -> Iterator[list[memoryview]]:
        """Cut as ``FastCDC.cut_stream`` does, but in two windows for all files, which take turns."""
        longest = self.parameters.max_bytes
        if not self._windows:
            self._windows = [bytearray(longest + 2 * self.parameters.average_bytes) for _ in range(2)]
        window, other = (memoryview(window) for window in self._windows)
        filled, ended = 0, False
        while not ended:
            while filled < len(window) and not ended:
                count = stream.readinto(window[filled:]) or 0
                filled, ended = filled + count, count == 0
            chunks: list[memoryview] = []
            start = 0
            for chunk in self._cdc.cut_buf(window[:filled]):
                if start + chunk.length == filled and chunk.length < longest and not ended:
                    break  # not a cut but the window's end; any cut before it depends on nothing behind it
                chunks.append(chunk.data)
                start += chunk.length
            if chunks:
                yield chunks
            other[: filled - start] = window[start:filled]
            filled -= start
            window, other = other, window


def _pieces(chunk: memoryview) -> Iterator[memoryview]:
    if _is_all_zero(chunk):
        yield from (chunk[start : start + HOLE_BYTES] for start in range(0, len(chunk), HOLE_BYTES))
    else:
        yield chunk


def _is_all_zero(data: memoryview) -> bool:
    # The first bytes decide nearly always; only then is the whole worth a copy.
    return len(data) > HOLE_BYTES and not any(data[:64]) and not any(data[-64:]) and bytes(data).count(0) == len(data)
