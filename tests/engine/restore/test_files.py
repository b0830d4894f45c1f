"""Large files, sparse files, special files, and targets that do not play along."""

import os
import random
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gdp.core.errors import BadInput, GdpError, RepositoryLocked
from gdp.core.language import N_
from gdp.engine.restore import Overwrite, RestoreOptions, restore, start_workers
from gdp.engine.restore.batch import BatchRun
from gdp.model.events import ItemDone, Progress
from gdp.model.node import ExtendedAttribute
from gdp.storage.local import LocalStorage
from tests.conftest import PROJECT
from tests.engine.crafted import ClosingPool, Crafted, node
from tests.engine.restore.conftest import run_restore


def large(crafted: Crafted, seed: int, blocks: int = 30) -> tuple[list[bytes], bytes]:
    """Return blocks of a file that several workers share, and the whole."""
    chance = random.Random(seed)
    parts = [chance.randbytes(chance.randrange(500_000, 1_500_000)) for _ in range(blocks)]
    return parts, b"".join(parts)


def test_large_file_is_written_by_all_workers(crafted: Crafted, target: Path) -> None:
    """One disk image is a whole backup to some people; both processors must work on it, and nothing may shift."""
    parts, whole = large(crafted, 1)
    snapshot = crafted.snapshot(crafted.file(b"image", *parts, mode=0o600 | 1 << 23), crafted.file(b"small", b"x"))

    restored = run_restore(crafted.repo, snapshot, target, verify=True, report_items=True)

    assert (target / "image").read_bytes() == whole
    assert stat.S_IMODE((target / "image").stat().st_mode) == 0o4600
    assert (target / "image").stat().st_mtime_ns == 1714979289123456789
    assert restored.result.files_restored == 2
    assert restored.result.bytes_restored == len(whole) + 1
    steps = [event.bytes_done for event in restored.events if isinstance(event, Progress)]
    assert steps == sorted(steps)
    assert any(0 < step < len(whole) for step in steps)
    assert {event.path for event in restored.events if isinstance(event, ItemDone)} == {"/image", "/small"}


def test_a_restore_that_may_not_go_on_does_nothing_more(crafted: Crafted, target: Path) -> None:
    """It begins before its lock is sure. Somebody else's lock ends it; what is restored by then is right and stays."""
    folders = [crafted.folder_of(b"folder%d" % number, crafted.file(b"file", b"%d" % number)) for number in range(9)]
    snapshot = crafted.snapshot(*folders)
    location = Path(crafted.repo.storage.location)
    asked: list[int] = []

    def may_go_on() -> None:
        asked.append(1)
        if len(asked) > 4:
            raise RepositoryLocked(N_("somebody was faster"))

    with (
        ClosingPool(start_workers(lambda _secrets: LocalStorage(location), 2)) as pool,
        pytest.raises(RepositoryLocked, match="somebody was faster"),
    ):
        restore(crafted.repo, snapshot, RestoreOptions(target), pool, may_go_on=may_go_on)

    assert {path.name for path in target.iterdir()} == {"folder0", "folder1", "folder2"}


def test_large_file_that_is_there_gets_only_what_differs(crafted: Crafted, target: Path) -> None:
    """In place, whether it is too long, too short or wrong in the middle."""
    parts, whole = large(crafted, 2)
    snapshot = crafted.snapshot(crafted.file(b"image", *parts))
    target.mkdir()
    file = target / "image"
    for old in (whole + b"more", whole[:-2_000_000], whole[:5_000_000] + b"?" * 9 + whole[5_000_009:], whole):
        file.write_bytes(old)
        inode = file.stat().st_ino

        restored = run_restore(crafted.repo, snapshot, target)

        assert file.read_bytes() == whole
        assert file.stat().st_ino == inode
        assert (restored.result.files_restored, restored.result.files_unchanged) == ((0, 1) if old == whole else (1, 0))


def test_large_unchanged_file_is_left_alone(crafted: Crafted, target: Path) -> None:
    """``if-changed`` does not read a terabyte to find that nothing happened."""
    parts, whole = large(crafted, 3)
    snapshot = crafted.snapshot(crafted.file(b"image", *parts))
    run_restore(crafted.repo, snapshot, target)
    other = bytes(len(whole))
    (target / "image").write_bytes(other)
    os.utime(target / "image", ns=(1714979289123456789,) * 2)

    restored = run_restore(crafted.repo, snapshot, target, overwrite=Overwrite.IF_CHANGED)

    assert (target / "image").read_bytes() == other
    assert restored.result.files_unchanged == 1


@pytest.mark.parametrize("blocks", [1, 3, 12])
def test_sparse_restore_leaves_holes(crafted: Crafted, target: Path, blocks: int) -> None:
    """A sparse image of a terabyte must fit where it came from."""
    parts = [bytes(1_000_000) if number % 3 else b"data" + bytes(999_996) for number in range(blocks)]
    snapshot = crafted.snapshot(crafted.file(b"file", *parts), crafted.file(b"zeros", bytes(100_000)))

    restored = run_restore(crafted.repo, snapshot, target, sparse=True, verify=True)

    assert restored.problems == []
    assert (target / "file").read_bytes() == b"".join(parts)
    assert (target / "file").stat().st_blocks * 512 <= 4096 * 2 * blocks
    assert (target / "zeros").stat().st_blocks == 0
    assert (target / "zeros").stat().st_size == 100_000


def test_sparse_restore_over_old_content_writes_the_zeros(crafted: Crafted, target: Path) -> None:
    """A hole is only a hole where nothing was before."""
    snapshot = crafted.snapshot(crafted.file(b"file", bytes(100_000), b"data"))
    target.mkdir()
    (target / "file").write_bytes(b"old content" * 10_000)

    run_restore(crafted.repo, snapshot, target, sparse=True)

    assert (target / "file").read_bytes() == bytes(100_000) + b"data"


def test_verify_finds_what_changed_after_it_was_written(crafted: Crafted, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason to read again: a disk, or somebody, changed what was just written."""
    parts, _ = large(crafted, 4, blocks=12)
    snapshot = crafted.snapshot(crafted.file(b"large", *parts), crafted.file(b"a", b"aaaa"), crafted.file(b"b", b"bbbb"))
    run = BatchRun.run

    def damage(self: BatchRun) -> object:
        outcome = run(self)
        for name, position in (("large", 9_000_000), ("b", 2)):
            if (target / name).exists() and (target / name).stat().st_size > position:
                with (target / name).open("r+b") as stream:
                    stream.seek(position)
                    stream.write(b"?")
        return outcome

    monkeypatch.setattr(BatchRun, "run", damage)
    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert sorted(restored.problems) == [
        "/b does not hold what the snapshot holds (found when reading it again)",
        "/large does not hold what the snapshot holds (found when reading it again)",
    ]
    assert restored.result.files_verified == 1


def test_sockets_are_noted_and_unknown_kinds_are_problems(crafted: Crafted, target: Path) -> None:
    """A socket without its program means nothing; an unknown kind may have meant something."""
    snapshot = crafted.snapshot(node(b"socket", "socket"), node(b"strange", "irregular"), crafted.file(b"file", b"x"))

    restored = run_restore(crafted.repo, snapshot, target)

    assert os.listdir(target) == ["file"]
    assert restored.notes == ["/socket is a socket; sockets are not restored"]
    assert restored.problems == ["/strange is of a kind that cannot be restored"]


@pytest.mark.root
def test_inherited_lists_do_not_stay(crafted: Crafted, target: Path) -> None:
    """A default ACL of the target would let people in whom the snapshot keeps out."""
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", crafted.file(b"file", b"x"), mode=1 << 31 | 0o700))
    target.mkdir()
    entries = [(1, 7, 0xFFFFFFFF), (2, 7, 1000), (4, 5, 0xFFFFFFFF), (16, 7, 0xFFFFFFFF), (32, 5, 0xFFFFFFFF)]
    acl = b"\2\0\0\0" + b"".join(
        tag.to_bytes(2, "little") + bits.to_bytes(2, "little") + who.to_bytes(4, "little") for tag, bits, who in entries
    )
    try:
        os.setxattr(target, "system.posix_acl_default", acl)
    except OSError as error:
        pytest.skip(f"no ACLs here: {error}")

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.problems == []
    for path in (target / "folder", target / "folder" / "file"):
        assert [name for name in os.listxattr(path) if "acl" in name] == []


def test_wrong_attributes_cost_only_themselves(crafted: Crafted, target: Path) -> None:
    """The content matters more than a note about it."""
    snapshot = crafted.snapshot(
        crafted.file(b"a", b"data", extended_attributes=[ExtendedAttribute("nonsense", "eA==")]),
        crafted.file(b"b", b"data", mtime="never"),
        crafted.file(b"c", b"data", extended_attributes=[ExtendedAttribute("user.x", "not base64")]),
        crafted.file(b"d", b"data", uid=1 << 40),
    )

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.result.problems == 3
    assert [note for note in restored.notes if "extended attribute" in note]
    assert [(target / name).read_bytes() for name in "abcd"] == [b"data"] * 4


def test_empty_snapshot_and_empty_files(crafted: Crafted, target: Path) -> None:
    """The smallest things break first."""
    run_restore(crafted.repo, crafted.snapshot(), target)
    assert os.listdir(target) == []

    restored = run_restore(crafted.repo, crafted.snapshot(crafted.file(b"empty")), target, verify=True)
    assert (target / "empty").read_bytes() == b""
    assert (restored.result.files_restored, restored.result.files_verified) == (1, 1)


def test_progress_ends_with_everything(crafted: Crafted, target: Path) -> None:
    """A bar that stops at 97 % leaves a doubt."""
    snapshot = crafted.snapshot(*[crafted.file(b"%d" % number, b"x" * number) for number in range(50)])

    restored = run_restore(crafted.repo, snapshot, target)

    last = [event for event in restored.events if isinstance(event, Progress)][-1]
    assert (last.files_done, last.bytes_done) == (50, 50 * 49 // 2)


def test_target_that_is_no_folder_is_explained(crafted: Crafted, tmp_path: Path) -> None:
    """Typing errors are the commonest failure."""
    snapshot = crafted.snapshot()
    (tmp_path / "file").touch()

    with pytest.raises(GdpError, match="cannot restore into"):
        run_restore(crafted.repo, snapshot, tmp_path / "file")
    with pytest.raises(BadInput, match="has no /nothing"):
        run_restore(crafted.repo, snapshot, tmp_path / "target", folder=b"/nothing")


@pytest.mark.root
def test_full_target_ends_the_restore(crafted: Crafted, tmp_path: Path) -> None:
    """A thousand equal complaints help nobody; one with advice does."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False, capture_output=True)
    if mounted.returncode:
        pytest.skip("cannot mount a small file system")
    try:
        chance = random.Random(5)
        snapshot = crafted.snapshot(*[crafted.file(b"%d" % number, chance.randbytes(30_000)) for number in range(9)])

        with pytest.raises(GdpError, match="cannot be written to any more") as caught:
            run_restore(crafted.repo, snapshot, small)

        assert "if-changed" in caught.value.hint
    finally:
        subprocess.run(["umount", small], check=True)


def test_killed_worker_ends_the_restore(crafted: Crafted, target: Path) -> None:
    """The kernel kills what uses too much memory; waiting for it for ever would be worse."""
    snapshot = crafted.snapshot(*[crafted.file(b"%d" % number, b"x" * number) for number in range(9)])

    def dies(_secrets: object) -> LocalStorage:
        os._exit(9)

    with ClosingPool(start_workers(dies, 2)) as pool, pytest.raises(GdpError, match="ended unexpectedly"):
        restore(crafted.repo, snapshot, RestoreOptions(target), pool)


_AS_NOBODY = """
import os, sys
from pathlib import Path
from tests.engine.crafted import latest, opened
from tests.engine.restore.conftest import run_restore
repo = opened(Path(sys.argv[1]), Path(sys.argv[2]))
run_restore(repo, latest(repo), Path(sys.argv[3] + "-by-root"))  # imports everything
os.setgroups([]); os.setgid(65534); os.setuid(65534)
restored = run_restore(repo, latest(repo), Path(sys.argv[3]))
print(restored.problems, restored.notes)
again = run_restore(repo, latest(repo), Path(sys.argv[3]))
print(again.problems, again.result.files_unchanged)
"""


@pytest.mark.root
def test_user_restores_what_users_may(crafted: Crafted, tmp_path: Path) -> None:
    """Without root: contents, permissions and times; a note about owners; no setuid program that belongs to the wrong user."""
    crafted.snapshot(
        crafted.folder_of(b"closed", crafted.file(b"file", b"data", mode=0o400), mode=1 << 31 | 0o500, uid=0),
        crafted.file(b"program", b"#!", mode=1 << 23 | 0o755, uid=0),
        node(b"device", "chardev", device=os.makedev(1, 3), mode=1 << 26 | 1 << 21 | 0o666),
        crafted.file(b"locked", b"data", mode=0o000),
    )
    home = tmp_path / "home"
    home.mkdir()
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(0o755)
    subprocess.run(["chown", "-R", "65534:65534", tmp_path], check=True)

    arguments = map(os.fspath, (crafted.folder, home, tmp_path / "target"))
    run = subprocess.run([sys.executable, "-c", _AS_NOBODY, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr

    first, second = run.stdout.splitlines()
    assert "/device could not be restored" in first
    assert first.count("owners were not restored") == 1
    assert second.endswith(" 3")
    assert stat.S_IMODE((tmp_path / "target" / "program").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "target" / "closed").stat().st_mode) == 0o500
    assert (tmp_path / "target" / "closed" / "file").read_bytes() == b"data"
