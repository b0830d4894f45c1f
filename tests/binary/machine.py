"""A computer of its own for a test: systemd as process 1 in namespaces and a cgroup of its own, with no network but its own.

It sees this computer's programs, and writes to a copy that is lost. Nothing of it is left when it is switched off: its process 1
takes all others and all mounts with it, and ends when the test does, however that ends.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.command_line import Outcome
from tests.conftest import absent

SECONDS = 90.0
ENVIRONMENT = {
    "HOME": "/root",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "GDP_LANGUAGE": "en",
}
"""of root's commands"""
_SCRIPT = Path(__file__).with_name("machine.sh")
_NAMESPACES = ("--cgroup", "--mount", "--pid", "--uts", "--ipc", "--net")
_PREFIX = "gdp-machine-"
_SYSTEMD = Path("/lib/systemd/systemd")


class Machine:
    """One that is switched on.

    Args:
        folder: of this computer; the machine sees it as ``/host``.
        process: its process 1, as this computer counts.
    """

    def __init__(self, folder: Path, process: int) -> None:
        self.folder = folder
        self._process = process
        self.enter = ("nsenter", "--target", str(process), "--all", "--")
        """words before a command of root's that is to run in it"""

    def __call__(self, *words: str | Path, **environment: str) -> Outcome:
        """Let root run a command in it."""
        ended = subprocess.run(
            [*self.enter, *words], env={**ENVIRONMENT, **environment}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def done(self, *words: str | Path, **environment: str) -> str:
        """Let root run a command that must succeed; return what it printed."""
        outcome = self(*words, **environment)
        assert outcome.code == 0, f"{words}: {outcome.out}{outcome.err}"
        return outcome.out.strip()

    def shows(self, name: str, *words: str, unit: str = "gdp") -> str:
        """Return a property of a unit, as systemctl shows it."""
        return self.done(*(words or ("systemctl",)), "show", unit, "--property", name, "--value")

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file in it."""
        file = Path(f"/proc/{self._process}/root{path}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)


def patiently(question: Callable[[], bool]) -> bool:
    """Ask until the answer is yes; say whether it ever was."""
    until = time.monotonic() + SECONDS
    while not (answer := question()) and time.monotonic() < until:
        time.sleep(0.1)
    return answer


@contextmanager
def switched_on(folder: Path) -> Iterator[Machine]:
    """Start a machine, and switch it off at the end. Skips the test where the kernel lets nobody do that."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a computer of its own")
    if not _SYSTEMD.exists() or shutil.which("nsenter") is None:
        absent("systemd")
    cgroup = _make_cgroup()
    console = folder / "console"
    into = 'echo $$ >"$0/cgroup.procs" && exec setpriv --pdeathsig KILL unshare --fork --kill-child "$@"'
    with console.open("wb") as said:
        process = subprocess.Popen(
            ["sh", "-c", into, cgroup, *_NAMESPACES, "sh", _SCRIPT, folder], stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )
    try:
        first = _first_process(process)
        if first is None:
            pytest.skip(f"no computer of its own can be made here: {console.read_text(errors='replace')[-500:]}")
        machine = Machine(folder, first)
        if not patiently(lambda: machine("systemctl", "is-system-running", "--wait").out.strip() == "running"):
            pytest.skip(f"a computer of its own does not come up here: {machine('systemctl', '--failed', '--plain').out[-500:]}")
        yield machine
    finally:
        process.kill()
        process.wait()
        patiently(lambda: _remove_cgroup(cgroup))
        with suppress(OSError):
            (folder / ".layer").rmdir()


def _first_process(process: "subprocess.Popen[bytes]") -> int | None:
    """Return systemd as this computer counts it, once it runs; None: it will not."""
    found: list[int] = []

    def is_there() -> bool:
        children = subprocess.run(["pgrep", "--parent", str(process.pid)], capture_output=True, text=True, check=False)
        for word in children.stdout.split():
            with suppress(OSError):
                if os.readlink(f"/proc/{word}/exe") == os.path.realpath(_SYSTEMD):
                    found.append(int(word))
        return bool(found) or process.poll() is not None

    patiently(is_there)
    return found[0] if found else None


def _make_cgroup() -> Path:
    """Make a group for the machine's processes, and remove what a killed test has left."""
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            top = Path(before.split()[4])
            for old in top.glob(f"{_PREFIX}*"):
                _remove_cgroup(old)  # one that is in use stays
            group = top / f"{_PREFIX}{os.getpid()}"
            with suppress(OSError):
                group.mkdir()
                return group
    pytest.skip("no cgroup of the second kind can be made here")


def _remove_cgroup(group: Path) -> bool:
    """Remove a group and those below it; say whether they are gone."""
    for folder, _subfolders, _files in os.walk(group, topdown=False):
        with suppress(OSError):
            os.rmdir(folder)
    return not group.exists()
