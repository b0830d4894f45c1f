"""The tools the other tests lean on: were they blind, every comparison would be green."""

import os
from pathlib import Path

import pytest

from tests.awkward import build
from tests.manifest import differences, manifest


def test_same_seed_builds_the_same_tree(tmp_path: Path) -> None:
    """A failure must be repeatable."""
    build(tmp_path / "one", 7)
    build(tmp_path / "two", 7)

    assert not differences(manifest(tmp_path / "one", with_root=True), manifest(tmp_path / "two", with_root=True))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda top: os.chmod(top / "sizes" / "512", 0o601), "'sizes/512': mode"),
        (lambda top: os.utime(top / "sizes" / "512", ns=(1, 2)), "'sizes/512': mtime_ns"),
        (lambda top: os.utime(top / "empty", ns=(1, 2)), "'empty': mtime_ns"),
        (lambda top: (top / "contents" / "twin-1").write_bytes(b"x"), "'contents/twin-1': sha256"),
        (lambda top: (top / "names" / "case").unlink(), "'names/case': missing"),
        (lambda top: (top / "names" / "new").touch(), "'names/new': was not there before"),
        (lambda top: (top / "links" / "two").unlink() or (top / "links" / "two").touch(), "'links/two': group"),
        (lambda top: os.setxattr(top / "attributes" / "file", "user.comment", b""), "'attributes/file': xattrs"),
        (lambda top: os.removexattr(top / "acl", "system.posix_acl_default"), "'acl': xattrs"),
    ],
)  # fmt: skip
def test_every_kind_of_change_is_seen(tmp_path: Path, change: object, expected: str) -> None:
    """What the manifest does not see, no restore test proves."""
    build(tmp_path / "tree")
    before = manifest(tmp_path / "tree")
    assert callable(change)
    try:
        change(tmp_path / "tree")
    except OSError as error:
        pytest.skip(f"not possible on this filesystem: {error}")

    assert expected in differences(before, manifest(tmp_path / "tree"))


def test_names_that_look_alike_stay_apart(tmp_path: Path) -> None:
    r"""The four letters ``\xff`` and the byte they stand for are two files."""
    build(tmp_path / "tree")

    paths = [entry["path"] for entry in manifest(tmp_path / "tree")]

    assert len(paths) == len(set(paths))
    assert {"names/\\xff", "names/\\\\xff"} <= set(paths)
