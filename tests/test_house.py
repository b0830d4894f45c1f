"""The house rules that no linter knows."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PROJECT

FILE_LINES_MOST = 400
DOCUMENTS = ("README.md", "CHANGELOG.md", "ARCHITECTURE.md")
TOP_LEVEL = {
    *(
        ".ci",
        ".gitignore",
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "bench",
        "docs",
        "gdp",
    ),
    *("gdp.spec", "pyproject.toml", "server", "setup.cfg", "tests"),
}


def sources(*folders: str) -> Iterator[Path]:
    """Yield the Python files below the folders."""
    for folder in folders:
        yield from sorted((PROJECT / folder).rglob("*.py"))


def tracked_files() -> list[Path]:
    """Return the files of the checkout, or skip where there is no git."""
    run = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=False)
    if run.returncode:
        pytest.skip("not a git checkout")
    return [PROJECT / os.fsdecode(name) for name in run.stdout.split(b"\0") if name]


def run_tool(*command: str) -> str:
    """Run a tool of this venv in the project; return what it printed, or an empty string when it was content."""
    run = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr if run.returncode else ""


def test_no_file_is_too_long_to_read() -> None:
    """A file beyond the limit holds more than one responsibility. Tests are lists, and may be longer."""
    lengths = {str(path): len(path.read_text().splitlines()) for path in sources("gdp", "server", "bench")}

    assert {path: lines for path, lines in lengths.items() if lines > FILE_LINES_MOST} == {}


def test_every_import_points_down() -> None:
    """The layers are the architecture; a package without a layer fails too, because the contract is exhaustive."""
    script = Path(sys.executable).with_name("lint-imports")

    assert not run_tool(str(script), "--no-cache")


def test_translations_are_complete_and_compiled() -> None:
    """The .mo is what runs. One that lags behind shows English, or an old sentence, to a German reader."""
    assert not run_tool(sys.executable, ".ci/catalogue.py", "--check")


def test_every_module_says_why_it_exists() -> None:
    """The first line of a file is what a stranger reads first."""
    silent = [
        str(path.relative_to(PROJECT))
        for path in sources("gdp", "server", "tests", "bench")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == []


def test_top_level_holds_only_what_belongs_there() -> None:
    """The list is fixed by the project's owner."""
    assert {path.relative_to(PROJECT).parts[0] for path in tracked_files()} - TOP_LEVEL == set()


def test_commands_in_the_documents_exist() -> None:
    """A reader types what the README says."""
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(), re.MULTILINE))
    named = {
        command
        for name in DOCUMENTS
        if (PROJECT / name).exists()
        for command in re.findall(r"`make ([a-z]+)|^make ([a-z]+)", (PROJECT / name).read_text(), re.MULTILINE)
    }

    assert {first or second for first, second in named} <= targets


def test_links_in_the_documents_lead_somewhere() -> None:
    """A dead link is a promise broken on the first click."""
    pages = [PROJECT / name for name in DOCUMENTS if (PROJECT / name).exists()] + sorted((PROJECT / "docs").rglob("*.md"))
    dead = [
        f"{page.relative_to(PROJECT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#\s]+)", page.read_text())
        if not target.startswith(("https:", "mailto:")) and not (page.parent / target).exists()
    ]

    assert dead == []


def test_nothing_names_the_machine_it_was_written_on() -> None:
    """What works in one checkout only does not work."""
    place = os.fsencode(PROJECT) + b"/"
    found = [
        str(path.relative_to(PROJECT))
        for path in tracked_files()
        if path.suffix not in {".mo", ".svg"} and path.is_file() and place in path.read_bytes()
    ]

    assert found == []
