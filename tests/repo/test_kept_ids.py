"""The kept copy of the index. An id it promised wrongly would be a block that no backup stores any more."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.repo.kept_ids import KeptIds, KeptIndex
from gdp.repo.shared_ids import SharedIds

NAMES = ["a" * 64, "b" * 64]
IDS = [os.urandom(32) for _ in range(500)]


@pytest.fixture
def known() -> Iterator[SharedIds]:
    """An empty set."""
    made = SharedIds()
    made.reserve(0)
    yield made
    made.close()


def keep(path: Path) -> KeptIndex:
    """Keep IDS for NAMES."""
    ids = SharedIds()
    kept = KeptIndex(NAMES, [bytes(32)], ids.reserve(0), len(IDS))
    for blob_id in IDS:
        ids.add(blob_id)
    KeptIds(path).save(kept, ids)
    ids.close()
    return kept


def test_what_was_kept_is_known_again(tmp_path: Path, known: SharedIds) -> None:
    """Every id, and no other."""
    kept = keep(tmp_path / "folder" / "ids")

    assert KeptIds(tmp_path / "folder" / "ids").restore({*NAMES, "c" * 64}, known) == kept
    assert all(blob_id in known for blob_id in IDS)
    assert os.urandom(32) not in known


def test_it_does_not_hold_without_one_of_its_index_files(tmp_path: Path, known: SharedIds) -> None:
    """Whoever removes a block replaces the index file that lists it."""
    keep(tmp_path / "ids")

    assert KeptIds(tmp_path / "ids").restore(set(NAMES[:1]), known) is None
    assert IDS[0] not in known


def test_a_changed_byte_anywhere_is_noticed(tmp_path: Path, known: SharedIds) -> None:
    """A power failure leaves anything."""
    keep(tmp_path / "ids")
    whole = (tmp_path / "ids").read_bytes()
    for position in (*range(300), *range(300, len(whole), 4099), len(whole) - 1):
        (tmp_path / "ids").write_bytes(whole[:position] + bytes((whole[position] ^ 1,)) + whole[position + 1 :])

        assert KeptIds(tmp_path / "ids").restore(set(NAMES), known) is None
        assert IDS[0] not in known


@pytest.mark.parametrize("length", [0, 3, 4, 8, 100, -1])
def test_a_cut_file_is_noticed(tmp_path: Path, known: SharedIds, length: int) -> None:
    """A full disk, or a power failure."""
    keep(tmp_path / "ids")
    (tmp_path / "ids").write_bytes((tmp_path / "ids").read_bytes()[:length])

    assert KeptIds(tmp_path / "ids").restore(set(NAMES), known) is None


def test_nothing_kept_is_no_error(tmp_path: Path, known: SharedIds) -> None:
    """The first run, or a cleared cache."""
    assert KeptIds(tmp_path / "ids").restore(set(NAMES), known) is None


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    """The cache is only for speed."""
    (tmp_path / "file").touch()
    keep(tmp_path / "file" / "ids")

    assert [path.name for path in tmp_path.iterdir()] == ["file"]
