"""The copy of the index that a backup keeps for the next one: used where it holds, and never beyond."""

from pathlib import Path

import pytest

from gdp.core.packformat import BlobKind
from gdp.model.files import FileKind
from gdp.repo.index_files import DecodedIndex, decode_index
from tests.engine.archive.running import Archive


def kept(archive: Archive) -> Path:
    """Return the file."""
    (path,) = archive.home.glob("cache/*/stored-ids")
    return path


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the index files that are decoded from now on."""
    names: list[str] = []

    def watched(json: bytes, name: str) -> DecodedIndex:
        names.append(name)
        return decode_index(json, name)

    monkeypatch.setattr("gdp.repo.repository.decode_index", watched)
    return names


def test_a_change_does_not_have_the_index_decoded(archive: Archive, source: Path, decoded: list[str]) -> None:
    """And what is stored already is not stored again, directories among it."""
    archive.backup("source")
    (source / "copy").write_text("contents of a\n")
    (source / "two" / "new").write_text("new\n")
    ran = archive.backup("source")

    assert decoded == []
    assert (ran.summary.data_blobs, ran.summary.files_new) == (1, 2)
    assert archive.check() == ()


def test_a_folder_that_is_stored_is_not_stored_again(archive: Archive, source: Path, decoded: list[str]) -> None:
    """Without the parent nothing is known of it but its id."""
    archive.backup("source")
    ran = archive.backup("source", force=True)

    assert decoded == []
    assert (ran.summary.data_blobs, ran.summary.tree_blobs) == (0, 0)


def test_data_and_folder_of_the_same_bytes_are_two_things(archive: Archive, source: Path) -> None:
    """A file may hold the very JSON of a folder; the folder is stored all the same."""
    first = archive.backup("source")
    repo = archive.open()
    (source / "json").write_bytes(repo.load_blob(BlobKind.TREE, bytes.fromhex(first.tree)))
    ran = archive.backup("source")
    nodes = archive.nodes(ran.tree, "/source")

    assert (BlobKind.DATA, bytes.fromhex(first.tree)) in archive.open().index
    assert nodes["json"].content == [first.tree]
    assert archive.check() == ()


def test_index_files_of_others_are_decoded_and_no_more(
    archive: Archive, source: Path, tmp_path: Path, decoded: list[str]
) -> None:
    """Several computers may use one repository."""
    archive.backup("source")
    other = Archive(archive.folder, tmp_path / "other home")
    (tmp_path / "theirs").write_text("theirs\n")
    theirs = other.backup(tmp_path / "theirs", hostname="another")
    decoded.clear()
    (source / "same").write_text("theirs\n")
    ran = archive.backup("source")

    assert theirs.summary.data_blobs == 1
    assert len(decoded) == 1
    assert ran.summary.data_blobs == 0
    assert archive.check() == ()


def test_a_damaged_index_file_is_noticed_although_it_is_kept(archive: Archive, source: Path) -> None:
    """The copy knows what it listed, but whoever restores has only the file."""
    archive.backup("source")
    (index,) = (archive.folder / "index").iterdir()
    raw = bytearray(index.read_bytes())
    raw[100] ^= 1
    index.chmod(0o600)
    index.write_bytes(raw)
    (source / "a").write_text("changed\n")
    ran = archive.backup("source")
    index.unlink()

    assert [text for text in ran.problem_texts if "index" in text]
    assert archive.check() == ()


@pytest.mark.parametrize("garbage", [b"", b"garbage" * 100, None])
def test_a_lost_or_corrupt_copy_costs_time_only(
    archive: Archive, source: Path, decoded: list[str], garbage: bytes | None
) -> None:
    """It is a cache."""
    archive.backup("source")
    if garbage is None:
        kept(archive).unlink()
    else:
        kept(archive).write_bytes(garbage)
    (source / "copy").write_text("contents of a\n")
    ran = archive.backup("source")

    assert len(decoded) == 1
    assert ran.summary.data_blobs == 0
    assert archive.check() == ()


def test_a_dry_run_keeps_nothing(archive: Archive, source: Path) -> None:
    """What it counts as stored is not."""
    archive.backup("source", dry_run=True)

    assert not list(archive.home.glob("cache/*/stored-ids"))
    assert archive.backup("source").summary.data_blobs == 6
    assert archive.check() == ()


def test_a_small_gain_is_not_kept(archive: Archive, source: Path) -> None:
    """With millions of blocks the copy has hundreds of megabytes; so little is read from index files as quickly."""
    for number in range(400):
        (source / f"file-{number}").write_text(f"contents of file {number}\n")
    archive.backup("source")
    before = kept(archive).read_bytes()
    (source / "a").write_text("changed\n")
    archive.backup("source")

    assert kept(archive).read_bytes() == before
    assert len(list(archive.open().storage.list(FileKind.INDEX))) == 2
