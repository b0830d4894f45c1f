"""What is lost from the repository while the files are still on the computer: a backup brings back what it can see is missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.packformat import BlobKind
from gdp.model.files import FileKind
from tests.crash.world import World


def packs_of(world: World, kind: BlobKind) -> list[Path]:
    repo = world.open()
    names = {pack.hex() for pack, blob in repo.index if blob.kind == kind}
    return [world.repository / "data" / name[:2] / name for name in sorted(names)]


def lose_index(world: World) -> None:
    for path in (world.repository / FileKind.INDEX).iterdir():
        path.unlink()


def damage_index(world: World) -> None:
    for path in (world.repository / FileKind.INDEX).iterdir():
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def lose_trees(world: World) -> None:
    for path in packs_of(world, BlobKind.TREE):
        path.unlink()


def lose_data(world: World) -> None:
    for path in packs_of(world, BlobKind.DATA):
        path.unlink()


def cut_data(world: World) -> None:
    for path in packs_of(world, BlobKind.DATA):
        path.write_bytes(path.read_bytes()[:1000])


def lose_everything(world: World) -> None:
    lose_data(world)
    lose_trees(world)


LOSSES = [lose_index, damage_index, lose_trees, lose_data, cut_data, lose_everything]


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_after_repairing_the_index_a_backup_makes_the_repository_whole(
    world: World, tmp_path: Path, loss: Callable[[World], None]
) -> None:
    """The new snapshot in any case; and nothing that was lost is taken for stored."""
    loss(world)
    assert world.run("check", "--read-data") == 1
    world.run("repair", "index")
    assert world.backup() == 0, world.output
    require_restored(world, tmp_path / "restored")


@pytest.mark.parametrize("loss", [lose_index, damage_index], ids=lambda loss: loss.__name__)
def test_a_backup_needs_no_repair_to_see_that_an_index_is_lost(
    world: World, tmp_path: Path, loss: Callable[[World], None]
) -> None:
    """It stores again what it does not find, and says so where a file is damaged. The repair afterwards brings back the rest."""
    before = world.snapshots()
    loss(world)
    assert world.backup() == 0, world.output
    assert ("is damaged" in world.output) is (loss is damage_index)
    assert world.run("repair", "index") == 0, world.output
    assert world.run("check", "--read-data") == 0, world.output
    require_restored(world, tmp_path / "restored")

    assert before.items() <= world.snapshots().items()


def require_restored(world: World, target: Path) -> None:
    assert world.run("restore", "latest", "--target", str(target), "--verify") == 0, world.output
    restored = Path(f"{target}{world.source}")

    for path in world.source.rglob("*"):
        if path.is_file():
            assert (restored / path.relative_to(world.source)).read_bytes() == path.read_bytes()
