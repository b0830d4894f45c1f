"""The restore drill: what is drawn, what counts as right, and that nothing of it stays."""

import os
import random
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import BadInput, GdpError
from gdp.core.gotext import GO_DIR
from gdp.core.packformat import BlobKind
from gdp.engine.browse.walk import Entry
from gdp.engine.drill import DrillOptions, DrillResult, SourceState, drill
from gdp.engine.drill.choose import choose_files
from gdp.engine.drill.compare import compare_with_source, is_as_stored
from gdp.engine.drill.place import temporary_place
from gdp.engine.restore import start_workers
from gdp.model.events import Event, Problem, ignore_events
from gdp.model.node import Node
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.engine.crafted import ClosingPool, Crafted
from tests.repo.builder import noise

KILO, MEGA = 1 << 10, 1 << 20


def entries(*sizes: int) -> list[Entry]:
    return [Entry(b"/%d" % number, Node(name=str(number), type="file", size=size)) for number, size in enumerate(sizes)]


def draw(files: list[Entry], most_files: int = 20, most_bytes: int = 64 * MEGA, seed: int = 1) -> list[Entry]:
    return choose_files(iter(files), most_files, most_bytes, random.Random(seed)).files


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository in a folder, each block in a pack of its own."""
    made = Crafted(tmp_path / "repository", tmp_path / "home")
    files = [made.file(b"file %d" % number, noise(number, 3000 + number)) for number in range(6)]
    deep = made.file(b"deep", noise(9, 20_000), noise(10, 10_000), mode=0)
    made.snapshot(*files, made.folder_of(b"sub", deep, made.file(b"empty"), mode=GO_DIR))
    return made.repo


def run(repo: Repository, folder: Path, events: list[Event] | None = None, **choices: Any) -> DrillResult:
    """Make a drill with real worker processes."""
    location = Path(repo.storage.location)
    repo.load_index()
    [snapshot] = repo.snapshots().snapshots.values()
    options = {"most_files": 20, "most_bytes": MEGA, "seed": 1, "has_sources_here": False, **choices}
    with ClosingPool(start_workers(lambda _secrets: LocalStorage(location), 2)) as pool:
        emit = ignore_events if events is None else events.append
        return drill(repo, snapshot, DrillOptions(folder, **options), pool, secrets={}, emit=emit)


def test_sizes_are_mixed() -> None:
    """Hundreds of thousands of small files must not push the large ones out."""
    files = entries(*[100] * 5000, *[MEGA] * 20, *[8 * MEGA] * 5)
    sizes = [entry.node.size for entry in draw(files)]

    assert len(sizes) == 20
    assert {100, MEGA, 8 * MEGA} == set(sizes)


def test_no_more_is_drawn_than_is_wished() -> None:
    """Whatever sizes there are."""
    chance = random.Random(3)
    for seed in range(100):
        files = entries(*(chance.choice([0, 1, 50 * KILO, 3 * MEGA, 30 * MEGA, 90 * MEGA]) for _ in range(chance.randrange(60))))
        drawn = draw(files, most_files=12, most_bytes=64 * MEGA, seed=seed)
        assert len(drawn) <= 12
        assert sum(entry.node.size for entry in drawn) <= 64 * MEGA
        assert len({entry.path for entry in drawn}) == len(drawn)
        assert 0 not in [entry.node.size for entry in drawn]


def test_a_seed_draws_the_same_and_another_one_others() -> None:
    """What failed can be looked at again; and every file has its turn some time."""
    files = entries(*[1000] * 40)
    drawn = [frozenset(entry.path for entry in draw(files, 5, seed=seed)) for seed in range(60)]

    assert draw(files, 5, seed=7) == draw(files, 5, seed=7)
    assert len(set(drawn)) > 50
    assert frozenset().union(*drawn) == {entry.path for entry in files}


def test_all_is_restored_compared_and_removed(repo: Repository, tmp_path: Path) -> None:
    events: list[Event] = []
    result = run(repo, tmp_path / "drill", events)

    assert (result.files_restored, result.files_verified, result.mismatches) == (7, 7, 0)
    assert result.bytes_restored == sum(3000 + number for number in range(6)) + 30_000
    assert os.listdir(tmp_path / "drill") == []


@pytest.mark.parametrize("damage", ["flipped", "gone"])
def test_a_damaged_pack_fails_the_drill_and_names_the_file(repo: Repository, tmp_path: Path, damage: str) -> None:
    """The others are right all the same, and nothing stays of them."""
    pack = max((tmp_path / "repository" / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    broken = bytearray(pack.read_bytes())
    broken[9000] ^= 1
    pack.unlink()
    if damage == "flipped":
        pack.write_bytes(broken)
    events: list[Event] = []
    result = run(repo, tmp_path / "drill", events)

    assert [event.path for event in events if isinstance(event, Problem)] == ["/sub/deep"]
    assert (result.mismatches, result.files_verified) == (1, 6)
    assert os.listdir(tmp_path / "drill") == []


def test_a_folder_that_cannot_be_read_fails_the_drill(repo: Repository, tmp_path: Path) -> None:
    """Nothing can be drawn from it, which must not look like a small snapshot."""
    repo.load_index()
    [snapshot] = repo.snapshots().snapshots.values()
    below = next(node.subtree for node in repo.load_tree(bytes.fromhex(snapshot.tree)) if node.name == "sub")
    assert below is not None
    place = repo.index.find_all(BlobKind.TREE, bytes.fromhex(below))[0]
    next((tmp_path / "repository" / "data").rglob(place.pack.hex())).unlink()
    result = run(repo, tmp_path / "drill")

    assert (result.mismatches, result.folders_unreadable, result.files_verified) == (1, 1, 6)


def test_a_file_that_was_restored_wrongly_is_found(repo: Repository, tmp_path: Path) -> None:
    """Content, length, or not there: the comparison is not that of the restore."""
    repo.load_index()
    [snapshot] = repo.snapshots().snapshots.values()
    node = next(node for node in repo.load_tree(bytes.fromhex(snapshot.tree)) if node.name == "file 1")
    right, path = noise(1, 3001), tmp_path / "file"
    verdicts = []
    for content in (right, right[:-1], right + b"x", b"x" + right[1:]):
        path.write_bytes(content)
        verdicts.append(is_as_stored(path, node, repo.index))
    path.unlink()

    assert verdicts == [True, False, False, False]
    assert not is_as_stored(path, node, repo.index)


def test_a_source_is_compared_only_where_it_is_as_it_was(tmp_path: Path) -> None:
    """A file that was written to since is none to compare with; one that only looks unchanged is a warning."""
    source, restored = tmp_path / "source", tmp_path / "restored"
    source.write_bytes(b"content")
    restored.write_bytes(b"content")
    found = source.stat()
    stamp = f"{found.st_mtime_ns // 10**9}"
    moment = subprocess.run(["date", "-u", "-d", f"@{stamp}", "+%Y-%m-%dT%H:%M:%S"], capture_output=True, text=True, check=True)
    node = Node(name="source", type="file", size=7, mtime=f"{moment.stdout.strip()}.{found.st_mtime_ns % 10**9:09d}Z")

    def state() -> SourceState:
        return compare_with_source(restored, node, os.fsencode(source))

    assert state() is SourceState.SAME
    source.write_bytes(b"CONTENT")
    os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert state() is SourceState.UNLIKE
    os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns + 1))
    assert state() is SourceState.CHANGED
    source.write_bytes(b"longer than before")
    os.utime(source, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert state() is SourceState.CHANGED
    source.unlink()
    assert state() is SourceState.GONE
    source.symlink_to(restored)
    assert state() is SourceState.GONE


def test_a_snapshot_of_large_files_only_says_what_to_do(repo: Repository, tmp_path: Path) -> None:
    """Else a set of disk images would pass each month without anything having been restored."""
    with pytest.raises(BadInput) as raised:
        run(repo, tmp_path / "drill", most_bytes=100)

    assert "larger than the 100" in str(raised.value)
    assert "--size" in raised.value.hint
    assert not (tmp_path / "drill").exists()


def test_a_place_without_room_is_named_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(GdpError) as raised, temporary_place(tmp_path / "drill", 1 << 60, ignore_events):
        raise AssertionError

    assert str(tmp_path / "drill") in str(raised.value)
    assert "--folder" in raised.value.hint
    assert os.listdir(tmp_path / "drill") == []


def test_a_place_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GdpError) as raised, temporary_place(tmp_path / "file" / "drill", 1, ignore_events):
        raise AssertionError

    assert str(tmp_path / "file") in str(raised.value)


def test_what_a_killed_drill_left_is_removed_and_what_a_living_one_needs_is_not(tmp_path: Path) -> None:
    """Permissions that keep its owner out included."""
    left = tmp_path / "gdp-drill-left"
    (left / "closed").mkdir(parents=True)
    (left / "closed" / "file").write_text("")
    (left / "closed").chmod(0)
    with temporary_place(tmp_path, 1, ignore_events) as first, temporary_place(tmp_path, 1, ignore_events) as second:
        assert {path.name for path in tmp_path.iterdir()} == {first.name, second.name}
        assert first.stat().st_mode & 0o777 == 0o700

    assert os.listdir(tmp_path) == []


def test_the_place_goes_when_the_drill_fails(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), temporary_place(tmp_path, 1, ignore_events) as place:
        (place / "file").write_text("secret")
        raise KeyboardInterrupt

    assert os.listdir(tmp_path) == []
