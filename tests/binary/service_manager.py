"""What a test needs of systemd, where none runs: ``systemctl --user`` for the one unit, as far as ``Type=notify`` goes.

It is a program by itself, called ``systemctl``: it reads the unit that was written, starts what it says, and waits until that
says that it is ready.
"""

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SECONDS = 60.0
HOME = Path(os.environ["HOME"])
UNIT = HOME / ".config/systemd/user/gdp.service"
ENABLED, PROCESS = HOME / ".enabled", HOME / ".process"


def main(words: list[str]) -> int:
    """Do what systemctl would. Returns the exit code."""
    match [word for word in words if word not in {"--user", "--no-pager"}]:
        case ["show", "--property=Version"]:
            sys.stdout.write("Version=1\n")
        case ["show", *_]:
            states = (f"UnitFileState={'enabled' if ENABLED.exists() else ''}", f"MainPID={living()}")
            active = f"ActiveState={'active' if living() else 'inactive'}"
            sys.stdout.write("\n".join([*states, active, ""]))
        case ["daemon-reload"]:
            pass
        case ["enable", _]:
            ENABLED.touch()
        case ["disable", "--now", _]:
            ENABLED.unlink()
            stop()
        case ["start" | "restart", _]:
            stop()
            return start()
        case other:
            sys.stderr.write(f"what is {other}?\n")
            return 1
    return 0


def living() -> int:
    """Return the service's process; 0: it does not run."""
    try:
        process = int(PROCESS.read_text())
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError):
        return 0
    return 0 if state in "ZX" else process


def stop() -> None:
    """End the service, and wait for that."""
    if process := living():
        os.kill(process, signal.SIGTERM)
    until = time.monotonic() + SECONDS
    while living() and time.monotonic() < until:
        time.sleep(0.02)


def start() -> int:
    """Start the service, and wait until it is ready or has ended."""
    line = next(line for line in UNIT.read_text().splitlines() if line.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, (HOME / ".journal").open("ab") as said:
        address = str(HOME / ".notify")
        Path(address).unlink(missing_ok=True)
        notify.bind(address)
        notify.settimeout(0.1)
        process = subprocess.Popen(
            words, env={**os.environ, "NOTIFY_SOCKET": address}, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        )  # fmt: skip
        PROCESS.write_text(str(process.pid))
        until = time.monotonic() + SECONDS
        while process.poll() is None and time.monotonic() < until:
            try:
                if notify.recv(1000) == b"READY=1":
                    return 0
            except TimeoutError:
                continue
    sys.stderr.write("Job for gdp.service failed.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
