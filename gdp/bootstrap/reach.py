"""Whether a set could begin: does its target answer, and is there mains power. Opens no repository and logs in nowhere."""

import os
from contextlib import closing, suppress
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.model.backup_set import BackupSet
from gdp.model.runs import Reason
from gdp.model.target import LocalTarget, Target

CONNECT_SECONDS = 15.0
_GREETING = b"SSH-"
_POWER = Path("/sys/class/power_supply")


def ask_conditions(backup_set: BackupSet, home: Path) -> Reason:
    """Return what keeps a set from beginning, or NONE. May take long."""
    conditions = backup_set.conditions
    if conditions.mains_power and is_on_battery():
        return Reason.BATTERY
    if conditions.target_reachable and not does_answer(backup_set.target.repo, home):
        return Reason.UNREACHABLE
    return Reason.NONE


def does_answer(target: Target, home: Path) -> bool:
    """Say whether a folder holds a repository, such as on a disk that may not be plugged in, or whether a server greets."""
    if isinstance(target, LocalTarget):
        return os.path.exists(target.path / "config")
    from gdp.storage.sftp_settings import settings_of_user  # loads SSH
    from gdp.storage.ssh_config import find_route
    from gdp.storage.ssh_socket import open_line

    try:
        route = find_route(settings_of_user(target, home / "known_hosts", Path.home()))
        with closing(open_line(route, connect_seconds=CONNECT_SECONDS, stall_seconds=CONNECT_SECONDS)) as line:
            line.settimeout(CONNECT_SECONDS)
            return line.recv(len(_GREETING)) == _GREETING
    except (GdpError, OSError):
        return False


def is_on_battery(folder: Path = _POWER) -> bool:
    """Say whether the computer lives on its battery; one without a battery never does."""
    kinds: dict[str, bool] = {}
    with suppress(OSError):
        for supply in sorted(folder.iterdir()):
            with suppress(OSError):
                kind = (supply / "type").read_text().strip()
                online = (supply / "online").read_text().strip() == "1" if kind != "Battery" else True
                kinds[kind] = kinds.get(kind, False) or online
    has_battery = kinds.pop("Battery", False)
    return has_battery and not any(kinds.values())
