"""Which packs a prune removes, copies and keeps. The plan is all that decides, so most of prune is tested here."""

from pathlib import Path

import pytest

from gdp.core.errors import BadInput, DamagedData
from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind, PackedBlob, pack_bytes
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.prune import PruneOptions, PrunePlan, UnusedLimit, parse_bytes, parse_max_unused, plan_prune, prepare_prune
from gdp.engine.prune.needed import Mark
from gdp.model.events import ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.repo.blob_index import BlobIndex
from tests.repo.builder import Builder, names_of, new_repository, noise, reopened

MIB = 1 << 20
LARGE = 2 * MIB
"""of a blob; eight of them make a pack of ordinary size"""


class Scene:
    """Packs of large blobs, named by numbers."""

    def __init__(self) -> None:
        self.index = BlobIndex()
        self.needed = BlobMarks()
        self.stored: dict[PackId, int] = {}

    def pack(self, number: int, blobs: str, *, kind: int = BlobKind.DATA, size: int = LARGE, compressed: bool = True) -> PackId:
        """Add a pack; each letter is a blob, capital letters are needed."""
        packed = [
            PackedBlob(kind, _blob_id(letter), position * size, size, 3 * size if compressed else 0)
            for position, letter in enumerate(blobs)
        ]
        pack = PackId(bytes([number]) * 32)
        self.index.add_pack(pack, packed)
        self.stored[pack] = pack_bytes(packed)
        for letter in blobs:
            if letter.isupper():
                self.needed.add(kind, _blob_id(letter))
        return pack

    def plan(self, *, version: int = 2, **options: object) -> PrunePlan:
        return plan_prune(self.index, self.needed, self.stored, PruneOptions(**options), format_version=version)  # type: ignore[arg-type]


def _blob_id(letter: str) -> bytes:
    return (letter.encode("utf-16-be") * 16)[:32]


def nothing_unused() -> UnusedLimit:
    return UnusedLimit(percent=0.0)


def test_what_nobody_needs_goes_and_the_rest_stays() -> None:
    """The simplest prune."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH")
    unneeded = scene.pack(2, "ijklmnop")
    plan = scene.plan()

    assert (plan.remove, plan.repack, plan.remove_first, plan.ignore) == ((unneeded,), (), (), ())
    assert (plan.stats.used.blobs, plan.stats.removed.blobs, plan.stats.packs_keep) == (8, 8, 1)
    assert plan.stats.freed_bytes == 8 * LARGE


def test_a_pack_in_no_index_goes_first() -> None:
    """It frees room before anything is written."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH")
    left_over = PackId(b"\x09" * 32)
    scene.stored[left_over] = 1000
    plan = scene.plan()

    assert plan.remove_first == (left_over,)
    assert plan.stats.unindexed_bytes == 1000


def test_a_little_unused_data_may_stay() -> None:
    """Copying fifteen megabytes to free one is a bad deal."""
    scene = Scene()
    for number in range(4):
        scene.pack(number, "".join(chr(0x410 + 8 * number + blob) for blob in range(8)))
    scene.pack(9, "ABCDEFGh")

    assert scene.plan().repack == ()


def test_the_worst_packs_are_copied_first_and_only_as_many_as_needed() -> None:
    """The same room for the least copying."""
    scene = Scene()
    bad = scene.pack(1, "Abcdefgh")
    scene.pack(2, "IJKLMNOp")
    scene.pack(3, "QRSTUVWX")
    plan = scene.plan(max_unused=UnusedLimit(percent=10.0))

    assert plan.repack == (bad,)
    assert plan.stats.repack_removed.blobs == 7
    assert list(plan.marks.marked(Mark.NEEDED)) == [(BlobKind.DATA, _blob_id("A"))]


def test_with_no_unused_data_allowed_every_such_pack_is_copied() -> None:
    """--max-unused 0 means it."""
    scene = Scene()
    packs = {scene.pack(1, "Abcdefgh"), scene.pack(2, "IJKLMNOp")}
    scene.pack(3, "QRSTUVWX")
    plan = scene.plan(max_unused=nothing_unused())

    assert set(plan.repack) == packs
    assert plan.stats.unused_bytes_after == 0


def test_unlimited_unused_data_means_no_copying() -> None:
    """Who pays for traffic removes only what is free to remove."""
    scene = Scene()
    scene.pack(1, "Abcdefgh")
    scene.pack(2, "IJKLMNOP")

    assert scene.plan(max_unused=UnusedLimit()).repack == ()


def test_the_amount_copied_in_one_run_can_be_limited() -> None:
    """A prune of a huge repository can be spread over many nights."""
    scene = Scene()
    for number, blobs in enumerate(("Abcdefgh", "IJklmnop", "QRStuvwx")):
        scene.pack(number, blobs)
    limited = scene.plan(max_unused=nothing_unused(), max_repack_bytes=40 * MIB)

    assert [pack[0] for pack in limited.repack] == [0, 1]


def test_a_mixed_pack_is_sorted_out() -> None:
    """Only old versions wrote them; the cache of directories cannot work with them."""
    scene = Scene()
    tree = PackedBlob(BlobKind.TREE, _blob_id("T"), LARGE, LARGE, LARGE)
    data = PackedBlob(BlobKind.DATA, _blob_id("A"), 0, LARGE, LARGE)
    pack = PackId(b"\x01" * 32)
    scene.index.add_pack(pack, [data, tree])
    scene.stored[pack] = pack_bytes([data, tree])
    scene.needed.add(BlobKind.TREE, _blob_id("T"))
    scene.needed.add(BlobKind.DATA, _blob_id("A"))

    assert scene.plan().repack == (pack,)


@pytest.mark.parametrize(("version", "copied"), [(1, False), (2, True)])
def test_a_pack_of_uncompressed_directories_is_compressed_where_the_format_can(version: int, copied: bool) -> None:
    """A repository that was migrated from format 1 becomes small by and by."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH", kind=BlobKind.TREE, compressed=False)

    assert bool(scene.plan(version=version).repack) is copied


def test_uncompressed_data_is_compressed_only_when_asked() -> None:
    """It costs reading everything once."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH", compressed=False)

    asked = Scene()
    asked.pack(1, "ABCDEFGH", compressed=False)

    assert scene.plan().repack == ()
    assert len(asked.plan(repack_uncompressed=True).repack) == 1


@pytest.mark.parametrize(("count", "copied"), [(9, 0), (10, 10)])
def test_small_packs_are_put_together_when_there_are_many(count: int, copied: int) -> None:
    """A daily backup of little leaves a small pack a day. One alone must not be copied by every prune."""
    small = Scene()
    for number in range(count):
        small.pack(number, chr(ord("A") + number), size=10_000)

    assert len(small.plan().repack) == copied


def test_small_packs_are_fine_where_packs_are_small_by_wish() -> None:
    """With --transfer-block-size 1M every pack is below restic's 3.2 MiB; they must not be copied again and again."""
    scene = Scene()
    for number in range(20):
        scene.pack(number, chr(ord("A") + number), size=MIB)

    assert scene.plan(pack_bytes=MIB).repack == ()


def test_only_one_copy_of_a_block_counts_as_used() -> None:
    """The copy in the pack that is used anyway stays; the other pack goes."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH")
    copy = scene.pack(2, "Abcdefgh")
    plan = scene.plan()

    assert plan.remove == (copy,)
    assert plan.stats.used.blobs == 8
    assert plan.stats.used.blobs + plan.stats.duplicate.blobs + plan.stats.unused.blobs == 16


def test_a_pack_written_anew_by_a_killed_prune_is_kept() -> None:
    """Else every killed prune would be undone and begun again."""
    scene = Scene()
    old = scene.pack(1, "ABCDefgh")
    new = scene.pack(2, "ABCD")
    plan = scene.plan(max_unused=nothing_unused())

    assert old in (*plan.remove, *plan.repack)
    assert new not in plan.remove


@pytest.mark.parametrize("copies", [2, 3, 255, 256, 300])
def test_of_any_number_of_copies_exactly_one_is_used(copies: int) -> None:
    """Losing all of them because a counter ran over would be the end."""
    scene = Scene()
    for number in range(copies):
        name = PackId(number.to_bytes(32, "big"))
        blobs = [
            PackedBlob(BlobKind.DATA, _blob_id("A"), 0, LARGE, LARGE),
            PackedBlob(BlobKind.DATA, number.to_bytes(32, "little"), LARGE, LARGE, LARGE),
        ]
        scene.index.add_pack(name, blobs)
        scene.stored[name] = pack_bytes(blobs)
    scene.needed.add(BlobKind.DATA, _blob_id("A"))
    plan = scene.plan(max_unused=nothing_unused())
    survivors = set(scene.stored) - set(plan.remove) - set(plan.repack)

    assert plan.stats.used.blobs == 1
    assert len(plan.remove) == copies - 1
    assert survivors or list(plan.marks.marked(Mark.NEEDED)) == [(BlobKind.DATA, _blob_id("A"))]


def test_a_needed_block_in_no_index_stops_everything() -> None:
    """Something is wrong already; removing more is the last thing to do."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH")
    scene.needed.add(BlobKind.DATA, _blob_id("Z"))

    with pytest.raises(DamagedData, match="in no index"):
        scene.plan()


def test_a_needed_pack_that_is_missing_stops_everything() -> None:
    """The index promises what is not there."""
    scene = Scene()
    del scene.stored[scene.pack(1, "ABCDEFGH")]

    with pytest.raises(DamagedData, match="missing"):
        scene.plan()


def test_a_needed_pack_of_another_size_stops_everything() -> None:
    """It was cut, or the index lies."""
    scene = Scene()
    scene.stored[scene.pack(1, "ABCDEFGH")] -= 1

    with pytest.raises(DamagedData, match="bytes, but the index says"):
        scene.plan()


def test_missing_or_damaged_packs_that_nobody_needs_are_no_obstacle() -> None:
    """They can go whatever their state."""
    scene = Scene()
    scene.pack(1, "ABCDEFGH")
    missing = scene.pack(2, "ijkl")
    cut = scene.pack(3, "mnop")
    del scene.stored[missing]
    scene.stored[cut] -= 1
    plan = scene.plan()

    assert (plan.ignore, plan.remove) == ((missing,), (cut,))


def test_a_damaged_snapshot_stops_everything(tmp_path: Path) -> None:
    """Nobody knows what it needs."""
    repo = new_repository(tmp_path)
    Builder(repo).snapshot({"a": b"a"})
    Builder(repo).snapshot({"b": b"b"})
    name = names_of(repo, FileKind.SNAPSHOTS)[0]
    repo.storage.remove(StoredFile(FileKind.SNAPSHOTS, name))
    repo.storage.write(StoredFile(FileKind.SNAPSHOTS, name), [b"x" * 100])

    with pytest.raises(DamagedData, match="nobody knows"):
        prepare_prune(reopened(repo), PruneOptions(), ignore_events)


def test_an_unreadable_directory_stops_everything(tmp_path: Path) -> None:
    """What lies below it would count as not needed."""
    repo = new_repository(tmp_path)
    builder = Builder(repo)
    builder.snapshot_of(builder.blob(BlobKind.TREE, b"no directory"))

    with pytest.raises(DamagedData):
        prepare_prune(reopened(repo), PruneOptions(), ignore_events)


def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    """It is only the plan."""
    repo = new_repository(tmp_path)
    first = Builder(repo).snapshot({"a": noise(1, 50_000)})
    repo.storage.remove(StoredFile(FileKind.SNAPSHOTS, first))
    storage = reopened(repo).storage
    storage.calls.clear()  # type: ignore[attr-defined]
    prepare_prune(reopened(repo), PruneOptions(), ignore_events)

    assert {call for call, _ in storage.calls} <= {"list", "read", "size"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5%", UnusedLimit(percent=5.0)),
        ("0", UnusedLimit(bytes=0)),
        ("2G", UnusedLimit(bytes=2 << 30)),
        ("unlimited", UnusedLimit()),
    ],
)
def test_the_limit_is_written_as_for_restic(text: str, expected: UnusedLimit) -> None:
    """Scripts move over unchanged."""
    assert parse_max_unused(text) == expected


@pytest.mark.parametrize("text", ["", "x", "100%", "-1", "5%%", "1.5G", "١"])
def test_a_limit_that_makes_no_sense_is_refused(text: str) -> None:
    """A typo must not delete more than was meant."""
    with pytest.raises(BadInput):
        parse_max_unused(text)


def test_a_percentage_counts_the_whole_repository() -> None:
    """Five percent of what remains, not of what is used."""
    assert UnusedLimit(percent=20.0).allowed_bytes(80) == pytest.approx(20)
    assert parse_bytes("3k") == 3072
