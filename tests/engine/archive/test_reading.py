"""Reading files that do not hold still. A backup runs while people work, and must neither hang, nor lie, nor give up."""

import hashlib
import os
import random
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from gdp.core.aes_ctr import Buffer
from gdp.core.chunker import ChunkerParameters
from gdp.core.errors import StorageFull
from gdp.core.packformat import BlobKind
from gdp.engine.archive import read_file
from gdp.engine.archive.blob_store import BlobStore
from gdp.engine.archive.metadata import Row, read_attributes
from gdp.engine.archive.read_file import CHANGED, NO_FILE, FileRead, FileReader
from gdp.model.node import ExtendedAttribute
from tests.engine.archive.running import Archive

SMALL, LARGE = 1000, 3_000_000


class Kept:
    """A store in memory; ``meddle`` is called with the number of calls so far, while a file is being read.

    For a large file that is with each of its blobs; for a small one between its bytes and the second look at it.
    """

    def __init__(self, meddle: Callable[[int], None] = lambda _number: None) -> None:
        self.blobs: dict[bytes, bytes] = {}
        self.calls = 0
        self._meddle = meddle
        self._is_large = False

    def store_data(self, plaintext: Buffer) -> bytes:
        self._is_large = True
        self._meddle(self.calls)
        self.calls += 1
        return self._keep(plaintext)

    def store_many(self, plaintexts: Sequence[Buffer]) -> list[bytes]:
        return [self._keep(plaintext) for plaintext in plaintexts]

    def read_attributes(self, descriptor: int) -> list[ExtendedAttribute] | None:
        if not self._is_large:
            self._meddle(self.calls)
            self.calls += 1
        return read_attributes(descriptor)

    def _keep(self, plaintext: Buffer) -> bytes:
        blob_id = hashlib.sha256(plaintext).digest()
        self.blobs[blob_id] = bytes(plaintext)
        return blob_id

    def content(self, read: FileRead) -> bytes:
        return b"".join(self.blobs[bytes(read.content[start : start + 32])] for start in range(0, len(read.content), 32))


def read(path: Path, store: Kept) -> FileRead:
    reader = FileReader(cast("BlobStore", store), ChunkerParameters(128 << 10), 1, lambda _count: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(read_file, "read_attributes", store.read_attributes)
        return reader.read_all([(os.fsencode(path), os.fsencode(path.name))])[0]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, LARGE])
def test_a_quiet_file_is_read_to_the_byte(file: Path, size: int) -> None:
    """Around every limit of the two ways of reading."""
    content = random.Random(size).randbytes(size)
    file.write_bytes(content)
    store = Kept()
    done = read(file, store)

    assert done.problem == ""
    assert store.content(done) == content
    assert Row._make(done.row).size == size
    assert len(done.content) == (0 if size == 0 else 32) or size > 65_536


def test_nothing_works_on_a_file_that_failed(file: Path) -> None:
    """The next file is read into the same memory: a block still on its way would get its bytes, under the wrong name."""
    content = random.Random(1).randbytes(LARGE)
    file.write_bytes(content)
    release = threading.Event()
    done: list[bytes] = []

    class Failing(Kept):
        def store_data(self, plaintext: Buffer) -> bytes:
            if content.startswith(plaintext):
                threading.Timer(0.1, release.set).start()
                raise StorageFull("no room")
            release.wait()
            done.append(bytes(plaintext))
            return bytes(32)

    reader = FileReader(cast("BlobStore", Failing()), ChunkerParameters(128 << 10), 3, lambda _count: None)
    with pytest.raises(StorageFull):
        reader.read_all([(os.fsencode(file), os.fsencode(file.name))])

    assert done, "the error is told when all blocks under way are done"
    assert all(plaintext in content for plaintext in done)


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("change", ["rewritten", "grown", "shrunk", "emptied"])
def test_a_file_that_changes_once_is_read_once_more(file: Path, size: int, change: str) -> None:
    """The second reading is whole, so nothing needs to be said."""
    file.write_bytes(random.Random(1).randbytes(size))
    os.utime(file, ns=(1, 1))

    def meddle(number: int) -> None:
        if number == 0:
            _change(file, change, size)

    store = Kept(meddle)
    done = read(file, store)

    assert done.problem == ""
    assert store.content(done) == file.read_bytes()
    assert Row._make(done.row).mtime_ns == file.stat().st_mtime_ns


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("change", ["rewritten", "grown", "shrunk"])
def test_a_file_that_keeps_changing_is_saved_with_a_problem(file: Path, size: int, change: str) -> None:
    """A mixture may be worth something, if it is known to be one. It is tried twice, not for ever."""
    file.write_bytes(random.Random(1).randbytes(size))
    os.utime(file, ns=(1, 1))

    def meddle(number: int) -> None:
        _change(file, change, size, turn=number)

    store = Kept(meddle)
    done = read(file, store)

    assert done.problem == CHANGED
    assert done.node
    assert Row._make(done.row).size == len(store.content(done))
    assert file.stat().st_mtime_ns != Row._make(done.row).mtime_ns


def test_a_file_that_never_stops_growing_ends(file: Path) -> None:
    """A log that is written faster than we read: what was there at the beginning is saved, and a little more."""
    file.write_bytes(bytes(SMALL))

    def meddle(_number: int) -> None:
        with file.open("ab") as stream:
            stream.write(bytes(200_000))

    store = Kept(meddle)
    done = read(file, store)

    assert done.problem == CHANGED
    assert len(store.content(done)) <= 700_000


@pytest.mark.parametrize("became", ["fifo", "folder", "link", "nothing", "device"])
def test_what_became_something_else_is_not_waited_for(file: Path, became: str) -> None:
    """Between listing and opening: a fifo would hang the run, a link would lead out of the source."""
    if became == "fifo":
        os.mkfifo(file)
    elif became == "folder":
        file.mkdir()
    elif became == "link":
        file.symlink_to("/etc/hostname")
    elif became == "device":
        if os.geteuid() != 0:
            pytest.skip("only root can make devices")
        os.mknod(file, 0o020666, os.makedev(1, 5))  # /dev/zero, which has no end
    done = read(file, Kept())

    assert (
        done.problem
        in {
            "fifo": {NO_FILE},
            "folder": {NO_FILE, "Is a directory"},
            "link": {"Too many levels of symbolic links"},
            "nothing": {"No such file or directory"},
            "device": {NO_FILE},
        }[became]
    )
    assert not done.node


def test_reading_leaves_the_access_time_alone(file: Path) -> None:
    """Mail programs go by it, and a backup must not make every file look used."""
    file.write_bytes(b"content")
    os.utime(file, ns=(1, 10**18))
    read(file, Kept())

    assert file.stat().st_atime_ns == 1


def _change(file: Path, change: str, size: int, turn: int = 0) -> None:
    """Change the file under its reader."""
    if change == "rewritten":
        with file.open("r+b") as stream:
            stream.write(b"%d" % turn)
        os.utime(file, ns=(turn + 2, turn + 2))
    elif change == "grown":
        with file.open("ab") as stream:
            stream.write(b"more")
    else:
        os.truncate(file, 0 if change == "emptied" else max(1, size // 2 - turn))


def test_the_user_is_told_and_the_rest_is_saved(archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through worker processes: exit code 3 by the count of problems, and a snapshot that checks."""

    def meddle(descriptor: int) -> list[ExtendedAttribute] | None:
        if os.readlink(f"/proc/self/fd/{descriptor}") == str(source / "one" / "c"):
            with (source / "one" / "c").open("ab") as stream:
                stream.write(b"more\n")
        return read_attributes(descriptor)

    monkeypatch.setattr(read_file, "read_attributes", meddle)
    ran = archive.backup(source)

    assert ran.problems == {f"{source}/one/c": "was saved, but changed while it was read: old and new contents may be mixed"}
    assert ran.result.problems == 1
    assert set(archive.nodes(ran.tree, f"{source}/one")) == {"c", "d", "inner"}
    assert archive.check() == ()
    monkeypatch.setattr(read_file, "read_attributes", read_attributes)
    again = archive.backup(source)
    node = archive.nodes(again.tree, f"{source}/one")["c"]
    assert again.problems == {}
    assert (
        b"".join(archive.open().load_blob(BlobKind.DATA, bytes.fromhex(blob)) for blob in node.content or ())
        == (source / "one" / "c").read_bytes()
    )


def test_what_vanishes_between_listing_and_reading_is_told(archive: Archive, source: Path) -> None:
    """Temporary files do that all day. They are named, and leave no node without contents."""

    def before_reading() -> None:
        (source / "one" / "c").unlink()
        (source / "one" / "d").unlink()
        (source / "one" / "d").mkdir()
        (source / "two" / "f").unlink()
        os.mkfifo(source / "two" / "f")

    ran = archive.backup(source, before_reading=before_reading)

    assert ran.problems == {
        f"{source}/one/c": "cannot be read: No such file or directory",
        f"{source}/one/d": "cannot be read: it is no longer a regular file",
        f"{source}/two/f": "cannot be read: it is no longer a regular file",
    }
    assert ran.result.problems == 3
    assert set(archive.nodes(ran.tree, f"{source}/one")) == {"inner"}
    assert archive.nodes(ran.tree, f"{source}/two") == {}
    assert archive.check() == ()


def test_a_link_that_vanishes_is_told(archive: Archive, source: Path) -> None:
    """It is read when its folder is finished, which is after its files were read."""
    (source / "one" / "link").symlink_to("c")
    ran = archive.backup(source, before_reading=(source / "one" / "link").unlink)

    assert ran.problems == {f"{source}/one/link": "cannot be read: No such file or directory"}
    assert set(archive.nodes(ran.tree, f"{source}/one")) == {"c", "d", "inner"}
