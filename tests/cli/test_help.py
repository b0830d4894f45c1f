"""Help, languages, completion and start-up."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gdp.cli.command_names import every_command
from tests.cli.command_line import Gdp, here, process

HEAVY = ("paramiko", "textual", "Crypto", "zstandard", "pyfastcdc", "pathspec", "msgspec", "gdp.engine", "gdp.repo")
WORDS_OF_BOTH = {"gdp", "Snapshot", "SNAPSHOT", "SNAPSHOT...", "ID", "HOST", "TAG,..."}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]])
def test_start_up_loads_only_what_it_needs(arguments: list[str]) -> None:
    """A shell that completes, and a script that calls us a hundred times, wait for this."""
    code = (
        "import sys; from gdp.cli.program import run; run(sys.argv[1:]); "
        f"print(sorted(name for name in sys.modules if name.startswith({HEAVY!r})), file=sys.stderr)"
    )
    said = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True)

    assert said.stderr.strip() == "[]"


def test_no_command_loads_the_screen_or_ssh_before_it_is_needed() -> None:
    """Paramiko alone takes longer than a whole unchanged backup."""
    code = (
        "import sys; from gdp.cli.command_names import every_command; list(every_command()); "
        "print(sorted(name for name in sys.modules if name.startswith(('paramiko', 'textual', 'rich'))))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("command", ["backup", "restore", "check", "snapshots", "forget", "prune"])
def test_a_local_repository_needs_no_ssh_and_no_parser_of_c(command: str, tmp_path: Path) -> None:
    """Every run pays for what is imported: the packages below, unused, were half of a short one."""
    code = (
        "import sys; from pathlib import Path; import gdp.cli.program, gdp.cli.commands.{command}; "
        "from gdp.bootstrap.storages import Reaching, StorageMaker; from gdp.model.target import LocalTarget; "
        "StorageMaker(LocalTarget(Path('x')), Reaching(), Path('x'), print, print)(); "
        "print(sorted(name for name in sys.modules if name.startswith({unused!r})))"
    )
    unused = (
        "importlib.metadata",
        "paramiko",
        "gdp.storage.sftp",
        "gdp.storage.ssh",
        "gdp.storage.retry",
        "cffi",
        "pycparser",
        "Crypto.",
        "email",
    )
    code = code.format(command=command, unused=unused)
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [(), *every_command()], ids=" ".join)
def test_help_is_wholly_german(words: tuple[str, ...]) -> None:
    """A mixture of two languages looks like a broken program."""
    english = paragraphs(here([*words, "--help", "--language", "en"]).out)
    german = paragraphs(here([*words, "--help", "--language", "de"]).out)

    assert german
    assert "Aufruf:" in german[0]
    assert {line for line in set(english) & set(german) if re.search(r"[a-z]{3,} [a-z]{3,}", line)} == set()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--repo"], "Option '--repo' braucht einen Wert."),
        (["nonsense"], "Es gibt keinen Befehl 'nonsense'."),
        (["snapshots", "--nonsense"], "Es gibt keine Option '--nonsense'."),
        (["restore", "latest"], "Es fehlt die Option '--target'"),
        (["snapshots"], "es wurde kein Repository genannt"),
    ],
)
def test_errors_are_german_too(arguments: list[str], sentence: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Click's own sentences come from our catalogue."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")
    said = here(arguments).err

    assert sentence in said
    assert said.startswith("Fehler: ")


def test_the_language_comes_from_the_system_unless_it_is_given() -> None:
    """GDP_LANGUAGE, then the locale."""
    environment = {"GDP_LANGUAGE": "", "LANG": "de_DE.UTF-8"}

    assert "Aufruf:" in process(["--help"], environment=environment).out
    assert "Usage:" in process(["--help", "--language", "en"], environment=environment).out
    assert "Usage:" in process(["--help"], environment={**environment, "LANG": "fr_FR.UTF-8"}).out


def test_bash_completes_commands_and_options() -> None:
    """In a real bash, with the script we print."""
    script = process(["completion", "bash"]).out
    ask = f'{script}\nCOMP_WORDS=(gdp --repo x "$1"); COMP_CWORD=3; _gdp_completion gdp; echo "${{COMPREPLY[@]}}"'
    path = f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}"

    def complete(beginning: str) -> list[str]:
        run = subprocess.run(
            ["bash", "-c", ask, "bash", beginning], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=True
        )
        return run.stdout.split()

    assert complete("re") == ["report", "resume", "reach", "restore", "repair", "rewrite", "recovery", "recover"]
    assert "--password-file" in complete("--pass")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_for_three_shells(shell: str) -> None:
    """The script asks for the program that printed it."""
    outcome = here(["completion", shell])

    assert outcome.code == 0
    assert "_GDP_COMPLETE" in outcome.out


def paragraphs(text: str) -> list[str]:
    """Return the lines that hold words."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def test_snapshots_are_completed_where_the_password_is_known(ready: Gdp, source: Path) -> None:
    """Nobody types ids by hand; where there is no password, nobody is asked."""
    assert ready("backup", source).code == 0
    short = ready("--json", "snapshots").records[0]["short_id"]
    words = ["gdp", *ready.options, "restore", ""]
    environment = {"_GDP_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    assert process([], environment=environment).out.split() == ["plain,latest", f"plain,{short}"]
    ready.password_file.unlink()

    assert process([], environment=environment).out.split() == ["plain,latest"]
