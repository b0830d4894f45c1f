"""Files that are made with the permissions they are to have: only where nobody can come too early, and only where it works."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from gdp.engine.restore import batch
from gdp.engine.restore.metadata import MetadataWriter, birth_mode
from gdp.engine.restore.writing import create_file
from gdp.model.node import ExtendedAttribute
from tests.engine.crafted import Crafted
from tests.engine.restore.conftest import run_restore

SETUID, SETGID, STICKY = 1 << 23, 1 << 22, 1 << 20
MODES = [0o644, 0o644, 0o644, 0o600, 0o644, 0o000, 0o444, 0o444, 0o777, 0o644 | SETUID, 0o755 | SETGID | STICKY, 0o777]
IN_SYSTEM = {SETUID: stat.S_ISUID, SETGID: stat.S_ISGID, STICKY: stat.S_ISVTX}


def in_system(mode: int) -> int:
    """Return the permissions as the system has them."""
    return mode & 0o777 | sum(bit for go, bit in IN_SYSTEM.items() if mode & go)


@pytest.fixture(params=[0o022, 0o077, 0])
def any_umask(request: pytest.FixtureRequest) -> Any:
    """The user's choice, which must not matter."""
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("any_umask")
def test_each_file_gets_its_own_permissions(crafted: Crafted, target: Path) -> None:
    """Whatever the files before it had, and whoever restores."""
    owner = {"uid": os.geteuid(), "gid": os.getegid()}
    files = [crafted.file(b"%02d" % number, b"x" * number, mode=mode, **owner) for number, mode in enumerate(MODES)]
    parts = [crafted.file(b"parts%02d" % number, b"one", b"two", mode=mode, **owner) for number, mode in enumerate(MODES)]
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", *files, *parts, **owner))

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.problems == []
    for prefix in ("", "parts"):
        found = [(target / "folder" / f"{prefix}{number:02d}").stat() for number in range(len(MODES))]
        assert [stat.S_IMODE(entry.st_mode) for entry in found] == [in_system(mode) for mode in MODES]
        assert {entry.st_mtime_ns for entry in found} == {1714979289123456789}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize("is_there", [False, True])
def test_each_file_gets_its_own_owner(crafted: Crafted, target: Path, *, is_there: bool) -> None:
    """Also where new files get the directory's group, and also when the next one is to have another."""
    owners = [(0, 0), (0, 0), (1000, 1000), (1000, 1000), (0, 1000), (0, 50), (0, 50), (0, 0), (0, 0)]
    files = [crafted.file(b"%02d" % number, b"x" * number, uid=user, gid=group) for number, (user, group) in enumerate(owners)]
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", *files))
    folder = target / "folder"
    (folder if is_there else target).mkdir(parents=True)
    os.chown(target, 0, 50)
    target.chmod(0o2755)
    if is_there:
        os.chown(folder, 0, 50)
        folder.chmod(0o2755)

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.problems == []
    found = [(folder / f"{number:02d}").stat() for number in range(len(owners))]
    assert [(entry.st_uid, entry.st_gid) for entry in found] == owners
    assert {stat.S_IMODE(entry.st_mode) for entry in found} == {0o640}


def test_files_are_open_to_others_only_where_no_others_come(
    crafted: Crafted, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-restored secret in a directory that others may enter is ours alone until owner and permissions are right."""
    said = tmp_path / "said"

    def create(folder: int, name: bytes, action: int, **choices: Any) -> int:
        with said.open("a") as stream:
            stream.write(f"{name.decode()} {choices['mode']:o}\n")
        return create_file(folder, name, action, **choices)

    monkeypatch.setattr(batch, "create_file", create)
    there = crafted.folder_of(b"there", crafted.file(b"old-folder", b"1"))
    fresh = crafted.folder_of(b"fresh", crafted.file(b"new-folder", b"2"), crafted.file(b"setuid", b"3", mode=0o755 | SETUID))
    snapshot = crafted.snapshot(crafted.file(b"top", b"4"), there, fresh)
    (target / "there").mkdir(parents=True)

    run_restore(crafted.repo, snapshot, target)

    assert sorted(said.read_text().splitlines()) == ["new-folder 640", "old-folder 600", "setuid 600", "top 600"]


def test_what_a_file_system_makes_of_permissions_is_seen(tmp_path: Path) -> None:
    """A disk that gives new files other permissions is told to change them, file by file."""
    metadata = 0o640, os.geteuid(), os.getegid(), "2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z", None
    proven: dict[int, tuple[int, int, int]] = {}
    for name, made_with in (("a", 0o600), ("b", 0o640), ("c", 0o600)):
        descriptor = os.open(tmp_path / name, os.O_WRONLY | os.O_CREAT, made_with)

        MetadataWriter().apply_to_new(descriptor, metadata, proven if name != "c" else {}, 1)

        os.close(descriptor)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o640
        assert bool(proven) == (name != "a")


def test_special_bits_are_never_there_from_the_start() -> None:
    """A program that runs as its owner must not exist before its content is whole."""
    assert birth_mode((0o755, 0, 0, "", "", None)) == 0o755
    assert birth_mode((0o755 | SETUID, 0, 0, "", "", None)) == 0o600


def test_attributes_come_with_new_files(crafted: Crafted, target: Path) -> None:
    """The short way leaves out nothing but what is right already."""
    attributes = [ExtendedAttribute("user.comment", "eA==")]
    owner = {"uid": os.geteuid(), "gid": os.getegid()}
    files = [crafted.file(b"%d" % number, b"x", mode=0o644, extended_attributes=attributes, **owner) for number in range(3)]
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", *files))

    restored = run_restore(crafted.repo, snapshot, target)

    if restored.notes:
        pytest.skip("no attributes on this file system")
    assert [os.getxattr(target / "folder" / f"{number}", "user.comment") for number in range(3)] == [b"x"] * 3
