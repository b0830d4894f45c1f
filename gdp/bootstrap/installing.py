"""Builds installing, uninstalling and updating from what this computer has: its user, its systemd, its daemon, this program."""

import os
import platform
import pwd
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from gdp import __version__
from gdp.bootstrap.home import choose_home
from gdp.bootstrap.service import environment_of_runs
from gdp.control.client import NoDaemon, connect
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.installation.doing import Work
from gdp.installation.look import look
from gdp.installation.neighbours import neighbours
from gdp.installation.packed import fingerprint, packed_in, pieces_of, running_program
from gdp.installation.places import Places, system_places, user_places
from gdp.installation.plan import Found, Plan, Step, Wanted, plan_install
from gdp.installation.record import Record, read_record
from gdp.installation.systemd import Systemd
from gdp.installation.unit import unit_text
from gdp.model.service import ServiceStatus


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What whoever installs has chosen."""

    for_user: bool = False
    root: Path | None = None
    """the folder that is the root of another system, such as an image"""
    home: Path | None = None
    has_service: bool = True
    starts: bool = True
    interrupts: bool = False


class Prepared(msgspec.Struct, frozen=True):
    """A plan and what it takes to carry it out."""

    plan: Plan
    found: Found
    places: Places
    home: Path
    work: Work


def choose_places(*, for_user: bool, root: Path | None, environment: Mapping[str, str] = os.environ) -> Places:
    """Return where an installation lies: for the whole computer as root, else for the user. Raises BadInput."""
    if root is not None:
        if for_user:
            raise BadInput(N_("--root is for an installation of the whole computer, --user for one user's"))
        root = root.absolute()
        if not root.is_dir():
            raise BadInput(N_("there is no folder {path}"), path=root)
        return system_places(root)
    return user_places(environment) if for_user or os.geteuid() else system_places()


def service_home(places: Places, given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the home folder that a new service is to use: as given, else the one that its user's ``gdp`` finds by itself.

    For the whole computer that is root's by the list of users, whatever HOME says: sudo may leave HOME as it was.
    """
    if given is not None or places.is_user or environment.get("GDP_HOME"):
        return choose_home(given, environment)
    return Path(pwd.getpwuid(0).pw_dir) / ".local/share/gdp"


def chosen_home(places: Places, given: Path | None) -> Path:
    """Return the home folder that the service is to use: as given, else as it is installed, else a new one's."""
    record = read_record(places.record) if given is None else None
    return Path(record.home) if record else service_home(places, given)


def other_installations(places: Places, environment: Mapping[str, str] = os.environ) -> list[Record]:
    """Return what else is installed on this computer: for all, for the present user, by his variables and without them."""
    if places.root != Path("/"):
        return []
    candidates = [system_places(), user_places(environment)]
    with suppress(KeyError):
        candidates.append(user_places({"HOME": pwd.getpwuid(os.geteuid()).pw_dir}))
    return neighbours(places, candidates)


def systemd_for(places: Places, *, is_wanted: bool = True) -> Systemd | None:
    """Return the systemd that runs the service; None where there is none, or another system is installed into."""
    if not is_wanted or places.root != Path("/"):
        return None
    systemd = Systemd(is_user=places.is_user, environment=environment_of_runs())
    return systemd if systemd.is_there() else None


def prepare_install(choices: Choices, before: Callable[[Step], None]) -> Prepared:
    """Look what is there and plan. Raises BadInput where this program cannot be copied, GdpError."""
    packed = running_program()
    places = choose_places(for_user=choices.for_user, root=choices.root)
    pieces = pieces_of(packed)
    folder = f"{__version__}-{fingerprint(pieces)}"
    home = chosen_home(places, choices.home)
    systemd = systemd_for(places, is_wanted=choices.has_service)
    text = unit_text(places, home) if choices.has_service and (systemd is not None or places.root != Path("/")) else None
    wanted = Wanted(
        places=places,
        version=__version__,
        folder=folder,
        home=home,
        unit_text=text,
        starts=choices.starts,
        interrupts=choices.interrupts,
    )
    found = look(places, folder, systemd, sets_at_work(home) if systemd else ())
    work = Work(places, text or "", pieces, __version__, systemd, environment_of_runs(), before)
    return Prepared(plan_install(wanted, found), found, places, home, work)


def prepare_update(folder: Path, version: str, record: Record, places: Places, *, interrupts: bool,
                   before: Callable[[Step], None]) -> Prepared:  # fmt: skip
    """Plan to put a program that was unpacked into the place of the installed one. The unit stays as it is.

    The new program alone knows its own unit; its ``install`` sees to that afterwards.
    """
    pieces = pieces_of(packed_in(folder))
    name = f"{version}-{fingerprint(pieces)}"
    home = Path(record.home)
    systemd = systemd_for(places, is_wanted=bool(record.unit))
    found = look(places, name, systemd, sets_at_work(home) if systemd else ())
    wanted = Wanted(
        places=places,
        version=version,
        folder=name,
        home=home,
        unit_text=found.unit_text if record.unit else None,
        starts=False,
        interrupts=interrupts,
    )
    work = Work(places, found.unit_text or "", pieces, version, systemd, environment_of_runs(), before)
    return Prepared(plan_install(wanted, found), found, places, home, work)


def installed_program() -> tuple[Record, Places]:
    """Return the installation that this program is run from. Raises BadInput when it is none."""
    executable = Path(sys.executable).resolve()
    program = executable.parent.parent.parent
    record = read_record(program / "installation.json") if getattr(sys, "frozen", False) else None
    if record is None or executable.parent.parent.name != "versions":
        raise BadInput(
            N_("this gdp is not installed, and only an installed one can be updated"),
            N_("Call it with 'install', which also replaces an older one that is installed."),
        )
    return record, record.places(program)


def sets_at_work(home: Path) -> tuple[str, ...]:
    """Return the sets that the daemon of a home folder is busy with; without a daemon none."""
    try:
        with connect(home) as client:
            status = msgspec.convert(client.ask("status")["status"], ServiceStatus)
    except NoDaemon:
        return ()
    return tuple(one.name for one in status.sets if one.at_work)


def has_daemon(home: Path) -> bool:
    """Say whether a daemon runs for a home folder."""
    try:
        connect(home).close()
    except NoDaemon:
        return False
    except GdpError:
        return True
    return True


def this_platform() -> str:
    """Return what a release must be made for to run here."""
    return f"{sys.platform}-{platform.machine()}"
