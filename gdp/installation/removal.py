"""What uninstalling has to do. Pure, but for looking at which of the things are there."""

import os
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.installation.places import LOCK, Places
from gdp.installation.plan import Action, Found, Step, systemctl
from gdp.installation.unit import MARK
from gdp.model.backup_set import BackupSet, Recovery

OURS = (
    "sets",
    "config.toml",
    "cache",
    "state",
    "mail",
    "log",
    "recovery",
    "known_hosts",
    "daemon.sock",
    "daemon.lock",
    ".lock",
)
"""what this program keeps in its home folder; see ARCHITECTURE.md"""


class Removal(msgspec.Struct, frozen=True):
    """What to do, in order."""

    steps: tuple[Step, ...]
    home: Path
    stays: tuple[Path, ...] = ()
    """of the home folder's"""


def plan_uninstall(places: Places, found: Found, home: Path, *, purges: bool) -> Removal:
    """Return what has to be done: the service first, the program last, since it may be the one that runs."""
    steps: list[Step] = []
    unit = found.record.unit if found.record else ""
    if unit and found.unit_text is not None and MARK in found.unit_text:
        if found.service is not None:
            steps.append(systemctl("disable", "--now", places.unit.name))
        steps.append(Step(Action.REMOVE, places.unit))
        if found.service is not None:
            steps.append(systemctl("daemon-reload"))
    if found.command == str(places.runs):
        steps.append(Step(Action.REMOVE, places.command))
    stays: tuple[Path, ...] = ()
    if purges:
        own = [home / name for name in OURS if os.path.lexists(home / name)]
        steps += [Step(Action.REMOVE, path) for path in own] + ([Step(Action.FOLDER, home)] if home.is_dir() else [])
        stays = tuple(path for path in _entries(home) if path not in own)
    if found.record is not None:
        parts = (places.current, places.record, places.program / LOCK, places.versions)
        steps += [Step(Action.REMOVE, path) for path in parts] + [Step(Action.FOLDER, places.program)]
    return Removal(tuple(steps), home, stays)


def refuse_to_lose_passwords(home: Path, sets: list[BackupSet]) -> None:
    """Raise BadInput when a purge would remove a password that nobody could ever get back."""
    doomed = [home / name for name in OURS]
    recovered = home / "recovery"  # typed in from a sheet, which is still there
    lost = sorted(
        {
            one.encryption.password_file
            for one in sets
            if (one.encryption.recovery is Recovery.NOBODY or not one.encryption.recovery_confirmed)
            and any(Path(one.encryption.password_file).is_relative_to(folder) for folder in doomed)
            and not Path(one.encryption.password_file).is_relative_to(recovered)
            and os.path.exists(one.encryption.password_file)
        }
    )
    if lost:
        raise BadInput(
            N_("nobody could restore anything any more: {files} would be removed, and no recovery sheet was confirmed for it"),
            N_("Keep a copy elsewhere, or run 'gdp recovery sheet' and 'gdp recovery confirm' first; or give --lose-passwords."),
            files=", ".join(lost),
        )


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
