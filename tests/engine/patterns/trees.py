"""A small tree in memory and on disk, and a walk that leaves out what a judge says."""

from collections.abc import Iterator
from pathlib import Path

from gdp.engine.patterns.verdict import Judge

FILES = (
    *("a", "b.txt", "#c", "x y", "ab/a", "ab/b.txt", "ab/c/a", "ab/c/d/a", "ab/c/d/b.txt"),
    *("d/a", "d/ab/a", "d/ab/c/a", "d/c", "d/.a", "c/d/a/b.txt", "c/d/b", "c/ab", "foo/bar", "foo/ab/bar"),
    *("e/ä", "e/äb/a", "e/[a]", "e/a*b", "e/!a", "e/-", "B.TXT"),
)


def plant(root: Path) -> None:
    """Make the files below ``root``."""
    for name in FILES:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def remaining(judge: Judge | None, top: str = "") -> list[str]:
    """Return the files that a walk finds which asks ``judge``; ``top`` is where the tree is thought to lie."""
    return sorted(_walk(judge, top, "", 0))


def _walk(judge: Judge | None, top: str, folder: str, depth: int) -> Iterator[str]:
    here = {name[len(folder) :].partition("/")[0] for name in FILES if name.startswith(folder)}
    for name in sorted(here):
        path = folder + name
        is_directory = any(file.startswith(path + "/") for file in FILES)
        if judge is not None and judge(f"{top}/{path}".encode(), is_directory):
            continue
        if is_directory:
            yield from _walk(judge, top, path + "/", depth + 1)
        else:
            yield path
