"""Runs ``gdp`` as a user does, in a process of its own or in this one, and reads what it says."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from gdp.cli.program import run

PASSWORD = "a password\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run said."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Stdout as JSON, an object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Stderr as JSON, an object a line."""
        return [json.loads(line) for line in self.err.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        """The last object."""
        return self.records[-1]


class Gdp:
    """A user with a repository, a password file and a terminal-less shell."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        self.password_file = folder / "password"
        self.password_file.write_text(PASSWORD)

    @property
    def options(self) -> list[str]:
        """What names the repository."""
        return ["--repo", str(self.repository), "--password-file", str(self.password_file)]

    def __call__(self, *arguments: str | Path) -> Outcome:
        """Run a command on the repository, in this process."""
        return here([*self.options, *map(str, arguments)])

    def process(self, *arguments: str | Path, **settings: Any) -> Outcome:
        """Run a command on the repository in a process of its own."""
        return process([*self.options, *map(str, arguments)], **settings)


def here(arguments: Sequence[str], input: str = "") -> Outcome:
    """Run a command line in this process."""
    with CliRunner().isolation(input=input) as streams:
        code = run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        return Outcome(code, streams[0].getvalue().decode(), streams[1].getvalue().decode())


def command(arguments: Sequence[str]) -> list[str]:
    """Return the words that start a process of its own."""
    return [sys.executable, "-m", "gdp", *arguments]


def process(
    arguments: Sequence[str], *, input: bytes = b"", environment: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Outcome:
    """Run a command line in a process of its own."""
    ended = subprocess.run(
        command(arguments),
        input=input,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Outcome(ended.returncode, ended.stdout.decode(errors="surrogateescape"), ended.stderr.decode())
