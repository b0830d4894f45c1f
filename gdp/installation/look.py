"""What there is of an installation. Changes nothing."""

import os
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.installation.packed import fingerprint, packed_in, pieces_of
from gdp.installation.places import Places
from gdp.installation.plan import Found
from gdp.installation.record import read_record
from gdp.installation.systemd import ServiceState, Systemd, program_of

LARGEST_UNIT_BYTES = 1 << 20


def look(places: Places, folder: str, systemd: Systemd | None, at_work: tuple[str, ...]) -> Found:
    """Return what is there. Raises GdpError where that cannot be told.

    Args:
        places: of the installation.
        folder: the version that is wanted.
        systemd: None where there is none, or nobody wants it to be asked.
        at_work: the sets that are being backed up.
    """
    service = systemd.state() if systemd is not None else None
    versions = versions_in(places)
    return Found(
        record=read_record(places.record),
        is_sound=folder in versions and _is_whole(places.versions / folder, folder),
        versions=versions,
        in_use=frozenset(name for name in versions if is_running_from(places.versions / name)),
        current=current_folder(places),
        command=_link(places.command),
        unit_text=_text(places.unit),
        service=service,
        service_folder=_folder_of(service, places) if service else "",
        at_work=at_work,
    )


def current_folder(places: Places) -> str | None:
    """Return the folder of the version in use, which is there; None: none is."""
    try:
        name = Path(os.readlink(places.current)).name
    except OSError:
        return None
    return name if (places.versions / name).is_dir() else None


def versions_in(places: Places) -> tuple[str, ...]:
    """Return the folders of versions, also what is left of one that was broken off."""
    try:
        return tuple(sorted(entry.name for entry in places.versions.iterdir()))
    except (FileNotFoundError, NotADirectoryError):
        return ()


def is_running_from(folder: Path) -> bool:
    """Say whether a process that we may look at runs a program of a folder."""
    prefix = f"{os.path.realpath(folder)}/"
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            program = program_of(int(entry))
            if program is not None and str(program).startswith(prefix):
                return True
    return False


def _is_whole(folder: Path, name: str) -> bool:
    try:
        return name.rpartition("-")[2] == fingerprint(pieces_of(packed_in(folder)))
    except OSError:
        return False


def _folder_of(service: ServiceState, places: Places) -> str:
    program = program_of(service.process) if service.process else None
    if program is None or program.parent.parent != Path(os.path.realpath(places.versions)):
        return ""
    return program.parent.name


def _link(path: Path) -> str | None:
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return None
    except OSError:
        return ""  # a file or a folder of somebody else


def _text(path: Path) -> str | None:
    try:
        with path.open("rb") as stream:
            return stream.read(LARGEST_UNIT_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GdpError(N_("{path} cannot be read: {reason}"), path=path, reason=error.strerror or str(error)) from error
