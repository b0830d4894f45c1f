"""What happens to files that are there already, and to those the snapshot does not have."""

import os
from pathlib import Path

import pytest

from gdp.engine.patterns.selector import make_selects
from gdp.engine.restore import Overwrite, RestoreOptions, plan_restore
from gdp.engine.restore.existing import Action
from gdp.model.events import ItemDone
from gdp.model.exclusion import Pattern, PatternRules
from tests.engine.crafted import TIME, Crafted, link, node
from tests.engine.restore.conftest import run_restore

NS = 1714979289123456789
assert TIME == "2024-05-06T07:08:09.123456789Z"  # the same moment


def put(path: Path, content: bytes, mtime_ns: int | None = None) -> Path:
    """Write a file, with a time of change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if mtime_ns is not None:
        os.utime(path, ns=(mtime_ns, mtime_ns))
    return path


@pytest.mark.parametrize(
    ("overwrite", "here", "age", "expected"),
    [
        (Overwrite.ALWAYS, b"other", NS + 9, b"right"),
        (Overwrite.ALWAYS, b"wrong", NS, b"right"),
        (Overwrite.IF_CHANGED, b"wrong", NS, b"wrong"),  # same size and time: believed
        (Overwrite.IF_CHANGED, b"wrong", NS + 1, b"right"),
        (Overwrite.IF_CHANGED, b"longer than it", NS, b"right"),
        (Overwrite.IF_NEWER, b"other", NS - 1, b"right"),
        (Overwrite.IF_NEWER, b"other", NS, b"other"),
        (Overwrite.IF_NEWER, b"other", NS + 1, b"other"),
        (Overwrite.NEVER, b"other", 0, b"other"),
    ],
)
def test_overwrite_decides_as_in_restic(
    crafted: Crafted, target: Path, overwrite: Overwrite, here: bytes, age: int, expected: bytes
) -> None:
    """Wrong here means a user's newer work is lost, or a restore that restored nothing."""
    snapshot = crafted.snapshot(crafted.file(b"file", b"right"))
    put(target / "file", here, age)

    restored = run_restore(crafted.repo, snapshot, target, overwrite=overwrite)

    assert (target / "file").read_bytes() == expected
    assert restored.problems == []
    if overwrite in (Overwrite.ALWAYS, Overwrite.IF_CHANGED):
        assert (target / "file").stat().st_mtime_ns == NS


def test_only_differing_blocks_are_written(crafted: Crafted, target: Path) -> None:
    """A disk image of which one block changed is restored in place and quickly."""
    parts = [bytes([letter]) * 1000 for letter in b"abc"]
    snapshot = crafted.snapshot(crafted.file(b"image", *parts))
    file = put(target / "image", parts[0] + b"-" * 1000 + parts[2])
    inode = file.stat().st_ino

    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert file.read_bytes() == b"".join(parts)
    assert file.stat().st_ino == inode
    assert restored.result.files_restored == 1


def test_right_content_is_recognised_and_gets_its_metadata(crafted: Crafted, target: Path) -> None:
    """A second run must mend permissions even where it need not write."""
    snapshot = crafted.snapshot(crafted.file(b"file", b"right"))
    file = put(target / "file", b"right")
    file.chmod(0o777)

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.result.files_unchanged == 1
    assert file.stat().st_mode & 0o7777 == 0o640


def test_other_kinds_give_way(crafted: Crafted, target: Path) -> None:
    """Where a folder stands for a file, or a link for a folder, the snapshot's kind comes back."""
    snapshot = crafted.snapshot(
        crafted.folder_of(b"folder", crafted.file(b"inside", b"x")), crafted.file(b"file", b"data"), link(b"link", b"new")
    )
    put(target / "elsewhere" / "inside", b"outside")
    (target / "folder").symlink_to("elsewhere")
    (target / "file").mkdir()
    (target / "link").symlink_to("old")

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.problems == []
    assert (target / "elsewhere" / "inside").read_bytes() == b"outside"
    assert not (target / "folder").is_symlink()
    assert (target / "folder" / "inside").read_bytes() == b"x"
    assert (target / "file").read_bytes() == b"data"
    assert (target / "link").readlink() == Path("new")


def test_folder_with_something_in_it_gives_way_only_to_delete(crafted: Crafted, target: Path) -> None:
    """Without ``delete`` a restore removes nothing that it does not replace."""
    snapshot = crafted.snapshot(crafted.file(b"file", b"data"), crafted.file(b"other", b"data"))
    put(target / "file" / "precious", b"x")

    careful = run_restore(crafted.repo, snapshot, target)
    assert (target / "file" / "precious").exists()
    assert careful.result.problems == 1
    assert "/file" in careful.problems[0]
    assert (target / "other").read_bytes() == b"data"

    run_restore(crafted.repo, snapshot, target, delete=True)
    assert (target / "file").read_bytes() == b"data"


def test_delete_removes_what_the_snapshot_does_not_have(crafted: Crafted, target: Path, tmp_path: Path) -> None:
    """``--delete`` makes the target equal to the snapshot; links are removed, not followed."""
    snapshot = crafted.snapshot(crafted.folder_of(b"kept", crafted.file(b"file", b"data")))
    put(tmp_path / "outside" / "safe", b"x")
    put(target / "kept" / "extra" / "deep" / "file", b"x")
    put(target / "top", b"x")
    (target / "kept" / "link").symlink_to(tmp_path / "outside")

    restored = run_restore(crafted.repo, snapshot, target, delete=True, report_items=True)

    assert sorted(path.name for path in target.rglob("*")) == ["file", "kept"]
    assert (tmp_path / "outside" / "safe").exists()
    assert restored.result.entries_deleted == 5
    deleted = {event.path for event in restored.events if isinstance(event, ItemDone) and event.action == "deleted"}
    assert deleted == {"/kept/extra", "/kept/link", "/top"}


def test_delete_spares_what_the_user_left_out(crafted: Crafted, target: Path) -> None:
    """Excluded files and those outside the restored paths are none of this restore's business."""
    snapshot = crafted.snapshot(
        crafted.folder_of(b"a", crafted.file(b"file", b"data")), crafted.folder_of(b"b", crafted.file(b"file", b"data"))
    )
    for path in ("a/extra", "a/extra.keep", "a/sub/deep.keep", "a/sub/extra", "b/extra", "extra"):
        put(target / path, b"x")

    run_restore(
        crafted.repo,
        snapshot,
        target,
        delete=True,
        paths=[b"/a"],
        selects=make_selects(excludes=[Pattern("*.keep")], rules=PatternRules.GITIGNORE),
    )

    left = sorted(str(path.relative_to(target)) for path in target.rglob("*") if not path.is_dir())
    assert left == ["a/extra.keep", "a/file", "a/sub/deep.keep", "b/extra", "extra"]


def test_delete_spares_a_folder_whose_contents_cannot_be_read(crafted: Crafted, target: Path) -> None:
    """A damaged repository must not cost the files that are still there."""
    lost = node(b"folder", "dir", subtree="12" * 32, mode=1 << 31 | 0o755)
    snapshot = crafted.snapshot(lost, crafted.file(b"file", b"data"))
    put(target / "folder" / "precious", b"x")

    restored = run_restore(crafted.repo, snapshot, target, delete=True)

    assert (target / "folder" / "precious").exists()
    assert (target / "file").exists()
    assert restored.result.problems == 1


def test_paths_and_patterns_restore_only_what_they_name(crafted: Crafted, target: Path) -> None:
    """One lost file must not need the space of a whole snapshot; its folders come back with their permissions."""
    snapshot = crafted.snapshot(
        crafted.folder_of(
            b"home",
            crafted.folder_of(b"ann", crafted.file(b"letter.txt", b"a"), crafted.file(b"photo.jpg", b"b"), mode=1 << 31 | 0o710),
            crafted.folder_of(b"bob", crafted.file(b"letter.txt", b"c")),
        ),
        crafted.file(b"letter.txt", b"d"),
    )
    selects = make_selects(includes=[Pattern("*.txt")], rules=PatternRules.GITIGNORE)

    restored = run_restore(crafted.repo, snapshot, target, paths=[b"/home/ann", b"missing"], selects=selects)

    assert [str(path.relative_to(target)) for path in sorted(target.rglob("*"))] == ["home", "home/ann", "home/ann/letter.txt"]
    assert (target / "home" / "ann").stat().st_mode & 0o7777 == 0o710
    assert restored.problems == ["the snapshot has no /missing"]


def test_part_of_a_snapshot_becomes_the_target(crafted: Crafted, target: Path) -> None:
    """``latest:/home/ann`` restores the contents of that folder, not the folders above it."""
    inner = crafted.folder_of(b"ann", crafted.file(b"letter", b"a"))
    snapshot = crafted.snapshot(crafted.folder_of(b"home", inner))

    run_restore(crafted.repo, snapshot, target, folder=b"/home/ann")

    assert [path.name for path in target.iterdir()] == ["letter"]


def test_dry_run_says_everything_and_does_nothing(crafted: Crafted, target: Path) -> None:
    """One looks before one leaps; and a plan that changes something is none."""
    snapshot = crafted.snapshot(
        crafted.folder_of(b"new", crafted.file(b"file", b"12345")), crafted.file(b"same", b"x"), link(b"link", b"to")
    )
    put(target / "same", b"x", NS)
    put(target / "extra", b"x")
    before = sorted(target.rglob("*"))

    restored = run_restore(
        crafted.repo, snapshot, target, dry_run=True, delete=True, overwrite=Overwrite.IF_CHANGED, report_items=True
    )

    assert sorted(target.rglob("*")) == before
    said = {(event.path, event.action) for event in restored.events if isinstance(event, ItemDone)}
    assert said == {
        ("/new/file", "restored"),
        ("/same", "unmodified"),
        ("/link", "restored"),
        ("/extra", "deleted"),
    }
    assert (restored.result.files_restored, restored.result.bytes_restored) == (1, 5)


def test_dry_run_makes_no_target(crafted: Crafted, target: Path) -> None:
    """Not even the folder to restore into."""
    snapshot = crafted.snapshot(crafted.file(b"file", b"data"))

    run_restore(crafted.repo, snapshot, target, dry_run=True)

    assert not target.exists()


def test_plan_can_be_read(crafted: Crafted, target: Path) -> None:
    """Front ends show it."""
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", crafted.file(b"file", b"data")))
    put(target / "folder" / "file", b"data")

    plan = list(plan_restore(crafted.repo, snapshot, RestoreOptions(target)))

    assert [folder.path for folder in plan] == [(), (b"folder",)]
    assert [(item.name, item.action) for item in plan[1].items] == [(b"file", Action.CHECK)]
