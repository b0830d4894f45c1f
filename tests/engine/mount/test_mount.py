"""A real mount is compared with what was backed up."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gdp.core.errors import BadInput, GdpError
from gdp.engine.mount import serve
from tests.conftest import PROJECT, absent, require_program
from tests.engine.crafted import Crafted, by_restic, link, node
from tests.manifest import differences, manifest

_SCRIPT = """
import sys
from pathlib import Path
from gdp.engine.mount import mount
from tests.engine.crafted import opened
repo = opened(Path(sys.argv[1]), Path(sys.argv[3]))
mount(repo, Path(sys.argv[2]), on_ready=lambda: print("ready", flush=True))
"""


@contextmanager
def mounted(repository: Path, mountpoint: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    """Mount a repository in another process, wait until it answers, and unmount at the end."""
    require_program("fusermount3")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        absent("/dev/fuse")
    mountpoint.mkdir()
    command = [sys.executable, "-c", _SCRIPT, str(repository), str(mountpoint), str(home)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        try:
            _until(lambda: os.path.ismount(mountpoint))
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
            process.wait(20)
            if os.path.ismount(mountpoint):
                subprocess.run(["fusermount3", "-uz", mountpoint], check=False)


def _until(is_so: Callable[[], bool]) -> None:
    """Wait for something another process does."""
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.root
def test_mounted_snapshot_is_what_was_backed_up(
    peer_restic: Path, built_awkward_tree: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """People copy out of a mount: contents, names, owners, times, links and attributes must be those of the backup."""
    by_restic(peer_restic, tmp_path / "repo", ["backup", "."], cwd=built_awkward_tree)
    # What an old restic does not store: see tests/awkward.py. A mount has neither sockets nor, for safety, ACLs at work.
    without = {"socket", "links/not-utf8", "attributes/link"}

    with mounted(tmp_path / "repo", tmp_path / "mnt", isolated_home):
        found = manifest(tmp_path / "mnt" / "snapshots" / "latest", without=without)
        wanted = manifest(built_awkward_tree, without=without)

        assert not differences(wanted, found)


def test_layout_is_that_of_restic(crafted: Crafted, tmp_path: Path, isolated_home: Path) -> None:
    """Scripts made for restic's mount go on working."""
    tree = crafted.tree(crafted.file(b"file", b"data"))
    crafted.snapshot_of(tree, time="2024-05-06T07:08:09.5Z", tags=["daily", "a/b"])
    crafted.snapshot_of(tree, time="2024-05-06T07:08:09.7Z", hostname="other")

    with mounted(crafted.folder, tmp_path / "mnt", isolated_home):
        top = tmp_path / "mnt"
        assert sorted(os.listdir(top)) == ["hosts", "ids", "snapshots", "tags"]
        assert sorted(os.listdir(top / "snapshots")) == ["2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z-1", "latest"]
        assert os.readlink(top / "snapshots" / "latest") == "2024-05-06T07:08:09Z-1"
        assert sorted(os.listdir(top / "hosts")) == ["box", "other"]
        assert sorted(os.listdir(top / "tags")) == ["a_b", "daily"]
        assert len(os.listdir(top / "ids")) == 2
        assert (top / "hosts" / "other" / "latest" / "file").read_bytes() == b"data"


def test_mount_refuses_to_be_written_to(crafted: Crafted, tmp_path: Path, isolated_home: Path) -> None:
    """A backup that could be changed by accident is none."""
    crafted.snapshot(crafted.file(b"file", b"data"))

    with mounted(crafted.folder, tmp_path / "mnt", isolated_home):
        file = tmp_path / "mnt" / "snapshots" / "latest" / "file"
        for attempt in (
            lambda: file.write_bytes(b"x"),
            file.unlink,
            lambda: file.chmod(0o777),
            lambda: file.with_name("y").mkdir(),
        ):
            with pytest.raises(OSError, match="Read-only") as caught:
                attempt()
            assert caught.value.errno == errno.EROFS
        assert file.read_bytes() == b"data"


def test_damage_and_hostile_names_are_errors_of_their_files_only(crafted: Crafted, tmp_path: Path, isolated_home: Path) -> None:
    """One bad block must not take the mount down, and a name that leads out must not appear at all."""
    crafted.snapshot(
        node(b"lost", "file", content=["ab" * 32], size=5),
        node(b"folder", "dir", subtree="cd" * 32, mode=1 << 31 | 0o755),
        crafted.file(b"../evil", b"evil"),
        crafted.file(b"good", b"first" * 1000, b"second" * 1000),
        link(b"link", b"good"),
    )

    with mounted(crafted.folder, tmp_path / "mnt", isolated_home):
        top = tmp_path / "mnt" / "snapshots" / "latest"
        assert sorted(os.listdir(top)) == ["folder", "good", "link", "lost"]
        for attempt in ((top / "lost").read_bytes, lambda: os.listdir(top / "folder")):
            with pytest.raises(OSError, match="Input/output error"):
                attempt()
        assert (top / "link").read_bytes() == b"first" * 1000 + b"second" * 1000
        with (top / "good").open("rb") as stream:
            stream.seek(4998)
            assert stream.read(4) == b"stse"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_unmount_cleanly(crafted: Crafted, tmp_path: Path, isolated_home: Path, number: signal.Signals) -> None:
    """A dead mount point is a nuisance that only root removes."""
    crafted.snapshot()

    with mounted(crafted.folder, tmp_path / "mnt", isolated_home) as process:
        process.send_signal(number)

        assert process.wait(20) == 0
        assert not os.path.ismount(tmp_path / "mnt")


def test_unmounting_from_outside_ends_it(crafted: Crafted, tmp_path: Path, isolated_home: Path) -> None:
    """That is how people end a mount."""
    crafted.snapshot()

    with mounted(crafted.folder, tmp_path / "mnt", isolated_home) as process:
        subprocess.run([require_program("fusermount3"), "-u", tmp_path / "mnt"], check=True)

        assert process.wait(20) == 0


def test_missing_library_is_explained(crafted: Crafted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The most likely failure there is; it needs a sentence and not a traceback."""
    monkeypatch.setitem(sys.modules, "mfusepy", None)

    with pytest.raises(GdpError, match="needs FUSE") as caught:
        serve.mount(crafted.repo, tmp_path)

    assert "apt install fuse3" in caught.value.hint


def test_missing_mount_point_is_explained(crafted: Crafted, tmp_path: Path) -> None:
    """The second most likely one."""
    with pytest.raises(BadInput, match="no directory"):
        serve.mount(crafted.repo, tmp_path / "absent")
