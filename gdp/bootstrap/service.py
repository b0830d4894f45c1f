"""Builds the daemon of a home folder."""

import os
import pwd
import sys
from collections.abc import Mapping
from pathlib import Path

from gdp.bootstrap.reach import ask_conditions
from gdp.daemon.answers import ANSWERS
from gdp.daemon.service import Service
from gdp.model.events import Emit

_OURS = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "GDP_REPO",
    "GDP_PASSWORD_FILE",
    "GDP_PASSWORD_COMMAND",
    "GDP_LOGIN_KEY_FILE",
    "GDP_LOGIN_PASSWORD_FILE",
    "GDP_BACKUP_SET",
)
_LIBRARIES = "LD_LIBRARY_PATH"


def run_daemon(home: Path, emit: Emit) -> None:
    """Be the daemon until SIGTERM or SIGINT. Raises BadInput when there is one already, JournalError. Main thread only."""
    Service(
        home,
        program=(*program_words(), "--json", "--home", str(home)),
        environment=environment_of_runs,
        ask=lambda backup_set: ask_conditions(backup_set, home),
        emit=emit,
    ).run(ANSWERS)


def program_words() -> tuple[str, ...]:
    """Return the words that start this program again."""
    return (sys.executable,) if getattr(sys, "frozen", False) else (sys.executable, "-m", "gdp")


def environment_of_runs(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return what runs and the commands of sets inherit: not our line to systemd, nor the packed program's libraries.

    And who they are, which systemd tells no service of the computer: else no command would find what lies in ``~``.
    """
    kept = {name: value for name, value in environment.items() if name not in _OURS}
    original = kept.pop(f"{_LIBRARIES}_ORIG", None)
    if getattr(sys, "frozen", False):
        kept.pop(_LIBRARIES, None)
        if original is not None:
            kept[_LIBRARIES] = original
    return {**_login(), **kept}


def _login() -> dict[str, str]:
    try:
        user = pwd.getpwuid(os.getuid())
    except KeyError:
        return {}
    return {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name}
