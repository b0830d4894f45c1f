"""How each program is told to do the same thing, with its default options. Only here are their command lines known."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bench.target import Target

PASSWORD = "bench"


class Tool(Protocol):
    """One of the programs side by side."""

    @property
    def name(self) -> str:
        """As it stands in the table."""

    def version(self) -> str:
        """Its version, as it says it."""

    def environment(self, target: Target, state: Path) -> dict[str, str]:
        """Return the environment it runs in; ``state`` is its home for caches and configuration."""

    def create(self, repository: Path, template: Path, target: Target, state: Path) -> None:
        """Make an empty repository (not measured). ``template`` is one made by restic, empty."""

    def backup(self, repository: Path, data: Path, target: Target) -> list[str]:
        """Return the command that backs up ``data``."""

    def restore(self, repository: Path, into: Path, target: Target) -> list[str]:
        """Return the command that restores the latest snapshot, run in the folder ``into``."""

    def check(self, repository: Path, target: Target) -> list[str]:
        """Return the command that reads and checks everything."""


@dataclass(frozen=True, slots=True)
class Restic:
    """The measure of all rows."""

    program: str
    name: str = "restic"

    def version(self) -> str:
        return " ".join(_output([self.program, "version"]).split()[:2])

    def environment(self, target: Target, state: Path) -> dict[str, str]:
        return _environment(target, state) | {"RESTIC_PASSWORD": PASSWORD, "RESTIC_CACHE_DIR": str(state / "cache")}

    def create(self, repository: Path, template: Path, target: Target, state: Path) -> None:
        shutil.copytree(template, repository)

    def backup(self, repository: Path, data: Path, target: Target) -> list[str]:
        return [*self._base(repository, target), "backup", str(data)]

    def restore(self, repository: Path, into: Path, target: Target) -> list[str]:
        return [*self._base(repository, target), "restore", "latest", "--target", str(into)]

    def check(self, repository: Path, target: Target) -> list[str]:
        return [*self._base(repository, target), "check", "--read-data"]

    def make_template(self, folder: Path) -> None:
        """Make the empty repository whose key file both tools open: its scrypt cost is the one restic chose here."""
        environment = os.environ | {"RESTIC_PASSWORD": PASSWORD}
        subprocess.run([self.program, "--no-cache", "-q", "-r", str(folder), "init"], check=True, env=environment)

    def _base(self, repository: Path, target: Target) -> list[str]:
        command = [self.program, "-r", target.url(repository)]
        if target.port is not None:
            ssh = f"ssh -F {target.ssh_config} -p {target.port} 127.0.0.1 -s sftp"
            command += ["-o", f"sftp.command={ssh}"]
        return command


@dataclass(frozen=True, slots=True)
class Gdp:
    """Ours."""

    program: str
    name: str = "gdp"

    def version(self) -> str:
        return " ".join(_output([self.program, "--version"]).split()[:2])

    def environment(self, target: Target, state: Path) -> dict[str, str]:
        password = state / "password"
        password.write_text(PASSWORD + "\n")
        password.chmod(0o600)
        return _environment(target, state) | {"GDP_HOME": str(state / "gdp"), "GDP_PASSWORD_FILE": str(password)}

    def create(self, repository: Path, template: Path, target: Target, state: Path) -> None:
        shutil.copytree(template, repository)

    def backup(self, repository: Path, data: Path, target: Target) -> list[str]:
        # The repository comes from restic so that both open the same key file; gdp wants that said.
        return [*self._base(repository, target), "backup", "--accept-foreign-chunking", str(data)]

    def restore(self, repository: Path, into: Path, target: Target) -> list[str]:
        return [*self._base(repository, target), "restore", "latest", "--target", str(into)]

    def check(self, repository: Path, target: Target) -> list[str]:
        return [*self._base(repository, target), "check", "--read-data"]

    def _base(self, repository: Path, target: Target) -> list[str]:
        return [self.program, "--repo", target.url(repository)]


@dataclass(frozen=True, slots=True)
class Borg:
    """For orientation, on local targets only: it needs itself on the other side."""

    program: str
    name: str = "borg"

    def version(self) -> str:
        return _output([self.program, "--version"]).strip()

    def environment(self, target: Target, state: Path) -> dict[str, str]:
        return _environment(target, state) | {
            "BORG_PASSPHRASE": PASSWORD,
            "BORG_BASE_DIR": str(state / "borg"),
            "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        }

    def create(self, repository: Path, template: Path, target: Target, state: Path) -> None:
        command = [self.program, "init", "--encryption", "repokey", str(repository)]
        subprocess.run(command, check=True, env=self.environment(target, state), capture_output=True)

    def backup(self, repository: Path, data: Path, target: Target) -> list[str]:
        return [self.program, "create", "--compression", "zstd,3", f"{repository}::{{now:%Y%m%d-%H%M%S.%f}}", str(data)]

    def restore(self, repository: Path, into: Path, target: Target) -> list[str]:
        newest = f'"$({self.program} list --last 1 --format "{{archive}}" {repository})"'
        return ["sh", "-c", f"exec {self.program} extract {repository}::{newest}"]

    def check(self, repository: Path, target: Target) -> list[str]:
        return [self.program, "check", "--verify-data", str(repository)]


def find(target: str) -> list[Tool]:
    """Return the programs to compare: restic and gdp always, borg where it is installed and can take part."""
    restic = os.environ.get("GDP_BENCH_RESTIC") or shutil.which("restic")
    gdp = os.environ.get("GDP_BENCH_GDP") or str(Path(sys.executable).with_name("gdp"))
    borg = os.environ.get("GDP_BENCH_BORG") or shutil.which("borg")
    if restic is None or not Path(gdp).exists():
        sys.exit("restic and gdp are both needed; GDP_BENCH_RESTIC and GDP_BENCH_GDP say where they are")
    tools: list[Tool] = [Restic(restic), Gdp(gdp)]
    if borg and target == "local":
        tools.append(Borg(borg))
    return tools


def _environment(target: Target, state: Path) -> dict[str, str]:
    state.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(target.home),
        "XDG_CACHE_HOME": str(state / "cache"),
        "LANG": "C.UTF-8",
        "TMPDIR": str(state),
    }


def _output(command: list[str], environment: Mapping[str, str] | None = None) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
