"""gitignore's rules: git itself is the judge."""

import subprocess
import timeit
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdp.engine.patterns.selector import make_excludes, make_selects
from gdp.model.exclusion import Pattern, PatternRules
from tests.conftest import require_program
from tests.engine.patterns.trees import plant, remaining

_PART = st.sampled_from(["a", "ab", "c", "d", "*", "**", "?", "b.txt", "*.txt", "[ab]", "[!a]", "a*", "*b", "ä", "?b", "foo"])
_PATTERN = st.builds(
    lambda negated, rooted, parts, folder: negated + rooted + "/".join(parts) + folder,
    st.sampled_from(["", "", "", "!"]),
    st.sampled_from(["", "", "/"]),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "/**", "/*"]),
).filter(lambda text: not text.endswith("**/"))  # pathspec lets ``a/**/`` fit ``a`` itself
GITIGNORE = PatternRules.GITIGNORE


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository that holds the tree, nothing of it tracked."""
    root = tmp_path_factory.mktemp("tree")
    subprocess.run([require_program("git"), "init", "-q", root], check=True)
    plant(root)
    return root


def git_remaining(repository: Path, patterns: list[str]) -> list[str]:
    """Return the files that git would add."""
    (repository.parent / "excludes").write_text("".join(pattern + "\n" for pattern in patterns))
    command = ["git", "ls-files", "-z", "--others", "-X", str(repository.parent / "excludes")]
    run = subprocess.run(command, cwd=repository, check=True, stdout=subprocess.PIPE)
    return sorted(name.decode() for name in run.stdout.split(b"\0") if name)


def _ascii(names: list[str]) -> list[str]:
    return [name for name in names if name.isascii()]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(_PATTERN, min_size=1, max_size=4))
def test_leaves_out_what_git_ignores(repository: Path, patterns: list[str]) -> None:
    """Administrators know these rules from .gitignore; nobody should have to learn ours."""
    judge = make_excludes([Pattern(text) for text in patterns], GITIGNORE)

    # For git ``?`` and ``[!a]`` are one byte, for us one character.
    assert _ascii(remaining(judge)) == _ascii(git_remaining(repository, patterns))


@pytest.mark.parametrize(
    ("pattern", "path", "is_directory", "fits"),
    [
        ("*.iso", b"/srv/Debian.ISO", False, True),
        ("Node_Modules/", b"/srv/node_modules", True, True),
        ("Node_Modules/", b"/srv/node_modules", False, False),
        ("/SRV/a*", b"/srv/Abc", False, True),
    ],
)
def test_case_can_be_ignored(pattern: str, path: bytes, is_directory: bool, fits: bool) -> None:
    """Files that came from Windows are written in every way."""
    judge = make_excludes([Pattern(pattern, ignores_case=True)], GITIGNORE)

    assert judge is not None
    assert judge(path, is_directory) is fits


def test_names_that_are_not_utf8_fit() -> None:
    """A file system knows bytes only."""
    judge = make_excludes([Pattern("a?b"), Pattern("*.x\udcff")], GITIGNORE)

    assert judge is not None
    assert judge(b"/srv/a\xffb", False)
    assert judge(b"/srv/c.x\xff", False)
    assert judge("/srv/aäb".encode(), False)


def test_comments_alone_are_no_patterns() -> None:
    """Without patterns the walk must not pay for them."""
    assert make_excludes([Pattern("# nothing"), Pattern("")], GITIGNORE) is None
    assert make_excludes([], GITIGNORE) is None


@pytest.mark.parametrize(
    ("includes", "path", "is_directory", "expected"),
    [
        (["/etc/ssh"], b"/etc", True, (False, True)),
        (["/etc/ssh"], b"/etc/ssh", True, (True, True)),
        (["/etc/ssh"], b"/etc/ssh/config", False, (True, False)),
        (["/etc/ssh"], b"/home", True, (False, False)),
        (["*.pdf"], b"/home", True, (False, True)),
        (["*.pdf"], b"/home/a.pdf", False, (True, False)),
        (["/home/*/docs"], b"/home/anna", True, (False, True)),
        (["/home/*/docs"], b"/etc", True, (False, False)),
        (["docs", "!*.tmp"], b"/docs/a.tmp", False, (False, False)),
        (["docs", "!*.tmp"], b"/docs/a.txt", False, (True, False)),
    ],
)
def test_includes_select_with_everything_below(
    includes: list[str], path: bytes, is_directory: bool, expected: tuple[bool, bool]
) -> None:
    """A restore of one folder must neither walk the whole snapshot nor miss anything."""
    selects = make_selects(includes=[Pattern(text) for text in includes], rules=GITIGNORE)

    assert selects is not None
    assert selects(path, is_directory) == expected


def test_excludes_win_over_includes() -> None:
    """What is left out expressly stays out."""
    selects = make_selects(includes=[Pattern("/etc")], excludes=[Pattern("shadow")], rules=GITIGNORE)

    assert selects is not None
    assert selects(b"/etc/shadow", False) == (False, False)
    assert selects(b"/etc/passwd", False) == (True, False)


def test_a_usual_list_costs_microseconds() -> None:
    """The walk asks for each of a million files. Generous, for slow machines: twenty times what it takes here."""
    usual = ["*.iso", "*.tmp", "node_modules/", "__pycache__", ".cache/", "*~", "/proc", "/sys", "/home/*/.thumbnails", "core"]
    judge = make_excludes([Pattern(text) for text in usual], GITIGNORE)
    path = b"/home/anna/projects/2026/ground-floor/plans/plan-17.dwg"
    assert judge is not None
    seconds = min(timeit.repeat(lambda: judge(path, False), number=2000, repeat=3)) / 2000

    assert seconds < 60e-6
