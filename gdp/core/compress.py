"""zstd frames as restic writes and reads them, with a bound on what a frame may unfold to."""

import threading
from collections.abc import Iterable, Iterator
from enum import StrEnum

import zstandard

from gdp.core.aes_ctr import Buffer
from gdp.core.errors import DamagedData, HostileData
from gdp.core.language import N_


class Compression(StrEnum):
    """How hard to try. ``off`` still compresses trees and indexes, as the format wants it."""

    OFF = "off"
    AUTO = "auto"
    MAX = "max"


_SMALL_BYTES = 1 << 17
_AT_ONCE_BYTES = 1 << 24  # larger than any block of a file; a directory with huge files in it is compared in parts
_PIECE_BYTES = 1 << 18  # of a long frame that are in memory at a time


class _Way:
    """How frames are made: a level of zstd's, with other parameters where we want them otherwise."""

    def __init__(self, level: int, **parameters: int) -> None:
        self._level, self._parameters = level, parameters

    def compressor(self) -> zstandard.ZstdCompressor:
        if not self._parameters:
            return zstandard.ZstdCompressor(level=self._level, write_content_size=True)
        chosen = zstandard.ZstdCompressionParameters.from_level(self._level, write_content_size=True, **self._parameters)
        return zstandard.ZstdCompressor(compression_params=chosen)


# Between level 1 and 2 lies what costs a tenth less than 2 and makes frames one per cent larger. Little data is better off with
# level 1: a sixth less time, one per cent larger.
_AUTO = _Way(1), _Way(2, hash_log=15, min_match=7)
_WAYS = {Compression.OFF: (_Way(1), _Way(1)), Compression.AUTO: _AUTO, Compression.MAX: (_Way(19), _Way(19))}


class _Contexts(threading.local):
    """Of one thread, since zstd's cannot be shared."""

    def __init__(self) -> None:
        self.compressors: dict[_Way, zstandard.ZstdCompressor] = {}
        self.decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)


_contexts = _Contexts()


class Compressor:
    """Makes frames. Safe to share between threads."""

    def __init__(self, compression: Compression) -> None:
        self._small, self._large = _WAYS[compression]

    def compress(self, plaintext: Buffer) -> bytes:
        """Return one frame that records its content size."""
        return self._context(len(plaintext)).compress(plaintext)

    def compress_pieces(self, pieces: Iterable[Buffer], plain_bytes: int) -> Iterator[bytes]:
        """Yield such a frame in pieces. ``plain_bytes`` is how much the plaintext's ``pieces`` are together."""
        chunker = self._context(plain_bytes).chunker(size=plain_bytes, chunk_size=_PIECE_BYTES)
        for piece in pieces:
            yield from chunker.compress(piece)
        yield from chunker.finish()  # type: ignore[no-untyped-call]  # the library forgot

    def _context(self, plain_bytes: int) -> zstandard.ZstdCompressor:
        way = self._small if plain_bytes < _SMALL_BYTES else self._large
        context = _contexts.compressors.get(way)
        if context is None:
            context = _contexts.compressors[way] = way.compressor()
        return context


def decompress(frame: Buffer, plain_bytes: int) -> bytes:
    """Return exactly ``plain_bytes`` bytes. Raises DamagedData when the frame holds anything else.

    Frames without a content size exist (restic 0.14 below 256 bytes), so the bound is ours, not the frame's.
    """
    plaintext = decompress_bounded(frame, plain_bytes)
    if len(plaintext) != plain_bytes:
        raise DamagedData(
            N_("compressed data unfolds to {actual:byte|bytes} instead of {expected:byte|bytes}"),
            actual=len(plaintext),
            expected=plain_bytes,
        )
    return plaintext


def unfolds_to(frame: Buffer, plaintext: Buffer) -> bool:
    """Say whether a frame holds exactly ``plaintext``. Some that do not raise DamagedData or HostileData."""
    if len(plaintext) <= _AT_ONCE_BYTES:
        return is_same(decompress_bounded(frame, len(plaintext)), plaintext)
    view, end = memoryview(plaintext), 0
    try:
        with _contexts.decompressor.stream_reader(frame) as reader:
            while piece := reader.read(_AT_ONCE_BYTES):
                start, end = end, end + len(piece)
                if not is_same(piece, view[start:end]):
                    return False
    except zstandard.ZstdError as error:
        raise DamagedData(N_("compressed data cannot be unfolded ({reason})"), reason=str(error)) from error
    return end == len(plaintext)


def unfold_pieces(pieces: Iterable[Buffer]) -> Iterator[bytes]:
    """Yield, in pieces, what a frame of our own holds that comes in pieces. Raises DamagedData unless it is one whole frame.

    Never for the frames of others: a piece may unfold to anything.
    """
    unfolding = _contexts.decompressor.decompressobj()
    try:
        for piece in pieces:
            yield unfolding.decompress(piece)
    except zstandard.ZstdError as error:
        raise DamagedData(N_("compressed data cannot be unfolded ({reason})"), reason=str(error)) from error
    if not unfolding.eof or unfolding.unused_data:
        raise DamagedData(N_("compressed data does not end where it should"))


def is_same(opened: Buffer, plaintext: Buffer) -> bool:
    """Compare as bytes do: memoryviews compare item by item, which takes a hundred times as long."""
    held = bytes(opened) if isinstance(opened, memoryview) else opened
    return len(held) == len(plaintext) and held.startswith(plaintext)


def decompress_bounded(frame: Buffer, most_bytes: int) -> bytes:
    """Return what a frame holds. Raises HostileData above ``most_bytes``, before that much memory is used."""
    context = _contexts.decompressor
    try:
        declared = zstandard.frame_content_size(frame)
        if declared > most_bytes:
            raise HostileData(
                N_("compressed data claims {declared:byte|bytes}; at most {most:byte|bytes} expected"),
                declared=declared,
                most=most_bytes,
            )
        if declared >= 0:
            return context.decompress(frame)
        return _decompress_unsized(context, frame, most_bytes)
    except zstandard.ZstdError as error:
        raise DamagedData(N_("compressed data cannot be unfolded ({reason})"), reason=str(error)) from error


def _decompress_unsized(context: zstandard.ZstdDecompressor, frame: Buffer, most_bytes: int) -> bytes:
    with context.stream_reader(frame, read_size=1 << 16) as reader:
        plaintext = reader.read(most_bytes + 1)
    if len(plaintext) > most_bytes:
        raise HostileData(N_("compressed data unfolds to more than the expected {most:byte|bytes}"), most=most_bytes)
    return plaintext
