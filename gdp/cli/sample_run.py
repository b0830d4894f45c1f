"""A small real backup of made-up files into a repository that is thrown away, so that a test mail shows a report as it is."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.model.run import RunRecord
from gdp.model.runs import Kind
from gdp.report.recorder import Recorder

SET_NAME = "test"
_FILES = {"letter.txt": b"Dear administrator,\n" * 40, "numbers.csv": b"".join(b"%d;%d\n" % (n, n * n) for n in range(2000))}
_LONGEST_SECONDS = 120.0


def make_sample_run() -> tuple[RunRecord, bytes]:
    """Return the record of the run and its log. Raises GdpError when not even that works."""
    with tempfile.TemporaryDirectory(prefix="gdp-test-") as name:
        folder = Path(name)
        (folder / "files").mkdir()
        for file, contents in _FILES.items():
            (folder / "files" / file).write_bytes(contents)
        (folder / "password").write_text("only a test\n")
        common = ["--json", "--quiet", "--home", str(folder / "home"), "--repo", str(folder / "repository")]
        common += ["--password-file", str(folder / "password")]
        _run([*common, "init"])
        recorder = Recorder(SET_NAME, socket.gethostname(), Kind.BACKUP, datetime.now(UTC))
        code, log = _run([*common, "backup", str(folder / "files")])
        for line in log.splitlines():
            recorder.take(line)
        return recorder.finish(code, datetime.now(UTC)), log


def _run(arguments: list[str]) -> tuple[int, bytes]:
    """Run this program once more, and return its exit code and what it said. Raises GdpError."""
    words = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "gdp"]
    try:
        ended = subprocess.run(
            [*words, *arguments], env=_environment(os.environ), capture_output=True, check=False, timeout=_LONGEST_SECONDS,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GdpError(N_("a small backup for the test mail could not be made: {reason}"), reason=str(error)) from error
    return ended.returncode, ended.stdout + ended.stderr


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return the child's environment: without the user's repository or set."""
    return {name: value for name, value in ours.items() if not name.startswith("GDP_") or name == "GDP_LANGUAGE"}
