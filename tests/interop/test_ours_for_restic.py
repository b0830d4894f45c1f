"""What we write, in restic's hands. Whoever leaves us must be able to take everything along."""

import random
from pathlib import Path
from typing import Any

import pytest

from gdp.core.packformat import BlobKind
from gdp.engine.archive import tree_text, worker
from tests.engine.archive.running import Archive
from tests.interop.restic import Restic
from tests.manifest import differences, manifest

pytestmark = [pytest.mark.peer, pytest.mark.slow]


def file_changes(summary: dict[str, Any]) -> tuple[int, int]:
    """Return files new and changed."""
    return summary["files_new"], summary["files_changed"]


def test_restic_restores_what_we_backed_up(
    restic: Restic, archive: Archive, built_awkward_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contents, names, owners, rights, times, links, attributes and devices, all of them."""
    monkeypatch.chdir(built_awkward_tree)
    archive.init().backup(".")
    restic.check()
    restic("restore", "latest", "--target", tmp_path / "restored")

    wanted = manifest(built_awkward_tree, without={"socket", *restic.lost})
    assert not differences(wanted, manifest(tmp_path / "restored", without=restic.lost))


def test_restic_goes_on_where_we_stopped(restic: Restic, archive: Archive, awkward_tree: Path) -> None:
    """Every file is known as unchanged, by its inode, times and size; nothing is read twice when somebody changes programs."""
    ours = archive.init().backup(awkward_tree)
    summary = restic.backup(awkward_tree)

    assert file_changes(summary) == (0, 0)
    assert summary["files_unmodified"] == ours.summary.total_files_processed
    assert summary["data_blobs"] == 0
    (awkward_tree / "names" / "Case").write_bytes(b"changed by now")
    (awkward_tree / "new").touch()
    assert file_changes(restic.backup(awkward_tree)) == (1, 1)
    restic.check()


def test_we_go_on_where_restic_stopped(restic: Restic, archive: Archive, awkward_tree: Path) -> None:
    """The other way round, in one repository, several times in turn."""
    archive.init().backup(awkward_tree)
    for turn in range(2):
        (awkward_tree / f"by-restic-{turn}").write_bytes(b"%d" % turn * 1000)
        restic.backup(awkward_tree)
        ran = archive.backup(awkward_tree)
        assert (ran.summary.files_new, ran.summary.files_changed) == (0, 0)
        (awkward_tree / f"by-us-{turn}").write_bytes(b"%d" % turn * 2000)
        again = archive.backup(awkward_tree)
        assert (again.summary.files_new, again.summary.files_changed) == (1, 0)
        assert file_changes(restic.backup(awkward_tree)) == (0, 0)
    restic.check()

    assert archive.check() == ()


def test_restic_maintains_what_we_wrote(restic: Restic, archive: Archive, awkward_tree: Path, tmp_path: Path) -> None:
    """Tags, rewriting, copies and pruning; then we find everything in order and go on."""
    archive.init().backup(awkward_tree)
    for number in range(8):
        (awkward_tree / "many" / f"more-{number}").write_bytes(random.Random(number).randbytes(300_000))
        archive.backup(awkward_tree)
        (awkward_tree / "many" / f"more-{number}").unlink()
    restic("tag", "--add", "tagged", "latest")
    other = Restic(restic.program, str(tmp_path / "other"))
    other("init", "--from-repo", restic.repository, "--copy-chunker-params", environment=_both())
    other("copy", "--from-repo", restic.repository, "latest", environment=_both())
    other.check()
    if restic.version >= (0, 15):
        restic("rewrite", "--exclude", "more-7", "--forget", "latest")
        restic("repair", "snapshots", "--dry-run")
    packs = archive.packs()
    restic("forget", "--keep-last", "2", "--prune", "--max-unused", "0", "--group-by", "host")
    restic.check()

    assert archive.check() == ()
    assert set(archive.packs()) != set(packs)
    assert len(archive.open().snapshots().snapshots) == 2
    ran = archive.backup(awkward_tree)
    assert (ran.summary.files_new, ran.summary.files_changed) == (0, 0)
    restic.check()
    assert archive.check() == ()


def _both() -> dict[str, str]:
    return {"RESTIC_FROM_PASSWORD": "geheim"}


def test_a_directory_sealed_in_pieces_is_readable(
    restic: Restic, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those with huge files in them are. Restic knows every file as unchanged, so it has the very same blocks."""
    monkeypatch.setattr(worker, "_LONG_TEXT_BYTES", 1000)
    monkeypatch.setattr(tree_text, "LONG_CONTENT_BYTES", 1000)
    folder = tmp_path / "large"
    (folder / "inner").mkdir(parents=True)
    for name, size in {"image": 60_000_000, "inner/disk": 20_000_000, "inner/small": 100}.items():
        (folder / name).write_bytes(random.Random(size).randbytes(size))
    monkeypatch.chdir(folder)
    archive.init(128 << 10).backup(".")
    trees = [blob for _, blob in archive.open().index if blob.kind == BlobKind.TREE]
    restic.check()
    restic("restore", "latest", "--target", tmp_path / "restored")

    assert max(blob.plain_length for blob in trees) > 20_000
    assert not differences(manifest(folder), manifest(tmp_path / "restored"))
    assert file_changes(restic.backup(".", cwd=folder)) == (0, 0)
    assert archive.check() == ()


@pytest.mark.parametrize("block_bytes", [1 << bits for bits in range(17, 23)])
def test_every_block_size_is_readable(
    restic: Restic, archive: Archive, tmp_path: Path, block_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files come back to the byte; restic backs up on top and prunes without a word."""
    folder = tmp_path / "large"
    folder.mkdir()
    chance = random.Random(block_bytes)
    (folder / "noise").write_bytes(chance.randbytes(10_000_000))
    (folder / "text").write_bytes(b"".join(b"%x\n" % chance.getrandbits(30) for _ in range(400_000)))
    (folder / "holes").write_bytes(bytes(3_000_000) + chance.randbytes(100) + bytes(9_000_000))
    monkeypatch.chdir(folder)
    archive.init(block_bytes).backup(".")
    restic.check()
    restic("restore", "latest", "--target", tmp_path / "restored")

    assert not differences(manifest(folder), manifest(tmp_path / "restored"))
    lengths = [blob.plain_length or blob.length - 32 for _, blob in archive.open().index if blob.kind == BlobKind.DATA]
    assert max(lengths) <= 8 << 20
    assert len(lengths) > 22_000_000 / (4 * block_bytes)
    assert file_changes(restic.backup(".", cwd=folder)) == (0, 0)


def test_restic_restores_holes_as_holes(
    restic: Restic, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``restore --sparse`` knows a hole only by restic's own block of zeros; ours must be that block."""
    if restic.version < (0, 15):
        pytest.skip("this restic cannot restore sparsely")
    folder = tmp_path / "sparse"
    folder.mkdir()
    with (folder / "disk").open("wb") as disk:
        disk.write(b"begin")
        disk.truncate(60_000_000)
    monkeypatch.chdir(folder)
    archive.init().backup(".")
    restic("restore", "latest", "--target", tmp_path / "restored", "--sparse")

    status = (tmp_path / "restored" / "disk").stat()
    assert status.st_size == 60_000_000
    assert status.st_blocks * 512 < 10_000_000
