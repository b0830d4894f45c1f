"""Packs on their way: what stays in memory, what is spooled, and what is left at the end. tests/repo knows their format."""

import hashlib
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest

from gdp.core.crypto import MasterKey
from gdp.core.errors import StorageFull
from gdp.core.packformat import BlobKind
from gdp.repo.packer import FinishedPack, PackBody, Packer

TARGET = 1 << 20


def packer() -> Packer:
    return Packer(MasterKey(b"k" * 64), BlobKind.DATA, TARGET)


def add(packer: Packer, number: int, size: int) -> FinishedPack | None:
    return packer.add(number.to_bytes(32, "big"), bytes((number % 256,)) * size, 0)


def test_blobs_are_spread_over_two_packs_by_chance() -> None:
    """Their order in a pack must not be that of a known file's pieces."""
    packing = packer()
    full = [pack for number in range(1000) if (pack := add(packing, number, 4000))]
    numbers = [[int.from_bytes(blob.id, "big") for blob in pack.blobs] for pack in full]

    assert len(full) in (2, 3)
    assert all(order == sorted(order) for order in numbers)
    gaps = [second - first for order in numbers for first, second in pairwise(order)]
    assert {1, 2, 3} <= set(gaps)


def test_small_leftovers_become_one_pack() -> None:
    """Each backup would otherwise leave two small packs behind."""
    packing = packer()
    for number in range(20):
        add(packing, number, 1000)
    (pack,) = packing.flush()

    assert sorted(int.from_bytes(blob.id, "big") for blob in pack.blobs) == list(range(20))
    whole = b"".join(pack.parts)
    for blob in pack.blobs:
        assert whole[blob.offset : blob.offset + blob.length] == bytes((blob.id[31],)) * 1000
    assert packing.flush() == []


def test_large_leftovers_stay_apart() -> None:
    """Together they would be far larger than a pack may be."""
    packing = packer()
    while [add(packing, number, 700_000) for number in range(2)] != [None, None]:
        packing = packer()  # chance put both into one pack

    assert [len(pack.blobs) for pack in packing.flush()] == [1, 1]


def test_a_blob_as_large_as_a_pack_gets_its_own() -> None:
    """The others go on waiting."""
    packing = packer()
    add(packing, 1, 100)
    pack = add(packing, 2, TARGET)

    assert pack is not None
    assert len(pack.blobs) == 1
    assert [len(left.blobs) for left in packing.flush()] == [1]


@pytest.mark.parametrize("sizes", [[10], [500_000, 30, 100_000], [3_000_000], [1] * 1000, [524_288, 524_287, 1], []])
def test_a_body_is_what_was_appended(sizes: list[int]) -> None:
    """In memory, in a file, or across both; whole, in pieces, read twice, and at any place."""
    body = PackBody()
    pieces = [os.urandom(size) for size in sizes]
    for piece in pieces:
        body.append(piece)
    whole = b"".join(pieces)

    assert b"".join(body) == b"".join(body) == whole
    assert body.size == len(whole)
    assert body.digest() == hashlib.sha256(whole).digest()
    assert sum(1 for _ in body) == len(body)
    for offset in range(0, len(whole), max(1, len(whole) // 7)):
        assert body.read(offset, 300_000) == whole[offset : offset + 300_000]
    assert all(piece in body for piece in list(body))
    assert b"something else" not in body


def test_the_spool_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A killed run must leave nothing behind, and nobody may read along. It is sealed before it gets there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    body = PackBody()
    body.append(os.urandom(3_000_000))

    assert list(tmp_path.iterdir()) == []
    assert body.size == 3_000_000


def test_a_full_spool_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the folder's name: it is not the repository that is full."""
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(tempfile, "TemporaryFile", lambda **_options: full)
        body = PackBody()
        with pytest.raises(StorageFull, match=r"packs wait in .*No space left") as error:
            body.append(os.urandom(3_000_000))

    assert "TMPDIR" in error.value.hint
