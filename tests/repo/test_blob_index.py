"""The index in memory: right for every id, and small for millions."""

import random
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.ids import PackId
from gdp.core.packformat import PackedBlob
from gdp.repo.blob_index import BlobIndex
from tests.conftest import PROJECT

ENTRIES = st.lists(
    st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=3), st.integers(0, 2**32 - 1), st.integers(32, 2**32 - 1)),
    max_size=30,
)


@settings(deadline=None)
@given(st.lists(ENTRIES, max_size=5))
def test_it_knows_exactly_what_was_added(packs: list[list[tuple[int, bytes, int, int]]]) -> None:
    """Ids that repeat a few bytes also match inside and across records; those are no finds."""
    index = BlobIndex()
    expected: dict[tuple[int, bytes], list[tuple[bytes, int, int]]] = {}
    for number, entries in enumerate(packs):
        pack = PackId(number.to_bytes(32, "big"))
        blobs = [PackedBlob(kind, (seed * 32)[:32], offset, length, 7) for kind, seed, offset, length in entries]
        index.add_pack(pack, blobs)
        index.add_pack(pack, blobs)
        for blob in blobs:
            expected.setdefault((blob.kind, blob.id), []).append((pack, blob.offset, blob.length))

    assert index.blob_count == sum(map(len, packs))
    for (kind, blob_id), places in expected.items():
        assert (kind, blob_id) in index
        first = index.find(kind, blob_id)
        assert first
        assert (first.pack, first.offset, first.length) == places[0]
        assert [(place.pack, place.offset, place.length) for place in index.find_all(kind, blob_id)] == places
        assert ((1 - kind, blob_id) in index) == ((1 - kind, blob_id) in expected)
    assert sorted((blob.kind, blob.id) for _, blob in index) == sorted(key for key, places in expected.items() for _ in places)


def test_an_id_that_agrees_in_all_but_one_byte_is_another() -> None:
    """A match of a prefix would lose data: the backup would believe that the block is stored."""
    blob_id = bytes(range(32))
    index = BlobIndex()
    index.add_pack(PackId(bytes(32)), [PackedBlob(0, blob_id, 0, 100, 0)])

    for position in range(32):
        other = blob_id[:position] + bytes((blob_id[position] ^ 0x80,)) + blob_id[position + 1 :]
        assert (0, other) not in index
        assert index.find(0, other) is None
        assert index.find_all(0, other) == []


def test_a_packs_blobs_come_in_pack_order() -> None:
    """A table of contents is compared with them."""
    index = BlobIndex()
    chance = random.Random(1)
    blobs = [PackedBlob(number % 2, chance.randbytes(32), number * 50, 50, 0) for number in range(100)]
    index.add_pack(PackId(b"p" * 32), blobs[::-1])

    assert index.by_pack() == {PackId(b"p" * 32): blobs}
    assert index.has_pack(b"p" * 32)
    assert not index.has_pack(b"q" * 32)


_MEASURE = """
import os, sys
from gdp.core.ids import PackId
from gdp.core.packformat import PackedBlob
from gdp.repo.blob_index import BlobIndex
from gdp.engine.check.blob_marks import BlobMarks

def resident():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

count, with_marks = int(sys.argv[1]), sys.argv[2] == "both"
index, marks = BlobIndex(), BlobMarks()
index.add_pack(PackId(bytes(32)), []), marks.add(0, bytes(32))
before = resident()
for pack in range(count // 1000):
    ids = [os.urandom(32) for _ in range(1000)]
    index.add_pack(PackId(os.urandom(32)), [PackedBlob(0, blob_id, 0, 100, 0) for blob_id in ids])
    for blob_id in ids if with_marks else ():
        marks.add(0, blob_id)
print((resident() - before) / count)
"""


def bytes_each(count: int, what: str) -> float:
    """Return how much memory a blob costs in the index, or in it and prune's marks together, in a process of its own."""
    command = [sys.executable, "-c", _MEASURE, str(count), what]
    return float(subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
@pytest.mark.parametrize(("what", "most"), [("index", 80), ("both", 105)])
def test_five_million_blobs_take_about_100_bytes_each_at_most(what: str, most: int) -> None:
    """A NAS has little memory, and backup and prune must run on it. Measured: 62 and 99."""
    assert bytes_each(5_000_000, what) < most


def test_a_million_blobs_take_less_than_100_bytes_each() -> None:
    """The quick version; the buckets' own few megabytes weigh more here."""
    assert bytes_each(1_000_000, "index") < 100
