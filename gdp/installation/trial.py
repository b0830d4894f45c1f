"""Starts a program on trial before anything relies on it: does it say its version, does its daemon begin and end."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.core.language import N_

VERSION_SECONDS = 60.0  # a cold disk, a busy computer
READY_SECONDS = 90.0  # as long as the unit waits
END_SECONDS = 30.0  # it has nothing to end
_LARGEST_SAID = 500  # bytes of an answer, for a sentence


class ProgramFails(GdpError):
    """The program does not do what it must."""


def try_program(program: Path, version: str, environment: Mapping[str, str]) -> None:
    """Start a program as whoever installs it, in an empty home folder. Leaves nothing behind.

    Args:
        program: the executable.
        version: that it must say; an empty one says nothing.
        environment: for it; without what belongs to the program that is running now.

    Raises:
        ProgramFails: it does not start, says another version, or its daemon does not begin or end.
    """
    with tempfile.TemporaryDirectory(prefix="gdp-trial-") as folder:
        own = {**environment, "GDP_LANGUAGE": "en", "PYINSTALLER_RESET_ENVIRONMENT": "1"}
        said = _version(program, own)
        if said != version:
            raise ProgramFails(
                N_("the program {program} says that it is version {said}, not {version}"),
                program=program,
                said=said,
                version=version,
            )
        _try_daemon(program, Path(folder), own)


def _version(program: Path, environment: Mapping[str, str]) -> str:
    try:
        ended = subprocess.run(
            [program, "--version"], env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=VERSION_SECONDS,
            check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _does_not_start(program, error.strerror or "" if isinstance(error, OSError) else str(error)) from error
    words = ended.stdout[:_LARGEST_SAID].decode(errors="replace").split()
    if ended.returncode or len(words) < 2 or words[0] != "gdp":
        raise _does_not_start(program, _last_words(ended.stderr or ended.stdout) or str(ended.returncode))
    return words[1]


def _try_daemon(program: Path, folder: Path, environment: Mapping[str, str]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line, (folder / "said").open("w+b") as said:
        line.bind(str(folder / "notify"))
        process = subprocess.Popen(
            [program, "--home", folder / "home", "daemon"],
            env={**environment, "NOTIFY_SOCKET": str(folder / "notify")},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        try:
            is_ready = _hears_ready(line, process)
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
        finally:
            process.kill()
            process.wait()
        if not is_ready or process.returncode:
            said.seek(0)
            raise ProgramFails(
                N_("the daemon of {program} does not begin and end as it must: {reason}"),
                program=program,
                reason=_last_words(said.read()) or str(process.returncode),
            )


def _hears_ready(line: socket.socket, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until the daemon says that it is ready; say whether it did."""
    handle = os.pidfd_open(process.pid)
    try:
        found, _, _ = select.select([line.fileno(), handle], [], [], READY_SECONDS)
        return line.fileno() in found and b"READY=1" in line.recv(1000).split(b"\n")
    finally:
        os.close(handle)


def _does_not_start(program: Path, reason: str) -> ProgramFails:
    return ProgramFails(
        N_("the program {program} does not start: {reason}"),
        N_("It may be made for another kind of computer, or lie where no program may run (mount option noexec)."),
        program=program,
        reason=reason,
    )


def _last_words(said: bytes) -> str:
    return said.decode(errors="replace").strip().rpartition("\n")[2][:_LARGEST_SAID]
