"""The SSH library is loaded once, before the fork. That is only allowed because loading does nothing."""

import subprocess
import sys

LOAD = """
import os, sys, threading
from gdp.bootstrap.storages import Reaching, StorageMaker
from gdp.model.target import parse_target
from pathlib import Path
StorageMaker(parse_target(sys.argv[1]), Reaching(), Path("/nowhere"), None, None)
opened = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")]
print("paramiko" in sys.modules, "invoke" in sys.modules, threading.active_count(), any("socket" in path for path in opened))
"""


def load(target: str) -> list[str]:
    run = subprocess.run([sys.executable, "-c", LOAD, target], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_it_is_there_before_the_workers_are_forked() -> None:
    """Without the part that only runs programs, and without a thread or a connection, which would not survive a fork."""
    assert load("sftp://host/srv") == ["True", "False", "1", "False"]


def test_a_local_repository_does_not_pay_for_it() -> None:
    """A tenth of a second is much of a short run."""
    assert load("/srv")[0] == "False"
