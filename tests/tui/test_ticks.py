"""The ticks of the source picker: their value means exactly what they show, under the engine's own rules."""

import os
from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdp.engine.archive.sources import Branch, root_of
from gdp.engine.patterns.selector import make_excludes
from gdp.engine.patterns.verdict import Judge
from gdp.model.exclusion import Pattern, PatternRules
from gdp.tui.views.ticks import Tick, Ticks, can_be_written, escape, read_ticks

NAMES = ("a", "b c ", "*", "[x]")
DEPTH = 3
WORLD = ["/" + "/".join(names) for depth in range(1, DEPTH + 1) for names in product(NAMES, repeat=depth)]
"""every path there is, each with all below it; those of the last depth are files"""
odd_names = st.text(st.sampled_from("ab*?[]\\!#~$ .-\t\né"), min_size=1, max_size=6).filter(lambda name: name not in {".", ".."})
presses = st.lists(st.sampled_from(["/", *WORLD]), max_size=7)
rules_of = st.sampled_from(list(PatternRules))
user_patterns = st.lists(
    st.sampled_from(["*.iso", "a", "/a/b c[ ]", "/\\*", "!a", "/a/*", "!/a/a", "/a/a/", "# note", "/a/../a", "/a"]), max_size=5
)


def backed_up(paths: Sequence[str], excludes: Sequence[str], rules: PatternRules) -> set[str]:
    """Return what a backup of the world would keep that is a file, and every folder that it would list."""
    judge = make_excludes([Pattern(text) for text in excludes], rules) or (lambda _path, _is_folder: False)
    kept: set[str] = set()
    root = root_of([path.encode() for path in paths if path != "/"])
    if "/" in paths:
        root = Branch(b"/")
        root.update({name.encode(): b"/" + name.encode() for name in NAMES})
    _walk_branch(root, judge, kept)
    return kept


def _walk_branch(branch: Branch, judge: Judge, kept: set[str]) -> None:
    for below in branch.values():
        if isinstance(below, Branch):
            _walk_branch(below, judge, kept)
        else:
            _walk(os.fsdecode(below), judge, kept)


def _walk(path: str, judge: Judge, kept: set[str]) -> None:
    is_folder = path.count("/") < DEPTH
    if judge(path.encode(), is_folder):
        return
    kept.add(path)
    for name in NAMES if is_folder else ():
        _walk(f"{path}/{name}", judge, kept)


def pressed(paths: Sequence[str]) -> Ticks:
    """Return the ticks after some were pressed."""
    ticks = Ticks()
    for path in paths:
        ticks = ticks.toggled(path)
    return ticks


@given(presses, rules_of)
def test_what_is_ticked_is_backed_up_and_nothing_else(paths: list[str], rules: PatternRules) -> None:
    """A tick that lies loses files, or tells a secret."""
    ticks = pressed(paths)
    kept = backed_up(ticks.sources(), ticks.excludes(), rules)

    for path in WORLD:
        if path.count("/") == DEPTH:
            assert (path in kept) is ticks.is_ticked(path), path


@given(presses, rules_of)
def test_the_sign_of_a_folder_says_how_much_of_it_is_backed_up(paths: list[str], rules: PatternRules) -> None:
    """All, some, or nothing of the files in it, and of those that will be in it."""
    ticks = pressed(paths)
    kept = backed_up(ticks.sources(), ticks.excludes(), rules)

    for folder in (path for path in WORLD if path.count("/") < DEPTH):
        files = [path for path in WORLD if path.startswith(folder + "/") and path.count("/") == DEPTH]
        match ticks.state(folder):
            case Tick.ALL:
                assert kept.issuperset(files)
            case Tick.NONE:
                assert kept.isdisjoint(files)
                assert folder not in kept
            case Tick.PARTLY:
                assert any(path.startswith(folder + "/") for path in ticks.marks)


@given(presses, st.lists(st.sampled_from(["*.iso", "tmp/", "!a", "/b/*"]), max_size=3))
def test_a_value_is_read_back_as_the_same_ticks(paths: list[str], mine: list[str]) -> None:
    """A set that is opened in the editor shows what was chosen when it was made."""
    ticks = pressed(paths)
    excludes = (*ticks.excludes(), *mine)
    read, others = read_ticks(ticks.sources(), excludes)

    assert (*read.excludes(), *others) == excludes
    assert read.sources() == ticks.sources()
    if not any(pattern.startswith(("!", "/")) for pattern in mine):
        assert read == ticks
        assert others == tuple(mine)


@given(st.lists(st.sampled_from(WORLD), min_size=1, max_size=3), user_patterns, rules_of)
def test_reading_what_somebody_wrote_changes_nothing(paths: list[str], patterns: list[str], rules: PatternRules) -> None:
    """Patterns written by hand mean the same after the editor has read and written them."""
    ticks, others = read_ticks(paths, patterns)

    assert backed_up(ticks.sources(), (*ticks.excludes(), *others), rules) == backed_up(paths, patterns, rules)


@given(st.lists(odd_names, min_size=1, max_size=3), odd_names, rules_of)
def test_an_escaped_path_fits_itself_alone(names: list[str], other: str, rules: PatternRules) -> None:
    """File names hold all kinds of signs that patterns give a meaning to."""
    path, beside = "/" + "/".join(names), "/" + "/".join([*names[:-1], other])
    judge = make_excludes([Pattern(escape(path))], rules)
    assert judge is not None

    for is_folder in (False, True):
        assert judge(path.encode(), is_folder)
        assert judge(beside.encode(), is_folder) is (beside == path)


def test_pressing_twice_takes_the_tick_away() -> None:
    """And something that is partly ticked becomes ticked first."""
    partly = Ticks().toggled("/srv").toggled("/srv/a")

    assert partly.state("/srv") is Tick.PARTLY
    assert partly.excludes() == ("/srv/a",)
    assert partly.toggled("/srv").state("/srv") is Tick.ALL
    assert partly.toggled("/srv").toggled("/srv") == Ticks()


def test_ticked_in_unticked_keeps_only_that() -> None:
    """Whatever comes beside it later is not backed up."""
    ticks = Ticks().toggled("/srv").toggled("/srv/a").toggled("/srv/a/b/c")

    assert ticks.sources() == ("/srv",)
    assert ticks.excludes() == ("/srv/a/*", "!/srv/a/b", "/srv/a/b/*", "!/srv/a/b/c")


@pytest.mark.parametrize(("raw", "can"), [(b"/srv/gr\xc3\xbcn", True), (b"/srv/gr\xfcn", False)])
def test_a_name_that_is_no_utf_8_cannot_be_ticked(raw: bytes, can: bool) -> None:
    """TOML holds only text; it is said rather than written wrong."""
    assert can_be_written(os.fsdecode(raw)) is can
