"""Moments, rates and errors as the screen shows them. Pure: the caller says what time it is, and where."""

from datetime import datetime, timedelta, tzinfo

from gdp.core import figures
from gdp.core.language import N_, current_language, translate

_WEEKDAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))


def short_moment(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """Return ``today 02:41``, ``Mon 02:41`` within six days, else ``24 Nov 02:41`` or the whole date."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    named = {0: N_("today"), 1: N_("tomorrow"), -1: N_("yesterday")}.get(days)
    if named is None and abs(days) < 7:
        named = _WEEKDAYS[local.weekday()]
    day = translate(named) if named else local.strftime("%d.%m.%Y" if current_language() == "de" else "%Y-%m-%d")
    return f"{day} {local:%H:%M}"


def long_moment(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return ``Tue 24.11.2026 02:30`` with the zone where it is not the computer's."""
    local = moment.astimezone(zone)
    day = local.strftime("%d.%m.%Y %H:%M" if current_language() == "de" else "%Y-%m-%d %H:%M")
    return f"{translate(_WEEKDAYS[local.weekday()])} {day}"


def rate(bytes_a_second: float) -> str:
    """Return ``38.0 MB/s``."""
    return f"{figures.size(round(bytes_a_second))}/s"


def span(earlier: datetime, later: datetime) -> str:
    """Return how long that was."""
    return figures.duration(max(timedelta(), later - earlier).total_seconds())


def one_line(name: str) -> str:
    """Return a name that any terminal can take: in place of a line break and the like stands its picture."""
    if name.isprintable():
        return name
    return "".join(map(_picture, name))


def _picture(letter: str) -> str:
    if letter.isprintable():
        return letter
    return chr(0x2400 + ord(letter)) if ord(letter) < 0x20 else "\ufffd"
