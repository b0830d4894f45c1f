"""``dump``: a file or an archive through a pipe."""

import io
import os
import stat
import subprocess
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import BadInput, DamagedData
from gdp.engine.browse.dump import Archive, dump
from gdp.model.events import Event, Note
from gdp.model.node import ExtendedAttribute
from gdp.model.snapshot import Snapshot
from tests.conftest import require_program
from tests.engine.crafted import Crafted, by_restic, latest, link, node, opened
from tests.manifest import differences, manifest


class Pipe(io.RawIOBase):
    """A stream that only takes bytes, as a pipe does."""

    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.content += data
        return len(data)


def dumped(crafted: Crafted, snapshot: Snapshot, path: bytes, archive: Archive = Archive.TAR) -> bytes:
    """Return what a dump writes."""
    pipe = Pipe()
    dump(crafted.repo, snapshot, path, pipe, archive=archive)  # type: ignore[arg-type]
    return bytes(pipe.content)


def test_file_is_written_as_it_is(crafted: Crafted) -> None:
    """``gdp dump latest /db.sql | psql`` is how databases come back."""
    parts = [bytes([letter]) * 5000 for letter in range(30)]
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", crafted.file(b"file", *parts)))

    assert dumped(crafted, snapshot, b"/folder/file") == b"".join(parts)


def test_missing_path_and_special_files_are_refused(crafted: Crafted) -> None:
    """Nothing must look like an empty file."""
    snapshot = crafted.snapshot(link(b"link", b"x"))

    with pytest.raises(BadInput, match="neither a file nor"):
        dumped(crafted, snapshot, b"link")
    with pytest.raises(BadInput, match="has no"):
        dumped(crafted, snapshot, b"absent")


def test_lost_block_ends_the_dump_with_an_error(crafted: Crafted) -> None:
    """A shorter file would be taken for the whole one."""
    snapshot = crafted.snapshot(node(b"file", "file", content=["ab" * 32], size=10))

    for path in (b"/file", b""):
        with pytest.raises(DamagedData):
            dumped(crafted, snapshot, path)


def test_wrong_size_in_the_entry_ends_the_archive_with_an_error(crafted: Crafted) -> None:
    """A tar header announces the size; other content would shift everything behind it."""
    for size in (3, 5):
        file = crafted.file(b"file", b"four")
        file.size = size
        snapshot = crafted.snapshot(file)

        with pytest.raises(DamagedData, match="another size"):
            dumped(crafted, snapshot, b"")


def test_tar_keeps_everything(crafted: Crafted) -> None:
    """Names that are not UTF-8, nanoseconds, links and attributes."""
    snapshot = crafted.snapshot(
        crafted.file(b"\xff-name", b"data", links=2, inode=5, device_id=1, uid=7, gid=8, mode=0o640 | 1 << 23),
        crafted.file(b"hard", b"data", links=2, inode=5, device_id=1),
        link(b"link", b"\xfe-target"),
        crafted.file(b"marked", b"", extended_attributes=[ExtendedAttribute("user.note", "/w==")]),
        node(b"old", "fifo", mtime="1969-12-31T23:59:58.75Z", mode=1 << 25 | 0o600),
    )

    with tarfile.open(fileobj=io.BytesIO(dumped(crafted, snapshot, b"")), errors="surrogateescape") as tar:
        members = {os.fsencode(member.name): member for member in tar}

    assert list(members) == [b"\xff-name", b"hard", b"link", b"marked", b"old"]
    first = members[b"\xff-name"]
    assert (first.uid, first.gid, first.mode, first.size) == (7, 8, 0o4640, 4)
    assert first.pax_headers["mtime"] == "1714979289.123456789"
    assert (members[b"hard"].islnk(), os.fsencode(members[b"hard"].linkname)) == (True, b"\xff-name")
    assert os.fsencode(members[b"link"].linkname) == b"\xfe-target"
    assert members[b"marked"].pax_headers["SCHILY.xattr.user.note"] == "\udcff"
    assert members[b"old"].isfifo()
    assert members[b"old"].mtime == -1.25


@pytest.mark.peer
@pytest.mark.root
def test_gnu_tar_unpacks_the_awkward_tree(
    peer_restic: Path, built_awkward_tree: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """What counts is what the usual program makes of it."""
    by_restic(peer_restic, tmp_path / "repo", ["backup", "."], cwd=built_awkward_tree)
    repo = opened(tmp_path / "repo", isolated_home)
    with (tmp_path / "dump.tar").open("wb") as stream:
        dump(repo, latest(repo), b"", stream)
    (tmp_path / "out").mkdir()
    options = ["--xattrs", "--xattrs-include=*", "--numeric-owner"]
    subprocess.run([require_program("tar"), "-xpf", tmp_path / "dump.tar", *options, "-C", tmp_path / "out"], check=True)

    lost = {"socket", "links/not-utf8", "attributes/link"}  # see tests/awkward.py on old restics; tar never makes sockets
    wanted = manifest(built_awkward_tree, without=lost)
    assert not differences(wanted, manifest(tmp_path / "out", without=lost))


def test_zip_holds_files_folders_and_links(crafted: Crafted) -> None:
    """For those who have only a Windows computer at hand."""
    snapshot = crafted.snapshot(
        crafted.folder_of(b"folder", crafted.file(b"\xff", b"data" * 1000, mode=0o755)),
        link(b"link", b"folder"),
        node(b"fifo", "fifo"),
    )
    pipe, events = Pipe(), list[Event]()

    dump(crafted.repo, snapshot, b"", pipe, archive=Archive.ZIP, emit=events.append)  # type: ignore[arg-type]

    with zipfile.ZipFile(io.BytesIO(bytes(pipe.content))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["folder/", "folder/\\xff", "link"]
        assert archive.read("folder/\\xff") == b"data" * 1000
        assert archive.read("link") == b"folder"
        assert stat.S_ISLNK(archive.getinfo("link").external_attr >> 16)
        assert archive.getinfo("folder/\\xff").external_attr >> 16 == stat.S_IFREG | 0o755
    assert [event.facts for event in events if isinstance(event, Note)] == [{"path": "fifo"}]


@pytest.mark.parametrize("archive", list(Archive))
def test_names_that_lead_out_are_left_out(crafted: Crafted, archive: Archive) -> None:
    """The archive will be unpacked by a program that may be less careful."""
    evil = crafted.folder_of(b"folder", crafted.file(b"../../evil", b"evil"), crafted.file(b"good", b"good"))
    snapshot = crafted.snapshot(evil, crafted.folder_of(b"..", crafted.file(b"evil", b"evil")))

    assert b"evil" not in dumped(crafted, snapshot, b"", archive)
