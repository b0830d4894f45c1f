"""``ls`` and ``find``."""

import pytest

from gdp.core.errors import BadInput
from gdp.engine.browse.find import FindQuery, blobs_of_packs, find
from gdp.engine.browse.listing import list_entries
from gdp.engine.patterns.selector import make_selects
from gdp.model.events import Event, Problem
from gdp.model.exclusion import Pattern, PatternRules
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository
from tests.engine.crafted import Crafted, link, node


def home(crafted: Crafted, letter: bytes = b"a") -> Snapshot:
    """A small snapshot."""
    return crafted.snapshot(
        crafted.folder_of(b"home", crafted.folder_of(b"ann", crafted.file(b"letter.txt", letter)), crafted.file(b"x.txt", b"x")),
        link(b"link", b"home"),
    )


def paths(entries: object) -> list[str]:
    """Return the paths of entries."""
    return [entry.path.decode() for entry in entries]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("path", "recursive", "expected"),
    [
        (b"", False, ["/home", "/link"]),
        (b"/", True, ["/home", "/home/ann", "/home/ann/letter.txt", "/home/x.txt", "/link"]),
        (b"home", False, ["/home", "/home/ann", "/home/x.txt"]),
        (b"/home/ann/", True, ["/home/ann", "/home/ann/letter.txt"]),
        (b"/home/x.txt", True, ["/home/x.txt"]),
    ],
)
def test_listing_shows_a_folder_or_all_below_it(crafted: Crafted, path: bytes, recursive: bool, expected: list[str]) -> None:
    """As in restic, parents come before what lies in them."""
    snapshot = home(crafted)

    assert paths(list_entries(crafted.repo, snapshot, path, recursive=recursive)) == expected


@pytest.mark.parametrize("path", ["/nothing", "/home/ann/letter.txt/deeper", "/link/ann"])
def test_listing_says_what_is_not_there(crafted: Crafted, path: str) -> None:
    """A typing error must not look like an empty folder."""
    snapshot = home(crafted)

    with pytest.raises(BadInput, match=f"the snapshot has no {path}$"):
        list(list_entries(crafted.repo, snapshot, b"/" + path.encode()))


def test_damaged_folder_does_not_hide_the_others(crafted: Crafted) -> None:
    """One looks at a damaged repository to see what is left."""
    broken = node(b"broken", "dir", subtree="ab" * 32)
    snapshot = crafted.snapshot(broken, crafted.folder_of(b"good", crafted.file(b"file", b"x")))
    events: list[Event] = []

    assert paths(list_entries(crafted.repo, snapshot, recursive=True, emit=events.append)) == ["/broken", "/good", "/good/file"]
    assert [event.path for event in events if isinstance(event, Problem)] == ["/broken"]


class _Loop(Repository):
    """A repository in which every directory contains itself."""

    def load_tree(self, tree_id: bytes) -> list[Node]:
        return [node(b"again", "dir", subtree=tree_id.hex())]


def test_folder_that_contains_itself_ends(crafted: Crafted) -> None:
    """A reader that never returns is as bad as one that crashes."""
    snapshot = crafted.snapshot()
    crafted.repo.__class__ = _Loop
    events: list[Event] = []

    assert len(list(list_entries(crafted.repo, snapshot, recursive=True, emit=events.append))) == 1
    assert len(events) == 1


def found(crafted: Crafted, query: FindQuery, *snapshots: Snapshot) -> list[str]:
    """Return what is found, each with the number of its snapshot."""
    named = {SnapshotId(str(number)): snapshot for number, snapshot in enumerate(snapshots)}
    return [f"{item.snapshot}:{item.entry.path.decode()}" for item in find(crafted.repo, named, query)]


def pattern(text: str) -> FindQuery:
    """Return a query by one pattern as restic reads it."""
    return FindQuery(selects=make_selects(includes=[Pattern(text)], rules=PatternRules.RESTIC))


def test_find_looks_into_every_snapshot(crafted: Crafted) -> None:
    """The point is to learn which snapshot still has the file."""
    one, two = home(crafted), home(crafted, b"b")

    assert found(crafted, pattern("*.txt"), one, two) == [
        "0:/home/ann/letter.txt",
        "0:/home/x.txt",
        "1:/home/ann/letter.txt",
        "1:/home/x.txt",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (FindQuery(types=frozenset({"symlink"})), ["0:/link"]),
        (FindQuery(types=frozenset({"file"}), newest_ns=0), []),
        (FindQuery(types=frozenset({"file"}), oldest_ns=0, largest_bytes=1), ["0:/home/ann/letter.txt", "0:/home/x.txt"]),
        (FindQuery(smallest_bytes=2), []),
        (FindQuery(types=frozenset({"file"}), blobs=("ca978112",)), ["0:/home/ann/letter.txt"]),
    ],
)
def test_find_minds_every_condition(crafted: Crafted, query: FindQuery, expected: list[str]) -> None:
    """All that is given must hold together."""
    assert found(crafted, query, home(crafted)) == expected


def test_find_tells_whose_pack_it_is(crafted: Crafted) -> None:
    """After ``check`` names a damaged pack, this says which files that costs."""
    snapshot = home(crafted)
    pack = next(pack for pack, blob in crafted.repo.index if blob.id.hex().startswith("ca978112"))

    query = FindQuery(blobs=blobs_of_packs(crafted.repo, [pack.hex()[:12]]))

    assert found(crafted, query, snapshot) == ["0:/home/ann/letter.txt"]


class _Counting(Repository):
    """Counts the directories that are read."""

    loaded = 0

    def load_tree(self, tree_id: bytes) -> list[Node]:
        self.loaded += 1
        return super().load_tree(tree_id)


def test_find_reads_a_barren_folder_once(crafted: Crafted) -> None:
    """A hundred snapshots of an unchanged folder must not cost a hundred times one."""
    snapshot = home(crafted)
    crafted.repo.__class__ = _Counting

    assert found(crafted, pattern("absent"), *[snapshot] * 100) == []
    assert crafted.repo.loaded == 3  # type: ignore[attr-defined]
