"""Asks systemd about the service and gives it orders, by ``systemctl``."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.installation.places import UNIT

_SECONDS = 240.0  # a service may take its 90 seconds to end and 90 to begin
_RUNNING = Path("/run/systemd/system")  # systemd's own mark, see sd_booted(3)


class ServiceState(msgspec.Struct, frozen=True):
    """How the service stands."""

    is_enabled: bool = False
    is_active: bool = False
    process: int = 0
    """its main process; 0: none"""


class Systemd:
    """The systemd of the computer, or of the user.

    Args:
        is_user: whose.
        environment: for ``systemctl``.
    """

    def __init__(self, *, is_user: bool, environment: Mapping[str, str]) -> None:
        self._words = systemctl_words(is_user=is_user)
        self._is_user = is_user
        self._environment = {**environment, "XDG_RUNTIME_DIR": _runtime_folder(environment)} if is_user else dict(environment)

    def is_there(self) -> bool:
        """Say whether it runs and answers."""
        if not self._is_user and not computer_has_systemd():
            return False
        try:
            return self._call("show", "--property=Version").returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def state(self) -> ServiceState:
        """Return how the service stands. Raises GdpError."""
        answer = self.order("show", "--property=UnitFileState,ActiveState,MainPID", UNIT)
        values = dict(line.partition("=")[::2] for line in answer.splitlines())
        process = values.get("MainPID", "0")
        return ServiceState(
            is_enabled=values.get("UnitFileState") == "enabled",
            is_active=values.get("ActiveState") in {"active", "activating", "reloading"},
            process=int(process) if process.isdigit() else 0,
        )

    def order(self, *words: str) -> str:
        """Give an order and return what it said. Raises GdpError when it failed."""
        command = " ".join([*self._words, *words])
        try:
            ended = self._call(*words)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GdpError(N_("'{command}' failed: {reason}"), command=command, reason=str(error)) from error
        if ended.returncode:
            reason = " ".join(ended.stderr.split()) or str(ended.returncode)
            hint = N_("'journalctl --unit gdp' says more; for a user's service: 'journalctl --user --unit gdp'.")
            raise GdpError(N_("'{command}' failed: {reason}"), hint, command=command, reason=reason)
        return ended.stdout

    def lingers(self, user: str) -> bool:
        """Say whether a user's services run also while he is not logged in; where nobody can tell, yes."""
        try:
            command = ["loginctl", "show-user", user, "--property=Linger", "--value"]
            ended = subprocess.run(
                command, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS,
                check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return True
        return ended.returncode == 0 and ended.stdout.strip() == "yes"

    def _call(self, *words: str) -> "subprocess.CompletedProcess[str]":
        command = [*self._words, "--no-pager", *words]
        return subprocess.run(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


def systemctl_words(*, is_user: bool) -> list[str]:
    """Return the words that an order to systemd begins with."""
    return ["systemctl", "--user"] if is_user else ["systemctl"]


def computer_has_systemd() -> bool:
    """Say whether the computer was started by one, whoever's services it runs."""
    return _RUNNING.is_dir()


def program_of(process: int) -> Path | None:
    """Return the program that a process runs; None where nobody can tell."""
    try:
        return Path(os.readlink(f"/proc/{process}/exe"))
    except OSError:
        return None


def _runtime_folder(environment: Mapping[str, str]) -> str:
    """Return the folder where a user's systemd listens: after a ``su`` the variable is missing, or names somebody else's."""
    folder = environment.get("XDG_RUNTIME_DIR", "")
    try:
        is_own = os.stat(folder).st_uid == os.getuid()
    except OSError:
        is_own = False
    return folder if is_own else f"/run/user/{os.getuid()}"
