"""Runs restic and reads what it says."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.engine.archive.running import HOST, PASSWORD

LOST_BY_OLD = frozenset({"links/not-utf8", "attributes/link", "attributes/file"})
"""what of the awkward tree the restic of Debian 12 restores wrongly: it sets a link's attributes on the file behind it"""


class Restic:
    """One restic and one repository."""

    def __init__(self, program: Path, repository: str, *options: str) -> None:
        self.program, self.repository, self.options = program, repository, options
        words = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout.split()
        self.version = tuple(map(int, words[1].split("-")[0].split(".")))

    @property
    def lost(self) -> frozenset[str]:
        """Paths of the awkward tree that this version does not restore."""
        return LOST_BY_OLD if self.version < (0, 16) else frozenset()

    def __call__(self, *arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Run a command and return what it printed; fail with what it complained about."""
        command = [str(self.program), "--repo", self.repository, "--no-cache", *self.options, *map(str, arguments)]
        settings = {**os.environ, "RESTIC_PASSWORD": PASSWORD.decode(), **(environment or {})}
        done = subprocess.run(command, env=settings, cwd=cwd, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def backup(self, *paths: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """Back up and return the summary."""
        told = self("--json", "backup", "--host", HOST, *paths, cwd=cwd, environment=environment)
        summary: dict[str, Any] = json.loads(told.splitlines()[-1])
        return summary

    def snapshot(self, name: str) -> dict[str, Any]:
        """Return a snapshot as it is stored."""
        found: dict[str, Any] = json.loads(self("cat", "snapshot", name))
        return found

    def check(self) -> None:
        """Let restic look at every byte."""
        self("check", "--read-data")
