"""Layout of packs, boundaries of chunks, bounds of compressed data, and the polynomial."""

import hashlib
import io
import random
import tracemalloc
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pyfastcdc import FastCDC

from gdp.core.chunker import HOLE_BYTES, KIB, MAX_CHUNK_BYTES, Chunker, ChunkerParameters, seed_from_polynomial
from gdp.core.compress import Compression, Compressor, decompress, decompress_bounded, unfold_pieces, unfolds_to
from gdp.core.errors import BadInput, DamagedData, HostileData
from gdp.core.ids import BlobId, PackId, is_id_text
from gdp.core.packformat import (
    COMPRESSED_ENTRY_BYTES,
    PLAIN_ENTRY_BYTES,
    PackedBlob,
    decode_header,
    encode_header,
    length_field,
    pack_bytes,
    read_length_field,
)
from gdp.core.polynomial import is_irreducible, random_irreducible

# --- packs -------------------------------------------------------------------------------------------------------------

BLOBS = st.lists(
    st.tuples(st.integers(0, 1), st.binary(min_size=32, max_size=32), st.integers(32, 2**32 - 1), st.integers(0, 2**32 - 1)),
    max_size=20,
)


def laid_out(blobs: list[tuple[int, bytes, int, int]]) -> list[PackedBlob]:
    """Return the blobs with their offsets."""
    packed, offset = [], 0
    for kind, blob_id, length, plain_length in blobs:
        packed.append(PackedBlob(kind, blob_id, offset, length, plain_length))
        offset += length
    return packed


@given(BLOBS)
def test_a_header_says_what_was_put_into_it(blobs: list[tuple[int, bytes, int, int]]) -> None:
    """Offsets are not stored; they follow from the lengths."""
    packed = laid_out(blobs)
    header = encode_header(packed)

    assert decode_header(header) == packed
    assert pack_bytes(packed) == sum(blob.length for blob in packed) + len(header) + 36


def test_a_header_is_laid_out_as_the_table_says() -> None:
    """Restic reads these bytes."""
    plain = PackedBlob(1, b"\xaa" * 32, 0, 0x01020304, 0)
    compressed = PackedBlob(0, b"\xbb" * 32, 0x01020304, 0x21, 0x05060708)

    assert encode_header([plain]).hex() == "01" + "04030201" + "aa" * 32
    assert encode_header([compressed]).hex() == "02" + "21000000" + "08070605" + "bb" * 32
    assert (len(encode_header([plain])), len(encode_header([compressed]))) == (PLAIN_ENTRY_BYTES, COMPRESSED_ENTRY_BYTES)


@pytest.mark.parametrize("header", [b"\x04" + bytes(40), b"\x00" * 36, b"\x02" + bytes(39), b"\x00" + bytes(36)])
def test_a_header_that_cannot_be_is_refused(header: bytes) -> None:
    """Unknown kinds, cut entries, and blobs shorter than their envelope."""
    with pytest.raises(DamagedData):
        decode_header(header)


@pytest.mark.parametrize(("length", "size"), [(0, 1000), (68, 1000), (997, 1000), ((16 << 20) + 1, 1 << 30), (2**32 - 1, 2**33)])
def test_a_length_that_cannot_be_is_refused(length: int, size: int) -> None:
    """A length of four gigabytes would be read into memory."""
    with pytest.raises(DamagedData):
        read_length_field(length.to_bytes(4, "little"), size)

    assert read_length_field(length_field(bytes(100)), 1000) == 100


# --- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"x" * 31, b"x" * 33])
def test_a_name_of_another_length_is_refused_where_it_is_made(raw: bytes) -> None:
    """Not later, where it is looked up and only not found."""
    with pytest.raises(DamagedData):
        BlobId(raw)


@pytest.mark.parametrize("text", ["", "AB" * 32, "ab" * 31, "ab" * 33, "../" + "a" * 61, "g" * 64, " " * 64, "\u0661" * 64])
def test_only_lower_case_hex_is_a_name(text: str) -> None:
    """A name becomes a path."""
    assert not is_id_text(text)
    with pytest.raises(DamagedData):
        PackId.from_hex(text)

    assert str(PackId.from_hex("ab" * 32)) == "ab" * 32


# --- compressed data ---------------------------------------------------------------------------------------------------


@given(st.binary(max_size=5000), st.sampled_from(list(Compression)))
def test_what_is_compressed_unfolds_to_itself(plaintext: bytes, compression: Compression) -> None:
    """At every level."""
    assert decompress(Compressor(compression).compress(plaintext), len(plaintext)) == plaintext


def in_pieces(whole: bytes, size: int) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("size", [0, 1, 262_144, 3_000_000])
@pytest.mark.parametrize("piece", [7_001, 262_144, 5_000_000])
def test_a_frame_made_in_pieces_is_like_any_other(compression: Compression, size: int, piece: int) -> None:
    """It says its length, as restic's do; and it unfolds whole or in pieces."""
    plaintext = random.Random(size).randbytes(size).hex()[:size].encode()
    frame = b"".join(Compressor(compression).compress_pieces(in_pieces(plaintext, piece), size))

    assert zstandard.frame_content_size(frame) == size
    assert decompress(frame, size) == plaintext
    assert b"".join(unfold_pieces(in_pieces(frame, piece))) == plaintext


WHOLE = Compressor(Compression.AUTO).compress(bytes(1000) + b"x")


@pytest.mark.parametrize("frame", [b"", b"no frame at all", WHOLE[:-1], WHOLE + b"x", WHOLE + WHOLE])
@pytest.mark.parametrize("piece", [1, 1000])
def test_pieces_that_are_not_one_whole_frame_are_refused(frame: bytes, piece: int) -> None:
    """Wherever the pieces end."""
    with pytest.raises(DamagedData):
        list(unfold_pieces(in_pieces(frame, piece)))


def unsized(plaintext: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_content_size=False).compress(plaintext)


@given(st.binary(max_size=3000))
def test_a_frame_that_does_not_say_its_size_is_read(plaintext: bytes) -> None:
    """Restic 0.14 wrote such frames."""
    assert decompress(unsized(plaintext), len(plaintext)) == plaintext


@pytest.mark.parametrize("make", [unsized, Compressor(Compression.AUTO).compress])
def test_a_bomb_is_refused_before_it_unfolds(make: Any) -> None:
    """A kilobyte that unfolds to a gigabyte must cost no gigabyte."""
    bomb = make(bytes(200 << 20))
    assert len(bomb) < 100_000
    tracemalloc.start()
    with pytest.raises(HostileData):
        decompress_bounded(bomb, 1 << 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 8 << 20


@pytest.mark.parametrize("make", [unsized, Compressor(Compression.AUTO).compress])
@pytest.mark.parametrize("said", [0, 99, 101])
def test_a_size_that_is_not_kept_is_refused(make: Any, said: int) -> None:
    """The index says one thing and the frame another: one of them is wrong."""
    with pytest.raises(DamagedData):
        decompress(make(b"x" * 100), said)


@pytest.mark.parametrize("frame", [b"", b"no frame at all", Compressor(Compression.AUTO).compress(b"x" * 1000)[:-3]])
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    """With our error, not the library's."""
    with pytest.raises(DamagedData):
        decompress(frame, 1000)


# --- chunks ------------------------------------------------------------------------------------------------------------

SEED = 0x1234567890ABCDEF
GOLDEN = {
    1024 * KIB: [1692383, 1360594, 2172605, 1165014, 910833, 1117197, 1162355, 2414894, 4125],
    4096 * KIB: [1692383, 4698213, 3525160, 2084244],
}


def cut(chunker: Chunker, data: bytes) -> Iterator[bytes]:
    return (bytes(chunk) for chunks in chunker.cut(io.BytesIO(data)) for chunk in chunks)  # type: ignore[arg-type]


def lengths(data: bytes, average: int = 1024 * KIB, seed: int = SEED) -> list[int]:
    chunker = Chunker(ChunkerParameters(average, seed))
    return [len(chunk) for chunk in cut(chunker, data)]


@pytest.mark.parametrize("average", GOLDEN)
def test_boundaries_never_move(average: int) -> None:
    """With another version of the library all large files of all users would be stored again."""
    assert lengths(hashlib.shake_128(b"golden").digest(12_000_000), average) == GOLDEN[average]


def test_another_seed_cuts_elsewhere() -> None:
    """Chunk lengths must not tell a stranger which known file is stored."""
    data = hashlib.shake_128(b"golden").digest(8_000_000)

    assert set(lengths(data, seed=1)) & set(lengths(data, seed=2)) <= {lengths(data)[-1]}


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 6_000_000), st.sampled_from([128 * KIB, 512 * KIB, 2048 * KIB]), st.integers(0, 2**63 - 1))
def test_chunks_are_the_file_and_keep_their_bounds(size: int, average: int, seed: int) -> None:
    """Whatever size, seed and block size."""
    data = random.Random(size).randbytes(size)
    parameters = ChunkerParameters(average, seed)
    chunks = list(cut(Chunker(parameters), data))

    assert b"".join(chunks) == data
    assert all(len(chunk) <= parameters.max_bytes <= MAX_CHUNK_BYTES for chunk in chunks)
    assert all(len(chunk) >= parameters.min_bytes for chunk in chunks[:-1])
    assert b"" not in chunks


@pytest.mark.parametrize("size", [0, 1, HOLE_BYTES - 1, HOLE_BYTES])
def test_a_file_below_restics_smallest_chunk_is_one(size: int) -> None:
    """Then its tree has the same id as restic's."""
    assert lengths(bytes(range(256)) * (size // 256) + b"x" * (size % 256)) == ([size] if size else [])


def test_zeros_come_in_pieces_of_512_kib() -> None:
    """Restic's sparse restore knows a hole by exactly that blob."""
    assert lengths(bytes(20 * HOLE_BYTES)) == [HOLE_BYTES] * 20


def test_a_hole_in_a_file_is_mostly_such_pieces() -> None:
    """Data before and behind it have their own chunks."""
    data = random.Random(1).randbytes(700_000) + bytes(16 << 20) + random.Random(2).randbytes(700_000)
    found = lengths(data)

    assert sum(found) == len(data)
    assert found.count(HOLE_BYTES) >= 16


def test_an_insertion_moves_only_what_is_near() -> None:
    """That is what cutting by contents is for."""
    data = random.Random(3).randbytes(16_000_000)
    before, after = set(digests(data)), set(digests(data[:5_000_000] + b"inserted" + data[5_000_000:]))

    assert len(after - before) <= 2


def digests(data: bytes) -> list[bytes]:
    chunker = Chunker(ChunkerParameters(1024 * KIB, SEED))
    return [hashlib.sha256(chunk).digest() for chunk in cut(chunker, data)]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 9_000_000), st.sampled_from([128 * KIB, 1024 * KIB]), st.integers(0, 2**63 - 1))
def test_cut_points_are_the_librarys(size: int, average: int, seed: int) -> None:
    """Our windows end anywhere; its own way of cutting a stream sees the longest possible chunk before it decides."""
    data = random.Random(size).randbytes(size)
    parameters = ChunkerParameters(average, seed)
    theirs = FastCDC(average, min_size=parameters.min_bytes, max_size=parameters.max_bytes, seed=seed)

    assert lengths(data, average, seed) == [chunk.length for chunk in theirs.cut_buf(data)]


def test_chunks_stay_until_the_list_after_the_next_one() -> None:
    """Threads are still at work on one list while the next is being read."""
    data = random.Random(9).randbytes(30_000_000)
    held: list[list[memoryview]] = []
    seen = b""
    for chunks in Chunker(ChunkerParameters(1024 * KIB, SEED)).cut(io.BytesIO(data)):  # type: ignore[arg-type]
        held.append(chunks)
        if len(held) == 2:
            seen += b"".join(held.pop(0))
    seen += b"".join(held.pop())

    assert seen == data


def test_one_chunker_cuts_many_files_alike() -> None:
    """Nothing of one file may leak into the boundaries of the next."""
    chunker = Chunker(ChunkerParameters(128 * KIB, SEED))
    files = [random.Random(number).randbytes(size) for number, size in enumerate((3_000_000, 0, 10, 900_000, 3_000_000))]
    together = [[len(chunk) for chunk in cut(chunker, data)] for data in files]

    assert together == [lengths(data, 128 * KIB) for data in files]


@pytest.mark.parametrize("size", [0, 64 * KIB, 100 * KIB, 8192 * KIB, 1000 * KIB, -1])
def test_a_block_size_that_is_not_offered_is_refused(size: int) -> None:
    """It is fixed for the repository's lifetime."""
    with pytest.raises(BadInput):
        ChunkerParameters(size)


# --- the polynomial ----------------------------------------------------------------------------------------------------

OF_RESTIC = [
    "3245e832598389",
    "2f0f2aa589e523",
    "3caf26730a7f8d",
    "33f44a15c8f55b",
    "384b4ee69c10f5",
    "335857c15306a5",
    "249971770ab0ff",
    "2279383b7a5eff",
    "34df12987c3b77",
    "3da3358b4dc173",
]


@pytest.mark.parametrize("text", OF_RESTIC)
def test_restics_polynomials_are_irreducible_to_us_too(text: str) -> None:
    """From its repositories, and the one of its chunker's tests."""
    assert is_irreducible(int(text, 16))
    assert not is_irreducible(int(text, 16) ^ 1)  # divisible by x


def test_products_are_not_irreducible() -> None:
    """A test that says yes to everything would let restic refuse our repositories."""
    for left, right in ((0b111, 0b1011), (0b11, 0b10), (int(OF_RESTIC[0], 16), 0b11), (0b10011, 0b10011)):
        product = 0
        for bit in range(right.bit_length()):
            product ^= (left << bit) if right >> bit & 1 else 0
        assert not is_irreducible(product)

    assert sum(is_irreducible(number) for number in range(16, 32)) == 3  # of degree 4


def test_a_new_polynomial_is_as_restic_wants_it() -> None:
    """Degree 53, irreducible; and our seed is at most 63 bits."""
    found = random_irreducible()

    assert found.bit_length() == 54
    assert is_irreducible(found)
    assert 0 <= seed_from_polynomial(found) < 1 << 63
    assert msgspec.json.encode(f"{found:x}")


@pytest.mark.parametrize("size", [0, 1, (1 << 24), (1 << 24) + 1, 40_000_000])
def test_a_frame_unfolds_to_what_was_compressed_and_nothing_else(size: int) -> None:
    """Large or small: the last look before a block leaves this machine."""
    plaintext = (b"0123456789" * (size // 10 + 1))[:size]
    frame = Compressor(Compression.AUTO).compress(plaintext)

    assert unfolds_to(frame, bytearray(plaintext))
    for other in (plaintext[:-1] + b"!", b"!" + plaintext[1:], plaintext[1:], plaintext + b"x"):
        assert not holds(frame, other) or other == plaintext
    if size > 1:
        assert not holds(frame[: len(frame) // 2], plaintext)


def holds(frame: bytes, plaintext: bytes) -> bool:
    try:
        return unfolds_to(frame, plaintext)
    except (DamagedData, HostileData):
        return False
