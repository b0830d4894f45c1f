"""Where sources come to lie in a snapshot: where restic puts them, so that both programs' snapshots can be compared."""

import os
import stat
from pathlib import Path

import pytest

from gdp.core.errors import BadInput
from gdp.engine.archive.sources import existing_sources
from gdp.model.events import Event, Problem, ignore_events
from tests.engine.archive.walking import below, walk

EVERYTHING = {"a", "b", "one", "one/c", "one/d", "one/inner", "one/inner/e", "two", "two/f", "empty"}


def test_an_absolute_source_brings_its_ancestors(source: Path) -> None:
    """A restore to ``/`` must find the directories above with their own modes and owners."""
    walked = walk(source)

    ancestors = {str(path) for path in (source, *source.parents)} - {"/"}
    assert walked.paths == ancestors | {f"{source}/{path}" for path in EVERYTHING}
    for path in ancestors:
        assert walked.rows[path].inode == os.stat(path).st_ino


def test_a_relative_source_lies_at_the_root(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with restic: ``cd /srv && backup data`` gives ``/data``."""
    monkeypatch.chdir(source)

    assert walk("one").paths == {"/one", "/one/c", "/one/d", "/one/inner", "/one/inner/e"}
    assert walk("one/inner").paths == {"/one", "/one/inner", "/one/inner/e"}
    assert walk("./one/../two/").paths == {"/two", "/two/f"}


@pytest.mark.parametrize("there", [".", "..", "../..", "one/.."])
def test_a_source_without_a_name_stands_for_what_is_in_it(there: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no name for it at the root of the snapshot."""
    inside = {".": source, "..": source / "one", "../..": source / "one" / "inner", "one/..": source}[there]
    monkeypatch.chdir(inside)

    assert walk(there).paths == {f"/{path}" for path in EVERYTHING}


def test_the_root_of_the_disk_stands_for_what_is_in_it() -> None:
    """``backup /`` is what most servers do."""
    top = {f"/{name}" for name in os.listdir("/")}

    assert walk("/", excludes=lambda path, _is_directory: path.count(b"/") > 1).paths <= top
    assert walk("/", excludes=lambda path, _is_directory: path != b"/etc").paths == {"/etc"}


def test_a_path_upwards_keeps_only_its_names(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``..`` cannot be a name in a snapshot; what it led to is read from where it really is."""
    monkeypatch.chdir(source / "one" / "inner")
    walked = walk("../../two")

    assert walked.paths == {"/two", "/two/f"}
    assert os.path.samefile(walked.real["/two/f"], source / "two" / "f")


def test_several_sources_share_their_ancestors(source: Path) -> None:
    """Each directory appears once, with everything that was asked for."""
    walked = walk(source / "one" / "inner", source / "two", source / "a")

    assert below(walked, source) == {"one", "one/inner", "one/inner/e", "two", "two/f", "a"}
    assert len(walked.order) == len(set(walked.order))


@pytest.mark.parametrize("turned", [False, True])
def test_overlapping_sources_are_saved_once_and_whole(turned: bool, source: Path) -> None:
    """The larger source wins, whichever was named first; a narrower one must not hide what is beside it."""
    sources = [source / "one", source / "one" / "inner", source / "one" / "c", source / "one"]
    walked = walk(*(reversed(sources) if turned else sources))

    assert below(walked, source) == {"one", "one/c", "one/d", "one/inner", "one/inner/e"}


def test_different_sources_of_one_name_are_all_saved(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``backup x ../x``: the second must not take the place of the first. restic calls it ``x-1``."""
    (source / "one" / "two").mkdir()
    (source / "one" / "two" / "other").touch()
    monkeypatch.chdir(source / "one")
    walked = walk("two", "../two")

    assert walked.paths == {"/two", "/two/other", "/two-1", "/two-1/f"}
    assert os.path.samefile(walked.real["/two-1/f"], source / "two" / "f")


def test_absolute_and_relative_sources_of_one_name_are_all_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative ``tmp`` is not ``/tmp``, whose entries it must not hide."""
    first = tmp_path.parts[1]
    (tmp_path / first / "mine").mkdir(parents=True)
    (tmp_path / "there").mkdir()
    monkeypatch.chdir(tmp_path)
    walked = walk(tmp_path / "there", first)

    assert {str(tmp_path / "there"), f"/{first}-1", f"/{first}-1/mine"} <= walked.paths
    assert f"/{first}/mine" not in walked.paths


def test_a_file_may_be_a_source(source: Path) -> None:
    """One configuration file is a fair thing to back up."""
    walked = walk(source / "one" / "c")

    assert below(walked, source) == {"one", "one/c"}
    assert walked.rows[str(source / "one" / "c")].is_file


def test_a_link_as_a_source_is_saved_as_a_link(source: Path, tmp_path: Path) -> None:
    """As restic does; following it would save a tree under a name where a restore expects a link."""
    (tmp_path / "link").symlink_to(source)
    walked = walk(tmp_path / "link")

    assert stat.S_ISLNK(walked.rows[str(tmp_path / "link")].mode)
    assert not any(path.startswith(f"{tmp_path}/link/") for path in walked.paths)


def test_a_link_on_the_way_to_a_source_is_followed(source: Path, tmp_path: Path) -> None:
    """The source is named through it; in the snapshot the link is the directory it stands for."""
    (tmp_path / "link").symlink_to(source)
    walked = walk(tmp_path / "link" / "one")

    assert walked.rows[str(tmp_path / "link")].is_directory
    assert walked.rows[str(tmp_path / "link")].inode == source.stat().st_ino
    assert below(walked, tmp_path / "link") == {"one", "one/c", "one/d", "one/inner", "one/inner/e"}


def test_directories_come_in_order_of_their_raw_names(source: Path) -> None:
    """The parent comparison of restic and the order of nodes rest on byte order, not on any language's."""
    for name in (b"\xff", "ä".encode(), b"Z", b"a.", b"a0", b"\x7f"):
        os.mkdir(os.fsencode(source) + b"/one/" + name)
    names = [os.fsencode(Path(path).name) for path in walk(source / "one").rows if Path(path).parent == source / "one"]

    assert names == sorted(names)
    assert len(names) == 9


def test_no_source_is_refused() -> None:
    """An empty snapshot would look like a backup."""
    with pytest.raises(BadInput, match="no path"):
        existing_sources([], ignore_events)


def test_a_backup_of_nothing_that_exists_is_refused(source: Path) -> None:
    """A misspelt path must not be found out on the day of the restore."""
    with pytest.raises(BadInput, match="does not exist"):
        existing_sources([os.fsencode(source / "misspelt")], ignore_events)


def test_a_missing_source_is_a_problem_and_the_others_are_saved(source: Path) -> None:
    """One disk that is not mounted must not cost the backup of everything else, nor go unnoticed."""
    events: list[Event] = []
    existing = existing_sources([os.fsencode(source), os.fsencode(source / "misspelt")], events.append)

    assert existing == [os.fsencode(source)]
    assert [event.path for event in events if isinstance(event, Problem)] == [str(source / "misspelt")]
