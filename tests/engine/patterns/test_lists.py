"""Lists of patterns and files, and what differs between the two kinds of rules."""

import pytest

from gdp.core.errors import BadInput
from gdp.core.language import complete
from gdp.engine.patterns.differences import tell_differences
from gdp.engine.patterns.lists import parse_files_from, parse_patterns, parse_raw, parse_verbatim
from gdp.model.exclusion import Pattern, PatternRules, parse_marker

GITIGNORE, RESTIC = PatternRules.GITIGNORE, PatternRules.RESTIC


def test_an_exclude_file_is_read_as_a_gitignore() -> None:
    """The same file can be used for git."""
    found = parse_patterns("\ufeff# comment\n\n*.iso\n\\#x\nkeep\\ \n$HOME\n", GITIGNORE, {})

    assert [pattern.text for pattern in found] == ["*.iso", "\\#x", "keep\\ ", "$HOME"]


def test_an_exclude_file_by_restics_rules_knows_variables() -> None:
    """Restic replaces them, and existing files rely on it."""
    found = parse_patterns("  *.iso \n# c\n$HOME/x\n${HOME}/y\n$$z\n$UNKNOWN\n", RESTIC, {"HOME": "/h"}, ignores_case=True)

    assert found == [Pattern(text, ignores_case=True) for text in ("*.iso", "/h/x", "/h/y", "$z")]


def test_files_from_expands_shell_patterns() -> None:
    """As restic: comments, white space and patterns. What fits nothing must be reported, not skipped in silence."""
    known = {"/a*": ["/ab", "/ac"], "b": ["b"]}

    assert parse_files_from(b"# c\n /a* \n\nb\n", lambda text: known.get(text, [])) == [b"/ab", b"/ac", b"b"]
    assert parse_files_from(b"missing*\n", lambda _: []) == [b"missing*"]


def test_verbatim_and_raw_lists_keep_every_byte() -> None:
    """Names may hold anything but a slash and a zero byte."""
    assert parse_verbatim(b" a*\r\n#b\n\n\xff\n") == [b" a*", b"#b", b"\xff"]
    assert parse_raw(b"a\nb\0c\0") == [b"a\nb", b"c"]
    assert parse_raw(b"") == []


@pytest.mark.parametrize("raw", [b"a", b"a\0\0", b"\0"])
def test_a_raw_list_that_is_cut_off_is_refused(raw: bytes) -> None:
    """Half a list would be a backup with half the files, and nobody would know."""
    with pytest.raises(BadInput):
        parse_raw(raw)


def test_markers() -> None:
    """``name`` or ``name:what it begins with``."""
    assert parse_marker(".nobackup").name == b".nobackup"
    assert parse_marker("TAG:Signature: x").header == b"Signature: x"
    for text in ("", ":x", "a/b"):
        with pytest.raises(BadInput):
            parse_marker(text)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("cache/tmp", "**/cache/tmp"),
        ("foo/", "foo"),
        ("/foo/**", "/foo"),
        ("./foo", "foo"),
        ("#x", "\\#x"),
        ("!a/b", "!**/a/b"),
    ],
)
@pytest.mark.parametrize("rules", [GITIGNORE, RESTIC])
def test_patterns_with_two_meanings_are_named(pattern: str, expected: str, rules: PatternRules) -> None:
    """A list brought from the other program must not silently leave out something else."""
    notes = list(tell_differences([Pattern(pattern), Pattern(pattern)], rules))

    assert expected in [note.facts["other"] for note in notes]
    assert all(complete(note.template, note.facts, "en") for note in notes)


@pytest.mark.parametrize("pattern", ["*.iso", "foo", "/home/*/x", "**/a/b", "!keep", "[^a]b", "a?c"])
def test_patterns_with_one_meaning_are_not_named(pattern: str) -> None:
    """Warnings that come always are read never."""
    assert not list(tell_differences([Pattern(pattern)], GITIGNORE))
