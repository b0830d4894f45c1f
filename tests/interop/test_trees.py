"""Directories id for id as restic writes them. One byte of difference, and a change of programs stores every folder again."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gdp.core import gotext
from gdp.core.chunker import SMALL_FILE_BYTES
from gdp.core.packformat import BlobKind
from tests import awkward
from tests.engine.archive.running import Archive, Ran
from tests.interop.restic import Restic

pytestmark = [pytest.mark.peer, pytest.mark.slow]

COUNTED = (
    *("files_new", "files_changed", "files_unmodified", "dirs_new", "dirs_changed", "dirs_unmodified"),
    *("data_blobs", "tree_blobs", "data_added", "total_files_processed", "total_bytes_processed"),
)


class Both:
    """Backs up with both programs, each into a repository of its own, and compares trees and counts."""

    def __init__(self, folder: Path, archive: Archive, restic: Restic) -> None:
        self.archive = archive.init()
        self.restic = Restic(restic.program, str(folder / "restics"))
        self.restic("init")

    def __call__(self, cwd: Path, *paths: str, **choices: Any) -> Ran:
        """Back up paths, given relative to ``cwd``."""
        before = Path.cwd()
        os.chdir(cwd)
        try:
            ran = self.archive.backup(*paths, **choices)
            summary = self.restic.backup(*paths, cwd=cwd)
        finally:
            os.chdir(before)
        theirs = self.restic.snapshot(summary["snapshot_id"])
        assert ran.tree == theirs["tree"], self._difference(theirs["tree"], ran.tree)
        assert _counted(ran) == {name: theirs["summary"].get(name, 0) for name in COUNTED}
        return ran

    def _difference(self, theirs: str, ours: str) -> str:
        """Return the first node that differs."""
        left = _by_name(self.restic("cat", "blob", theirs))
        right = _by_name(self.archive.open().load_blob(BlobKind.TREE, bytes.fromhex(ours)))
        for name in sorted(left.keys() | right.keys()):
            one, other = left.get(name, {}), right.get(name, {})
            if one != other and {**one, "subtree": ""} == {**other, "subtree": ""}:
                return f"in {name}: {self._difference(one['subtree'], other['subtree'])}"
            if one != other:
                return f"restic: {one}\nours:   {other}"
        return "equal nodes, written differently"


def _by_name(tree: str | bytes) -> dict[str, dict[str, Any]]:
    return {node["name"]: node for node in json.loads(tree)["nodes"]}


def _counted(ran: Ran) -> dict[str, int]:
    return {name: getattr(ran.summary, name) for name in COUNTED}


@pytest.fixture
def both(tmp_path: Path, archive: Archive, newest_restic: Restic) -> Both:
    """Both programs, with empty repositories."""
    return Both(tmp_path, archive, newest_restic)


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """The awkward tree, without files that are cut: restic cuts those elsewhere."""
    top = tmp_path / "place" / "tree"
    awkward.build(top, for_restic=True)
    for path in [path for path in top.rglob("*") if not path.is_symlink() and path.is_file()]:
        if path.stat().st_size > SMALL_FILE_BYTES:
            path.unlink()
    yield top
    for folder, _, _ in os.walk(os.fsencode(top)):
        os.chmod(folder, 0o700)


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], None]]:
    """Sets the time zone of this process and its children."""

    def set_zone(name: str | None) -> None:
        if name is None:
            monkeypatch.delenv("TZ", raising=False)
        else:
            monkeypatch.setenv("TZ", name)
        time.tzset()
        gotext._date_and_offset.cache_clear()

    yield set_zone
    set_zone(None)


def _file_to_folder(tree: Path) -> None:
    (tree / "links" / "to-file").unlink()
    (tree / "links" / "to-file").mkdir()


def _folder_to_file(tree: Path) -> None:
    shutil.rmtree(tree / "empty")
    (tree / "empty").write_bytes(b"a file now")


def _file_to_folder_again(tree: Path) -> None:
    (tree / "empty").unlink()
    (tree / "empty").mkdir()


STEPS: list[Callable[[Path], object]] = [
    lambda tree: (tree / "names" / "Case").write_bytes(b"changed"),
    lambda tree: (tree / "many" / "new").write_bytes(random.Random(7).randbytes(3000)),
    lambda tree: shutil.rmtree(tree / "many" / "07"),
    lambda tree: (tree / "many" / "05").rename(tree / "many" / "five"),
    lambda tree: (tree / "many" / "06").chmod(0o700),
    lambda tree: os.setxattr(tree / "many" / "08", "user.x", b"1"),
    lambda tree: os.utime(tree / "many" / "09"),
    _file_to_folder,
    lambda tree: os.link(tree / "links" / "one", tree / "links" / "four"),
    _folder_to_file,
    _file_to_folder_again,
    lambda tree: (tree / "sizes" / "4096").touch(),
]


def test_an_awkward_tree_is_the_same(both: Both, tree: Path) -> None:
    """Every kind of name, link, node, owner, right, time, attribute and ACL, in each of several shapes of source."""
    both(tree.parent, "tree")
    both(tree, ".")
    both(tree, "names", "links", "many/01")
    both(tree / "many", "../links", "../names/case", "..")
    both(tree, "links/to-folder", "links/dangling", "nodes/fifo", "many", "many/02")


def test_it_stays_the_same_through_changes(both: Both, tree: Path) -> None:
    """And is counted alike: new, changed and unchanged files and folders, and what was added."""
    place = tree.parent
    both(place, "tree")
    both(place, "tree")
    for step in STEPS:
        step(tree)
        both(place, "tree")


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
def test_times_are_written_alike_in_every_zone(both: Both, tmp_path: Path, name: str, zone: Callable[[str | None], None]) -> None:
    """With the offset that held at that moment: in summer and winter, around the change, before standard time, far ahead."""
    folder = tmp_path / "place"
    folder.mkdir()
    moments = [0, -1, 1_711_846_799, 1_711_846_800, 1_729_994_399, 1_729_994_400, 1_720_000_000, 1_705_000_000]
    for seconds in (*moments, -800_000_000, 4_000_000_000, 8_000_000_000):
        for fraction in (0, 1, 100_000_000, 999_999_999):
            (folder / f"{seconds}-{fraction}").touch()
            os.utime(folder / f"{seconds}-{fraction}", ns=(0, seconds * 10**9 + fraction))
    zone(name)

    both(folder, ".")


def test_before_standard_time_the_moment_is_kept(zone: Callable[[str | None], None]) -> None:
    """Here we differ, and must: offsets were not whole minutes, and what restic writes is up to a minute off when read again."""
    zone("America/St_Johns")
    moment = -2_000_000_000 * 10**9 + 1

    assert gotext.parse_time(gotext.format_time(moment)) == moment


def test_the_same_after_a_change_of_zone(both: Both, tmp_path: Path, zone: Callable[[str | None], None]) -> None:
    """A laptop travels; neither program may keep half of its folders in the old zone."""
    folder = tmp_path / "place"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "file").touch()
    zone("Europe/Berlin")
    both(folder, ".")
    zone("America/New_York")
    both(folder, ".")


def test_any_name_is_written_alike(both: Both, tmp_path: Path) -> None:
    """Every byte, every kind of character: Go's quoting, then JSON's."""
    folder = os.fsencode(tmp_path / "place")
    os.mkdir(folder)
    for byte in range(1, 256):
        if byte not in b"/":
            awkward.write(folder + b"/byte-" + bytes((byte,)), b"")
    chance = random.Random(3)
    for number in range(600):
        code = chance.choice((chance.randrange(0x80, 0x3000), chance.randrange(0x3000, 0x11_0000)))
        if not 0xD800 <= code < 0xE000:
            awkward.write(folder + b"/%03d-" % number + chr(code).encode(), b"")
            os.symlink(chr(code).encode() + bytes((chance.randrange(1, 256),)), folder + b"/link-%03d" % number)

    both(tmp_path / "place", ".")


def test_sources_of_one_name_lie_where_restic_puts_them(both: Both, tmp_path: Path) -> None:
    """With a number behind the second."""
    for place in ("x", "y/x", "y/z/x"):
        (tmp_path / "place" / place).mkdir(parents=True)
        (tmp_path / "place" / place / place.replace("/", "-")).touch()
    (tmp_path / "place" / "y" / "file").touch()
    (tmp_path / "place" / "file").write_bytes(b"another")

    both(tmp_path / "place" / "y", "x", "../x", "file", "../file")
