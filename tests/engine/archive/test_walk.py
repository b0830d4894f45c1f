"""What is taken and what is left out, and what is said about it."""

import os
import pickle
import shutil
import socket
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gdp.engine.archive.walk import Skipped
from gdp.model.exclusion import CACHE_DIRECTORY_TAG, MarkerFile
from tests.engine.archive.running import Archive
from tests.engine.archive.walking import below, walk

NOBODY = 65534


class Asked:
    """An exclude that leaves out some paths and remembers what it was asked."""

    def __init__(self, *left_out: Path) -> None:
        self.left_out = {os.fsencode(path) for path in left_out}
        self.asked: list[tuple[bytes, bool]] = []

    def __call__(self, path: bytes, is_directory: bool) -> bool:
        self.asked.append((path, is_directory))
        return path in self.left_out


def test_every_path_is_judged_once_with_its_absolute_name(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns are written about absolute paths; asking twice would double the cost of each."""
    asked = Asked()
    monkeypatch.chdir(source.parent)
    walk("source", excludes=asked)

    assert {path for path, is_directory in asked.asked if is_directory} == {
        os.fsencode(source / path) for path in ("", "one", "one/inner", "two", "empty")
    }
    assert len(asked.asked) == len(set(asked.asked)) == 11


def test_what_is_below_an_excluded_directory_is_not_looked_at(source: Path) -> None:
    """Leaving out a cache of a million files must cost nothing."""
    asked = Asked(source / "one")
    walked = walk(source, excludes=asked)

    assert below(walked, source) == {"a", "b", "two", "two/f", "empty"}
    assert not any(b"/one/" in path for path, _ in asked.asked)
    assert f"{source}/one" not in walked.order


def test_an_excluded_source_is_left_out(source: Path) -> None:
    """As restic: excludes hold for what is named too."""
    walked = walk(source / "one", source / "two", excludes=Asked(source / "one"))

    assert below(walked, source) == {"two", "two/f"}


def test_ancestors_are_not_judged(source: Path) -> None:
    """``--exclude /home --exclude …`` must not empty a backup of ``/home/user/important``."""
    assert below(walk(source / "one", excludes=Asked(source)), source) >= {"one", "one/c"}


@pytest.mark.parametrize(
    ("content", "header", "is_marked"),
    [
        (b"", b"", True),
        (b"anything", b"", True),
        (b"Signature: yes", b"Signature", True),
        (b"Signature", b"Signature", True),
        (b"Signatur", b"Signature", False),
        (b"", b"Signature", False),
        (b" Signature", b"Signature", False),
    ],
)
def test_a_marker_file_keeps_only_itself(source: Path, content: bytes, header: bytes, is_marked: bool) -> None:
    """The directory and its marker stay, so that a restored cache is still known as one."""
    (source / "one" / ".nobackup").write_bytes(content)
    walked = walk(source, marker_files=[MarkerFile(b".nobackup", header)])

    assert walked.walker.skipped == Skipped(excluded=3 if is_marked else 0)
    inside = {path for path in below(walked, source) if path.startswith("one/")}
    assert inside == ({"one/.nobackup"} if is_marked else {"one/.nobackup", "one/c", "one/d", "one/inner", "one/inner/e"})


def test_the_marker_of_caches_is_known(source: Path) -> None:
    """The header is https://bford.info/cachedir/ to the letter; a file of that name alone marks nothing."""
    tag = source / "one" / "CACHEDIR.TAG"
    tag.write_text("Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n")
    assert "one/c" not in below(walk(source, marker_files=[CACHE_DIRECTORY_TAG]), source)
    tag.write_text("Signature: 0000000000000000000000000000000\n")

    assert "one/c" in below(walk(source, marker_files=[CACHE_DIRECTORY_TAG]), source)


def test_a_marker_that_cannot_be_read_marks_nothing(source: Path) -> None:
    """A fifo named like a marker must neither hang the walk nor hide a directory."""
    os.mkfifo(source / "one" / ".nobackup")
    (source / "two" / ".nobackup").mkdir()
    walked = walk(source, marker_files=[MarkerFile(b".nobackup", b"Signature")])

    assert {"one/c", "two/f"} <= below(walked, source)


def test_larger_files_are_left_out(source: Path) -> None:
    """Files only, and only those beyond the size."""
    (source / "exact").write_bytes(bytes(1000))
    (source / "more").write_bytes(bytes(1001))
    walked = walk(source, exclude_larger_than=1000)

    assert below(walked, source) == {"a", "b", "one", "one/c", "one/d", "one/inner", "one/inner/e", "two", "two/f", "empty"} | {
        "exact"
    }
    assert walked.walker.skipped == Skipped(too_large=1)


@pytest.fixture
def mounted(source: Path) -> Iterator[Path]:
    """The source, with another file system in ``two`` and one of its files laid over ``b``."""
    subprocess.run(["mount", "-t", "tmpfs", "none", source / "two"], check=True)
    try:
        (source / "two" / "other").write_text("of another file system\n")
        (source / "two" / "folder").mkdir()
        subprocess.run(["mount", "--bind", source / "two" / "other", source / "b"], check=True)
        try:
            yield source
        finally:
            subprocess.run(["umount", source / "b"], check=True)
    finally:
        subprocess.run(["umount", source / "two"], check=True)


@pytest.mark.root
def test_one_file_system_stops_at_a_mount(mounted: Path) -> None:
    """The mount point stays as an empty directory, to mount on after a restore. A file laid over another is not ours either."""
    assert {"b", "two/other", "two/folder"} <= below(walk(mounted), mounted)
    walked = walk(mounted, one_file_system=True)

    assert below(walked, mounted) == {"a", "one", "one/c", "one/d", "one/inner", "one/inner/e", "two", "empty"}
    assert walked.walker.skipped == Skipped(other_file_systems=2)


@pytest.mark.root
def test_one_file_system_means_that_of_each_source(mounted: Path) -> None:
    """A source on another file system was asked for by name."""
    walked = walk(mounted / "one", mounted / "two", one_file_system=True)
    whole = walk(mounted, mounted / "two" / "folder", one_file_system=True)

    assert {"one/c", "two/other", "two/folder"} <= below(walked, mounted)
    assert below(whole, mounted) >= {"one/c", "two"}


NAMED = "/proc/sys/fs/inotify"


def only_kernels(path: bytes, is_directory: bool) -> bool:
    """Leave out all that lies in ``/`` but two file systems of the kernel."""
    return path.count(b"/") == 1 and path not in {b"/proc", b"/sys"}


@pytest.mark.parametrize("one_file_system", [False, True])
def test_the_root_of_the_disk_is_walked_without_those_of_the_kernel(one_file_system: bool) -> None:
    """The source ``/`` stands for what is in it; that makes no sources of ``/proc`` and ``/sys``, nor of other disks."""
    walked = walk("/", excludes=only_kernels, one_file_system=one_file_system)
    skipped = walked.walker.skipped

    assert walked.paths == {"/proc", "/sys"}
    assert (skipped.kernel_file_systems, skipped.other_file_systems) == ((0, 2) if one_file_system else (2, 0))


@pytest.mark.parametrize("one_file_system", [False, True])
def test_what_is_named_is_read(one_file_system: bool) -> None:
    """Whoever writes it down means it, also within what is left out, and no more than that."""
    alone = walk(NAMED, one_file_system=one_file_system)
    within = walk("/", NAMED, excludes=only_kernels, one_file_system=one_file_system)

    assert alone.paths > {NAMED}
    assert alone.walker.skipped == Skipped()
    assert within.paths == alone.paths | {"/sys"}


def test_those_of_the_kernel_are_read_when_that_is_wanted() -> None:
    """All of them, and not only those that are named."""

    def excludes(path: bytes, is_directory: bool) -> bool:
        return (
            only_kernels(path, is_directory) or path == b"/sys" or (path.count(b"/") > 1 and not NAMED.encode().startswith(path))
        )

    walked = walk("/", excludes=excludes, kernel_file_systems=True)

    assert walked.paths == {"/proc", "/proc/sys", "/proc/sys/fs", NAMED}
    assert walked.walker.skipped.kernel_file_systems == 0


def test_a_socket_is_skipped_with_a_note(archive: Archive, source: Path) -> None:
    """It cannot be restored to anything useful. That is no problem, so a nightly job must not end with exit code 3."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "two" / "socket"))
        ran = archive.backup(source)

    assert [note for note in ran.notes if "is a socket" in note] == [
        f"{source}/two/socket is a socket; sockets are not backed up"
    ]
    assert ran.problems == {}
    assert ran.result.problems == 0
    assert list(archive.nodes(ran.tree, str(source / "two"))) == ["f"]


def test_a_socket_is_skipped_as_a_source_too(source: Path) -> None:
    """A readers' restore could make nothing of the node, and restic would not have written it."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "two" / "socket"))
        walked = walk(source / "two" / "socket", source / "a")

    assert below(walked, source) == {"two", "a"}
    assert len(walked.notes) == 1
    assert walked.walker.skipped == Skipped(sockets=1)


def test_an_unreadable_directory_is_a_problem_and_the_rest_is_saved(
    archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever restores must not find a directory that looks empty but was not."""
    forbid(monkeypatch, source / "one")
    ran = archive.backup(source)

    assert ran.problems == {f"{source}/one/": "cannot be read: Permission denied"}
    assert ran.result.problems == 1
    assert set(archive.nodes(ran.tree, str(source))) == {"a", "b", "empty", "two"}
    assert archive.check() == ()


def test_an_unreadable_file_is_a_problem_and_the_rest_is_saved(
    archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file of a server that the backup may not read is told by name, and costs nothing else."""
    forbid(monkeypatch, source / "one" / "c")
    ran = archive.backup(source)

    assert ran.problems == {f"{source}/one/c": "cannot be read: Permission denied"}
    assert ran.result.problems == 1
    assert set(archive.nodes(ran.tree, f"{source}/one")) == {"d", "inner"}
    assert ran.summary.files_new == ran.summary.total_files_processed == 5


def test_an_unreadable_directory_is_read_once_it_can_be(archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was left out once must not be taken for unchanged the next time."""
    with monkeypatch.context() as patch:
        forbid(patch, source / "one")
        forbid(patch, source / "two" / "f")
        assert archive.backup(source).result.problems == 2
    ran = archive.backup(source)

    assert ran.problems == {}
    assert set(archive.nodes(ran.tree, f"{source}/one")) == {"c", "d", "inner"}
    assert set(archive.nodes(ran.tree, f"{source}/two")) == {"f"}


@pytest.mark.root
def test_rights_are_those_of_the_user() -> None:
    """The same without root's powers: a process that has given them up meets real refusals."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        (top / "source" / "closed").mkdir(parents=True)
        for name in ("closed/inside", "open", "secret"):
            (top / "source" / name).write_text(name)
        (top / "source" / "closed").chmod(0o700)
        (top / "source" / "secret").chmod(0o600)
        (top / "user").mkdir()
        os.chown(top / "user", NOBODY, NOBODY)
        top.chmod(0o755)

        def run() -> object:
            os.umask(0o077)
            ran = Archive(top / "user" / "repository", top / "user" / "home").init().backup(top / "source")
            return ran.problems, ran.result.problems, ran.summary.total_files_processed

        told = as_nobody(run)

        assert told == (
            {f"{top}/source/{name}": "cannot be read: Permission denied" for name in ("closed/", "secret")},
            2,
            1,
        )


def test_what_vanishes_during_the_walk_is_a_problem(source: Path) -> None:
    """A directory that was listed and is gone when it is its turn: told, and the walk goes on."""

    def remove(path: str) -> None:
        if path == str(source):
            shutil.rmtree(source / "one")

    walked = walk(source, meanwhile=remove)

    assert walked.problems == {f"{source}/one/": "cannot be read: No such file or directory"}
    assert "two/f" in below(walked, source)


def test_a_source_that_vanishes_is_a_problem(source: Path) -> None:
    """Also when its file system was to be asked for."""

    def remove(path: str) -> None:
        if path == str(source):
            shutil.rmtree(source / "one")

    walked = walk(source / "one", source / "two", meanwhile=remove, one_file_system=True)

    assert walked.problems == {f"{source}/one/": "cannot be read: No such file or directory"}
    assert "two/f" in below(walked, source)


def test_a_directory_that_becomes_a_link_during_the_walk_is_not_followed(source: Path, tmp_path: Path) -> None:
    """Somebody who may write there must not make a backup by root read other directories under this name."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key").touch()

    def swap(path: str) -> None:
        if path == str(source):
            shutil.rmtree(source / "one")
            (source / "one").symlink_to(tmp_path / "secret")

    walked = walk(source, meanwhile=swap)

    assert "one/key" not in below(walked, source)
    assert list(walked.problems) == [f"{source}/one/"]


def test_special_files_are_taken_without_being_opened(archive: Archive, source: Path) -> None:
    """Opening a fifo waits for ever, opening a device may do anything."""
    os.mkfifo(source / "fifo", 0o600)
    if os.geteuid() == 0:
        os.mknod(source / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    ran = archive.backup(source)
    nodes = archive.nodes(ran.tree, str(source))

    assert nodes["fifo"].type == "fifo"
    assert ran.problems == {}
    if os.geteuid() == 0:
        assert (nodes["null"].type, nodes["null"].device) == ("chardev", os.makedev(1, 3))


def forbid(monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    """Make opening a path fail, also in processes that are forked from now on. Root is refused nothing by the system."""
    allowed = os.open

    def refusing(what: "bytes | str", *rest: Any, **options: Any) -> int:
        if os.fsencode(what) == os.fsencode(path):
            raise PermissionError(13, "Permission denied", what)
        return allowed(what, *rest, **options)

    monkeypatch.setattr(os, "open", refusing)


def as_nobody(task: Callable[[], object]) -> object:
    """Return what ``task`` returns in a process that is not root."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = task()
        except BaseException as error:  # noqa: BLE001
            answer = repr(error)  # to the parent, which compares it
        os.write(writer, pickle.dumps(answer))
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answers:
        answer = pickle.loads(answers.read())  # noqa: S301 - from our own child process
    os.waitpid(child, 0)
    return answer
