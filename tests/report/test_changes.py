"""What is kept of the files of a run is little, however many there were, and true."""

from hypothesis import given
from hypothesis import strategies as st

from gdp.model.changes import Changes, NamedFile, Place
from gdp.model.events import BeganAnew, ItemDone, Note
from gdp.report.changes import MOST_FOLDERS, MOST_NAME_CHARACTERS, MOST_NAMES, MOST_PLACES, ChangeRecorder

PARTS = st.lists(st.sampled_from(["a", "b", "ccc", "ä ö"]), min_size=0, max_size=5)
FILES = st.lists(st.tuples(PARTS, st.integers(0, 9), st.integers(0, 10**12)), min_size=1, max_size=80)


def gathered(*items: ItemDone) -> dict[str, Changes]:
    """Return what is kept of these."""
    recorder = ChangeRecorder()
    for item in items:
        recorder.listen(item)
    return dict(recorder.finish())


def test_a_few_files_are_named_in_order() -> None:
    """With their sizes, and counted by folder; folders and unchanged files are no news."""
    found = gathered(
        ItemDone("/srv/b/two", "new", "file", 2), ItemDone("/srv/a/one", "new", "file", 1), ItemDone("/srv/b/", "new", "dir"),
        ItemDone("/srv/c", "unmodified", "file", 4), ItemDone("/srv/s", "skipped", "socket"),
    )  # fmt: skip

    assert found == {
        "new": Changes(
            files=2, bytes=3, names=(NamedFile("/srv/a/one", 1), NamedFile("/srv/b/two", 2)),
            places=(Place("/srv/a", 1, 1), Place("/srv/b", 1, 2)),
        ),
        "skipped": Changes(files=1, names=(NamedFile("/srv/s", kind="socket"),), places=(Place("/srv", 1),)),
    }  # fmt: skip


def test_folders_with_the_most_files_are_told() -> None:
    """The rest is a number."""
    items = [
        ItemDone(f"/srv/{folder:02}/{n}", "new", "file", 10) for folder in range(14) for n in range(1 if folder < 12 else 50)
    ]
    changes = gathered(*items)["new"]

    assert changes.places[-2:] == (Place("/srv/12", 50, 500), Place("/srv/13", 50, 500))
    assert (len(changes.places), changes.other_places, changes.other_files) == (MOST_PLACES, 4, 4)


def test_where_no_folder_has_many_those_above_are_told() -> None:
    """Ten of five hundred projects with two files each would say nothing."""
    items = [ItemDone(f"/srv/projects/{n % 500}/{n}", "changed", "file", 10) for n in range(1000)]

    assert gathered(*items)["changed"].places == (Place("/srv/projects", 1000, 10_000, is_deep=True),)


def test_what_began_anew_counts_once() -> None:
    """A run that finds its index damaged looks at everything again."""
    recorder = ChangeRecorder()
    for event in (ItemDone("/a/x", "removed"), Note("unimportant"), BeganAnew(), ItemDone("/a/x", "removed")):
        recorder.listen(event)

    assert dict(recorder.finish())["removed"].files == 1


@given(FILES)
def test_every_file_is_counted_where_it_lies(files: list[tuple[list[str], int, int]]) -> None:
    """In a place that is told or in one that is not, and in a folder above it or its own."""
    paths = ["/".join(["", *parts, str(name)]) for parts, name, _size in files]
    changes = gathered(*(ItemDone(path, "new", "file", size) for path, (_, _, size) in zip(paths, files, strict=True)))["new"]

    assert changes.files == len(files) == sum(place.files for place in changes.places) + changes.other_files
    assert changes.bytes == sum(size for _, _, size in files)
    for place in changes.places:
        folder = place.path.rstrip("/")
        there = [path for path in paths if (path if place.is_deep else path.rpartition("/")[0] + "/").startswith(f"{folder}/")]
        assert place.files <= len(there)


def test_a_million_folders_take_little_room() -> None:
    """Deep, wide and in no order; the record is one line of JSON, which must not become too long."""
    recorder = ChangeRecorder()
    for n in range(30_000):
        recorder.listen(ItemDone(f"/srv/{n % 7}/{n % 1013}/{n % 3001}/" + "x" * 200 + f"/{n}", "new", "file", 1))
        if n % 1000 == 0:
            assert len(recorder._lists["new"]._folders) <= MOST_FOLDERS
    changes = dict(recorder.finish())["new"]

    assert changes.files == 30_000
    assert len(changes.names) == MOST_NAMES
    assert len(changes.places) <= MOST_PLACES


def test_long_names_are_fewer() -> None:
    """A line of the log has a greatest length."""
    changes = gathered(*(ItemDone(f"/srv/{'ü' * 4000}/{n}", "new") for n in range(90)))["new"]

    assert sum(len(named.path) for named in changes.names) <= MOST_NAME_CHARACTERS
    assert changes.files == 90


def test_files_outside_any_folder() -> None:
    """The top of the disk, and a relative source."""
    assert gathered(ItemDone("/swapfile", "new"), ItemDone("x", "new"))["new"].places == (Place("/", 2),)
    many = [ItemDone(f"{n}/x", "new") for n in range(40)]

    assert gathered(*many)["new"].places == (Place("/", 40, is_deep=True),)
