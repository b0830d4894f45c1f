"""Numbers, sizes, times and durations as people read them, in the reader's language. Pure."""

import time
from datetime import datetime, tzinfo

from gdp.core.language import current_language, grouped

_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def count(number: int) -> str:
    """Return ``1,204`` or ``1.204``."""
    return grouped(number, current_language())


def decimal(number: float, places: int = 1) -> str:
    """Return ``12.5`` or ``12,5``."""
    return _local(f"{number:,.{places}f}")


def size(number: int) -> str:
    """Return bytes with the unit that suits them, powers of 1000: ``182.4 GB``."""
    value, power = float(abs(number)), 0
    while value >= 999.95 and power < len(_UNITS) - 1:
        value, power = value / 1000, power + 1
    sign = "-" if number < 0 else ""
    return f"{sign}{decimal(value, 1 if power else 0)} {_UNITS[power]}"


def duration(seconds: float) -> str:
    """Return ``42 s``, ``3 min 20 s``, ``2 h 13 min`` or ``2 h``."""
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{whole} s" if whole >= 10 else f"{decimal(seconds)} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    if whole < 86400:
        return _two(whole // 3600, "h", whole // 60 % 60, "min")
    return _two(whole // 86400, "d", whole // 3600 % 24, "h")


def rough_duration(seconds: float) -> str:
    """Return how long something takes that lasts a minute or longer, no more exact than can be known."""
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return _two(int(seconds // 3600), "h", int(seconds // 60 % 60), "min")


def _two(number: int, unit: str, rest: int, smaller: str) -> str:
    return f"{number} {unit} {rest} {smaller}" if rest else f"{number} {unit}"


def moment(time_ns: int) -> str:
    """Return a time in the zone of this computer, to the second."""
    pattern = "%d.%m.%Y %H:%M:%S" if current_language() == "de" else "%Y-%m-%d %H:%M:%S"
    return time.strftime(pattern, time.localtime(time_ns // 1_000_000_000))


def local_moment(moment: datetime, zone: tzinfo | None = None) -> str:
    """Return an aware time to the minute with its zone: ``2026-11-24 02:41 CET``. None: the zone of this computer."""
    return moment.astimezone(zone).strftime("%d.%m.%Y %H:%M %Z" if current_language() == "de" else "%Y-%m-%d %H:%M %Z")


def _local(text: str) -> str:
    return text.translate(str.maketrans(",.", ".,")) if current_language() == "de" else text
