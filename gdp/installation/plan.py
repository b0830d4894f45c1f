"""What installing has to do, from what is wanted and what is there. Pure, and printable: that is ``--dry-run``."""

from enum import StrEnum
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.installation.places import Places
from gdp.installation.record import Record
from gdp.installation.systemd import ServiceState
from gdp.installation.unit import MARK


class Action(StrEnum):
    """What a step does."""

    COPY = "copy"
    """the program into a folder"""
    SWITCH = "switch"
    """the version in use"""
    LINK = "link"
    UNIT = "unit"
    """written"""
    RECORD = "record"
    SYSTEMCTL = "systemctl"
    REMOVE = "remove"
    """a file, a link, or a folder with all that is in it"""
    FOLDER = "folder"
    """removed, if it is empty"""


class Step(msgspec.Struct, frozen=True):
    """One thing to do."""

    action: Action
    path: Path | None = None
    words: tuple[str, ...] = ()
    """for ``systemctl``; where a link is to lead"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be there in the end."""

    places: Places
    version: str
    folder: str
    home: Path
    unit_text: str | None
    """None: a unit is neither wanted nor touched"""
    starts: bool
    """whether the service is to run at once"""
    interrupts: bool = False
    """whether it is restarted also while a run is at work"""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What is there."""

    record: Record | None = None
    is_sound: bool = False
    """the wanted folder is there, and whole"""
    versions: tuple[str, ...] = ()
    """every folder of a version"""
    in_use: frozenset[str] = frozenset()
    """those of them that a process runs from"""
    current: str | None = None
    """the folder in use"""
    command: str | None = None
    """where the link in the PATH leads; empty: there is something else; None: nothing"""
    unit_text: str | None = None
    service: ServiceState | None = None
    """None: there is no systemd to ask"""
    service_folder: str = ""
    """the version that the running service has been started from"""
    at_work: tuple[str, ...] = ()
    """the sets that are being backed up"""


class Plan(msgspec.Struct, frozen=True):
    """What to do, in order."""

    steps: tuple[Step, ...]
    record: Record
    waits_for: tuple[str, ...] = ()
    """the service goes on with the old program, since these sets are being backed up"""

    @property
    def is_empty(self) -> bool:
        """Say whether nothing has to change."""
        return not self.steps


def plan_install(wanted: Wanted, found: Found) -> Plan:
    """Return what has to be done. Raises BadInput where something is in the way that is not ours."""
    places = wanted.places
    _refuse_strangers(wanted, found)
    record = _record(wanted, found)
    steps: list[Step] = []
    if not found.is_sound:
        steps.append(Step(Action.COPY, places.versions / wanted.folder))
    if found.current != wanted.folder:
        steps.append(Step(Action.SWITCH, places.current, (f"versions/{wanted.folder}",)))
    if found.command != str(places.runs):
        steps.append(Step(Action.LINK, places.command, (str(places.runs),)))
    if wanted.unit_text is not None and wanted.unit_text != found.unit_text:
        steps.append(Step(Action.UNIT, places.unit))
    if found.record != record:
        steps.append(Step(Action.RECORD, places.record))
    service, waits = _service_steps(wanted, found, is_new_unit=any(step.action is Action.UNIT for step in steps))
    kept = {wanted.folder, record.previous} | found.in_use
    old = [Step(Action.REMOVE, places.versions / name) for name in found.versions if name not in kept]
    return Plan((*steps, *service, *old), record, waits)


def _refuse_strangers(wanted: Wanted, found: Found) -> None:
    places = wanted.places
    ours = found.command is None or found.command == str(places.runs)
    if not ours and (found.record is None or found.record.command != str(places.command)):
        raise BadInput(
            N_("there is a {path} already, and 'gdp install' did not make it"),
            N_("Move it away, or remove what it belongs to (such as: pip uninstall globaldataprotect)."),
            path=places.command,
        )
    if wanted.unit_text is not None and found.unit_text is not None and MARK not in found.unit_text:
        raise BadInput(
            N_("there is a {path} already, and 'gdp install' did not make it"),
            N_("Move it away, or leave the service out with --no-service."),
            path=places.unit,
        )


def _record(wanted: Wanted, found: Found) -> Record:
    before = found.record
    previous = before.previous if before else ""
    if found.current is not None and found.current != wanted.folder:
        previous = found.current
    is_kept = previous in found.versions and previous != wanted.folder
    unit = str(wanted.places.unit) if wanted.unit_text is not None else before.unit if before else ""
    return Record(
        version=wanted.version,
        folder=wanted.folder,
        previous=previous if is_kept else "",
        home=str(wanted.home),
        is_user=wanted.places.is_user,
        root=str(wanted.places.root),
        command=str(wanted.places.command),
        unit=unit,
    )


def _service_steps(wanted: Wanted, found: Found, *, is_new_unit: bool) -> tuple[list[Step], tuple[str, ...]]:
    """Return what systemd is to do, and the sets whose runs keep it from doing so."""
    service, unit = found.service, wanted.places.unit.name
    if service is None or wanted.unit_text is None:
        return [], ()
    steps = [systemctl("daemon-reload")] if is_new_unit else []
    if not service.is_enabled:
        steps.append(systemctl("enable", unit))
    is_old = service.is_active and (is_new_unit or found.service_folder != wanted.folder)
    if is_old and found.at_work and not wanted.interrupts:
        return steps, found.at_work
    if is_old:
        steps.append(systemctl("restart", unit))
    elif not service.is_active and wanted.starts:
        steps.append(systemctl("start", unit))
    return steps, ()


def systemctl(*words: str) -> Step:
    """Return an order to systemd."""
    return Step(Action.SYSTEMCTL, words=words)
