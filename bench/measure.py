"""Runs one command and measures it: wall time, processor time, memory. Never judges.

Processor time is that of the process and of every descendant it waited for (``wait4``). Memory is the proportional set
size summed over the process tree, sampled: shared pages count once, and a peak between two samples is missed.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SHORTEST_PAUSE_SECONDS = 0.02
SAMPLING_SHARE = 20  # the pause is so many times what a sample took: at most 5 % of one core


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run cost."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    exit_code: int


def measure(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Measurement:
    """Run ``command`` in ``folder``; its output is appended to ``log``."""
    with log.open("ab") as output:
        output.write(("\n$ " + " ".join(command) + "\n").encode())
        output.flush()
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment), cwd=folder
        )
        sampler = _Sampler(process.pid)
        sampler.start()
        _pid, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    sampler.stop()
    return Measurement(wall, usage.ru_utime + usage.ru_stime, sampler.peak_bytes, process.returncode)


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.peak_bytes = 0

    def run(self) -> None:
        pause = 0.0
        while not self._over.wait(pause):
            started = time.perf_counter()
            self.peak_bytes = max(self.peak_bytes, sum(_pss_bytes(pid) for pid in _tree(self._pid)))
            pause = max(SHORTEST_PAUSE_SECONDS, SAMPLING_SHARE * (time.perf_counter() - started))

    def stop(self) -> None:
        self._over.set()
        self.join()


def _tree(root: int) -> list[int]:
    """Return a process and its descendants, as far as they still live."""
    found = [root]
    for pid in found:
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_text().split())
        except OSError:
            continue
    return found


def _pss_bytes(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as lines:
            return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(b"Pss:")), 0)
    except OSError:
        return 0
