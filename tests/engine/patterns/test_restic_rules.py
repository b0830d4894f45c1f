"""restic's rules: restic itself is the judge, and its documentation."""

import json
import subprocess
from pathlib import Path

import pytest

from gdp.core.errors import BadInput
from gdp.engine.patterns.selector import make_excludes, make_selects
from gdp.model.exclusion import Pattern, PatternRules
from tests.engine.patterns.trees import plant, remaining

RESTIC = PatternRules.RESTIC
LISTS = (
    *(["a"], ["b.txt"], ["ab/c"], ["c/d"], ["ab/"], ["foo/**"], ["**/foo"], ["ab/**/a"], ["*.txt"], ["a*"], ["?"]),
    *(["[ab]"], ["[^a]"], ["[!a]"], ["e/\\[a]"], ["ä*"], ["*", "!ab"], ["*", "!ab", "!c", "a"], ["d/ab", "!d/ab/c"]),
    *(["./ab"], ["ab//c"], ["ab/../d"], ["**"], ["#c"], ["x y"], ["TOP/ab"], ["TOP/*/c"], ["TOP/**/d"], ["!a", "a"]),
    *(["ab/*"], ["TOP/ab/*", "!TOP/ab/c"], ["d/*", "!d/ab"]),
)


def compiled(texts: list[str], top: str = "") -> list[Pattern]:
    """Return patterns; ``TOP`` in them is where the tree lies."""
    return [Pattern(text.replace("TOP", top)) for text in texts]


@pytest.mark.peer
@pytest.mark.slow
def test_leaves_out_what_restic_leaves_out(tmp_path: Path, peer_restic: Path) -> None:
    """Whoever brings a list of excludes from restic must get the same backup."""
    tree = tmp_path / "tree"
    plant(tree)
    (tmp_path / "password").write_text("x")
    restic = [str(peer_restic), "-r", str(tmp_path / "repository"), "-p", str(tmp_path / "password"), "--no-cache", "--json"]
    subprocess.run([*restic, "init"], check=True, stdout=subprocess.DEVNULL)
    different = {}
    for texts in LISTS:
        patterns = compiled(texts, str(tree))
        options = [f"--exclude={pattern.text}" for pattern in patterns]
        command = [*restic, "backup", "--dry-run", "--force", "-vv", *options, "."]
        run = subprocess.run(command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        # Fails where nothing is left; then nothing is named either.
        records = [json.loads(line) for line in run.stdout.splitlines()]
        theirs = sorted(
            record["item"].lstrip("/")
            for record in records
            if record["message_type"] == "verbose_status" and record["item"] and not record["item"].endswith("/")
        )
        ours = remaining(make_excludes(patterns, RESTIC), str(tree))
        if ours != theirs:
            different[tuple(texts)] = set(ours) ^ set(theirs)

    assert different == {}


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("bar", b"/foo/bar/baz", True),
        ("foo/bar", b"/x/foo/bar", True),
        ("foo/bar", b"/x/foo/y/bar", False),
        ("/foo", b"/x/foo", False),
        ("foo/**/bar", b"/foo/bar", True),
        ("foo/**/bar", b"/foo/1/2/bar", True),
        ("*.docx", b"/a/b.docx", True),
        ("[^b]ar", b"/car", True),
        ("[^b]ar", b"/bar", False),
        ("a[x-]z", b"", None),
        ("a[", b"", None),
        ("a\\", b"", None),
    ],
)
def test_documented_examples(pattern: str, path: bytes, fits: bool | None) -> None:
    """None: restic refuses the pattern, and so do we, rather than leaving out nothing."""
    if fits is None:
        with pytest.raises(BadInput):
            make_excludes([Pattern(pattern)], RESTIC)
        return
    judge = make_excludes([Pattern(pattern)], RESTIC)

    assert judge is not None
    assert judge(path, False) is fits


def test_what_is_in_a_folder_is_not_the_folder() -> None:
    """``a/*`` with ``!a/b`` keeps ``a/b``, so ``a`` must stay as well."""
    judge = make_excludes([Pattern("/a/*"), Pattern("!/a/b")], RESTIC)

    assert judge is not None
    assert not judge(b"/a", True)
    assert not judge(b"/a/b", True)
    assert judge(b"/a/c", True)


@pytest.mark.parametrize(
    ("include", "folder", "expected"),
    [
        ("/etc/ssh", b"/etc", (False, True)),
        ("/etc/ssh", b"/home", (False, False)),
        ("/etc/ssh", b"/etc/ssh", (True, True)),
        ("/etc/ssh", b"/etc/ssh/keys", (True, True)),
        ("/etc/**/keys", b"/etc/a/b", (False, True)),
        ("ssh", b"/home/x", (False, True)),
        ("/home/*/docs", b"/home/anna", (False, True)),
        ("/home/*/docs", b"/home/anna/pictures", (False, False)),
    ],
)
def test_includes_walk_only_where_something_may_be(include: str, folder: bytes, expected: tuple[bool, bool]) -> None:
    """A restore of one folder must not walk the whole snapshot."""
    selects = make_selects(includes=[Pattern(include)], rules=RESTIC)

    assert selects is not None
    assert selects(folder, True) == expected
