"""A server that lies to a run. Nothing false is ever restored, kept or reported as good, and who lied is named."""

import itertools
from pathlib import Path

import pytest

from gdp.model.files import FileKind
from tests.crash.world import Contents, World, hashes_of_snapshots
from tests.lies.liar import LIES, Liar, Read, emptied, flipped, shortened, zeroed

READ_KINDS = (FileKind.CONFIG, FileKind.KEYS, FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.DATA)
EVERY_LIE = list(itertools.product(READ_KINDS, LIES))
NAMES = [f"{kind}-{lie.__name__}" for kind, lie in EVERY_LIE]


def require_orderly(world: World) -> None:
    """A lie is an answer to be expected, not a fault of ours."""
    assert "Traceback" not in world.output
    assert "an error in this program" not in world.output


def names_at_risk(world: World, kind: FileKind) -> list[str]:
    return ["config"] if kind is FileKind.CONFIG else world.names(kind)


@pytest.mark.parametrize(("kind", "lie"), EVERY_LIE, ids=NAMES)
def test_nothing_false_is_restored(world: World, saved: Path, tmp_path: Path, kind: FileKind, lie: Read) -> None:
    """A restored file is right, or it was said that it is not. The run never ends with 0."""
    target = tmp_path / "restored"
    code = world.run("restore", "latest", "--target", str(target), prepare=Liar(kind, read=lie).install)

    assert code == 1, world.output
    require_orderly(world)
    assert any(name in world.output for name in names_at_risk(world, kind))
    wanted = _files(saved)
    for path, content in _files(Path(f"{target}{world.source}")).items():
        assert content == wanted[path] or f"{world.source}/{path}" in world.output


@pytest.mark.parametrize(("kind", "lie"), EVERY_LIE, ids=NAMES)
def test_a_check_names_who_lied(world: World, kind: FileKind, lie: Read) -> None:
    """Whether the bytes are wrong on the disk or on the way, they are wrong."""
    code = world.run("check", "--read-data", prepare=Liar(kind, read=lie).install)

    assert code == 1, world.output
    require_orderly(world)
    assert any(name in world.output for name in names_at_risk(world, kind))


@pytest.mark.parametrize(("kind", "lie"), EVERY_LIE, ids=NAMES)
@pytest.mark.parametrize("has_notes", [True, False], ids=["with notes", "without notes"])
def test_a_backup_that_was_lied_to_makes_a_whole_snapshot_or_none(
    world: World, tmp_path: Path, kind: FileKind, lie: Read, has_notes: bool
) -> None:
    """What it cannot read it must store again, or else refuse."""
    if not has_notes:
        for notes in (world.home / "cache").rglob("*"):
            if notes.is_file():
                notes.unlink()
    before = world.snapshots()
    code = world.backup(prepare=Liar(kind, read=lie).install)
    require_orderly(world)
    after = world.snapshots()

    assert before.items() <= after.items()
    assert world.run("check", "--read-data") == 0, world.output
    if code == 1:
        assert after == before
        assert any(name in world.output for name in names_at_risk(world, kind))
        return
    assert code in {0, 3}, world.output
    target = tmp_path / "restored"
    assert world.run("restore", "latest", "--target", str(target), "--verify") == 0, world.output
    assert _files(Path(f"{target}{world.source}")) == _files(world.source)


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("kind", [FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.DATA])
def test_a_prune_that_is_lied_to_removes_nothing_needed(world: World, kind: FileKind, lie: Read) -> None:
    """It is the one command that could turn a fault on the way into a loss."""
    assert world.run("forget", "--keep-last", "1") == 0
    before = world.snapshots()
    code = world.run("prune", "--max-unused", "0", prepare=Liar(kind, read=lie).install)

    require_orderly(world)
    assert code == 1, world.output
    assert world.snapshots() == before
    assert world.run("check", "--read-data") == 0, world.output


@pytest.mark.parametrize("kind", [FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.DATA])
def test_a_lie_told_once_is_asked_about_again(world: World, saved: Path, tmp_path: Path, kind: FileKind) -> None:
    """A bit that turned on the line must not cost a restore."""
    target = tmp_path / "restored"
    liar = Liar(kind, read=flipped, only_first=tmp_path / "told")
    assert world.run("restore", "latest", "--target", str(target), prepare=liar.install) == 0, world.output

    assert (tmp_path / "told").exists()
    assert _files(Path(f"{target}{world.source}")) == _files(saved)


@pytest.mark.parametrize("kind", [FileKind.INDEX, FileKind.DATA])
@pytest.mark.parametrize("change", [-1, 1], ids=["smaller", "larger"])
def test_a_lying_size_is_reported(world: World, kind: FileKind, change: int) -> None:
    """The listing is what a check without reading goes by."""
    liar = Liar(kind, size=lambda size: size + change, listed=lambda listing: [(name, size + change) for name, size in listing])
    code = world.run("check", prepare=liar.install)

    require_orderly(world)
    if kind is FileKind.DATA:
        assert code == 1
        assert any(name in world.output for name in world.names(kind))


@pytest.mark.parametrize("lie", [flipped, shortened, zeroed, emptied], ids=lambda lie: lie.__name__)
@pytest.mark.parametrize("kind", [FileKind.DATA, FileKind.INDEX, FileKind.SNAPSHOTS])
def test_what_was_stored_wrongly_is_found_by_the_next_check(world: World, kind: FileKind, lie: Read) -> None:
    """A server that says yes and keeps something else. Earlier snapshots are as they were."""
    before = world.snapshots()
    old = set(world.names(kind))
    world.backup(prepare=Liar(kind, written=lie).install)
    [*new] = set(world.names(kind)) - old
    code = world.run("check", "--read-data")

    assert new
    assert code == 1, world.output
    require_orderly(world)
    assert any(name in world.output for name in new)
    if kind is FileKind.INDEX:
        assert world.run("repair", "index") == 0, world.output
    assert before.items() <= _snapshots_but(world, new).items()


@pytest.mark.parametrize("kind", [FileKind.DATA, FileKind.INDEX])
def test_what_was_not_stored_at_all_is_found_by_the_next_check(world: World, kind: FileKind) -> None:
    """Even without reading the packs."""
    world.backup(prepare=Liar(kind, is_written=False).install)
    code = world.run("check")

    assert code == 1, world.output
    require_orderly(world)


@pytest.mark.parametrize("kind", [FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.LOCKS, FileKind.DATA])
@pytest.mark.parametrize("what", ["older", "with strangers"])
def test_a_stale_listing_costs_time_only(world: World, kind: FileKind, what: str) -> None:
    """A server behind a cache may not know yet what we stored, or still name what is gone."""

    def stale(listing: list[tuple[str, int]]) -> list[tuple[str, int]]:
        return listing[:-1] if what == "older" else [*listing, ("ab" * 32, 100)]

    before = world.snapshots()
    code = world.backup(prepare=Liar(kind, listed=stale).install)

    require_orderly(world)
    assert code in {0, 3}, world.output
    assert before.items() <= world.snapshots().items()
    assert world.run("check", "--read-data") == 0, world.output


def _snapshots_but(world: World, damaged: list[str]) -> Contents:
    """Return what every snapshot that can be read holds, but for the last one where packs are damaged."""
    repo = world.open()
    names = [name for name in repo.snapshots().snapshots if name not in damaged]
    return hashes_of_snapshots(repo, names[:2])


def _files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
