"""A runner in a process of its own, that can be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

RUNNER = """
import sys, threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from server.gateways.files import FileStore
from server.gateways.outbox import OutboxFolder
from server.gateways.smtp import SmtpServer
from server.jobs.runner import Runner
from server.models.database import disconnect, open_database
from tests.server.family import NOW
url, office, minutes = sys.argv[1:]
database = open_database(url)
sender = "gdpac@example.com"
taker = SmtpServer("127.0.0.1", int(office), sender) if office.isdigit() else OutboxFolder(Path(office), sender)
Runner(taker, FileStore(Path("files")), lambda: NOW + timedelta(minutes=int(minutes))).work_once()
disconnect(database)
"""
DAILY = """
import os, signal, sys
from server.models.database import open_database
from server.models.party import Party
from server.services import work
from tests.server.family import NOW
url, job, end = sys.argv[1:]
open_database(url)
def effect():
    Party.update(version=Party.version + 1).execute()
    if end == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
done = work.do_once(job, "2026-11-24", effect, now=NOW)
if end == "killed after":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(0 if done else 3)
"""


def start(script: str, *arguments: str) -> "subprocess.Popen[bytes]":
    """Start a script with its arguments."""
    project = Path(__file__).parents[3]
    environment = os.environ | {"PYTHONPATH": str(project)}
    return subprocess.Popen([sys.executable, "-c", script, *arguments], env=environment, stderr=subprocess.PIPE)


def finish(processes: Sequence["subprocess.Popen[bytes]"]) -> list[int]:
    """Wait for processes, and return their exit codes; what they said of errors is shown where one has failed by itself."""
    codes = []
    for process in processes:
        _out, said = process.communicate(timeout=60)
        assert process.returncode in {0, 3, -signal.SIGKILL}, said.decode()
        codes.append(process.returncode)
    return codes
