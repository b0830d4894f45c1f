"""Other installations on this computer. Two must not share a home folder: one daemon at a time can use it, and a purge of one
installation would remove what the other lives by.
"""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.installation.places import Places
from gdp.installation.record import Record, read_record


def neighbours(places: Places, candidates: Iterable[Places]) -> list[Record]:
    """Return what else is installed, as far as that can be read.

    Args:
        places: of the installation that is not meant.
        candidates: where others may lie.
    """
    found = {other.program: other for other in candidates if other.program != places.program}
    records = []
    for other in found.values():
        with suppress(GdpError):  # of somebody else, who is told when he looks after it
            if (record := read_record(other.record)) is not None:
                records.append(record)
    return records


def refuse_shared_home(home: Path, others: Iterable[Record]) -> None:
    """Raise BadInput when the service of another installation uses a home folder already."""
    for other in others:
        if other.unit and Path(other.home) == home:
            raise BadInput(
                N_("the service of {unit} uses the home folder {home} already, and two services cannot share one"),
                N_(
                    "Give this one a home folder of its own (--home FOLDER), leave its service out (--no-service), or remove "
                    "the other first: {uninstall}"
                ),
                unit=other.unit,
                home=home,
                uninstall=_uninstall(other),
            )


def refuse_to_purge_shared(home: Path, others: Iterable[Record]) -> None:
    """Raise BadInput when another installation uses a home folder that is to be removed."""
    for other in others:
        if Path(other.home) == home:
            raise BadInput(
                N_("the installation of {command} uses the home folder {home} as well, so it is not removed"),
                N_("Leave --purge out, or remove the other first: {uninstall}"),
                command=other.command,
                home=home,
                uninstall=_uninstall(other),
            )


def _uninstall(other: Record) -> str:
    return f"{other.command} uninstall --user" if other.is_user else f"{other.command} uninstall"
