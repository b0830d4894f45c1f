"""What differs between two backups, put together as a tree."""

from typing import Any

from gdp.tui.views.changes import counts_in_words, every_folder, find_folder, items_of, single_way, tree_of

CHANGES: list[dict[str, Any]] = [
    {"modifier": "+", "path": "/srv/new/"},
    {"modifier": "+", "path": "/srv/new/a", "size": 10},
    {"modifier": "+", "path": "/srv/new/deep/", "size": None},
    {"modifier": "+", "path": "/srv/new/deep/b", "size": 5},
    {"modifier": "-", "path": "/srv/old", "old_size": 7},
    {"modifier": "M", "path": "/srv/sub/c", "old_size": 100, "size": 1},
    {"modifier": "M?", "path": "/srv/sub/d", "old_size": 3, "size": 3},
]


def test_every_folder_knows_how_much_differs_in_it() -> None:
    """Counts are of files; the size is that of what one would have to look at."""
    root = tree_of(CHANGES)

    assert root.below["srv"].counts == {"+": 2, "-": 1, "M": 2}
    assert root.below["srv"].bytes == 10 + 5 + 7 + 1 + 3
    assert find_folder(root, "/srv/new").counts == {"+": 2}
    assert counts_in_words(root) == "added: 2 · removed: 1 · changed: 2"


def test_items_say_which_backup_has_them() -> None:
    """So that nothing is restored from the one that never had it."""
    items = {item.name: item for item in items_of(find_folder(tree_of(CHANGES), "/srv"))}

    assert list(items) == ["new/", "sub/", "old"]
    assert {name: item.sides for name, item in items.items()} == {"new/": "n", "sub/": "on", "old": "o"}
    assert (items["new/"].sign, items["sub/"].sign, items["old"].sign) == ("+", " ", "-")
    below = [item.figures for item in items_of(find_folder(tree_of(CHANGES), "/srv/sub"))]
    assert below == [(("100 B → 1 B", "idle"),), (("3 B", "idle"),)]


def test_a_filter_leaves_what_fits_whatever_the_case() -> None:
    """And counts only that."""
    root = tree_of(CHANGES, "NEW/d")

    assert list(every_folder(root)) == ["/srv", "/srv/new", "/srv/new/deep"]
    assert root.total == 1


def test_folders_with_nothing_beside_them_are_a_single_way() -> None:
    """Nobody wants to open five folders to come to the first choice."""
    assert list(single_way(tree_of(CHANGES))) == ["/srv"]
    assert list(single_way(tree_of(CHANGES, "deep/b"))) == ["/srv", "/srv/new", "/srv/new/deep"]
    assert list(single_way(tree_of([]))) == []
