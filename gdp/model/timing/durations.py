"""How long something lasts, as people type it: ``90m``, ``2h 30m``, ``1 Stunde 15 Minuten``."""

import re
from datetime import timedelta

from gdp.core.errors import BadInput
from gdp.core.language import N_

_UNITS = (
    (86400.0, "d", ("t", "day", "days", "tag", "tage", "tagen")),
    (3600.0, "h", ("std", "hour", "hours", "stunde", "stunden")),
    (60.0, "m", ("min", "minute", "minutes", "minuten")),
    (1.0, "s", ("sec", "sek", "second", "seconds", "sekunde", "sekunden")),
    (0.001, "ms", ()),
)
_SECONDS = {word: seconds for seconds, letter, words in _UNITS for word in (letter, *words)}
_PART = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?) ?([a-z]+)")
_WHOLE = re.compile(rf"{_PART.pattern}(?: ?{_PART.pattern})*")
_HINT = N_("Write it like 90s, 5m or 1h30m.")


def parse_duration(text: str) -> timedelta:
    """Return how long ``90s``, ``5m`` or ``1h 30m`` is, up to some million years. Raises BadInput."""
    plain = " ".join(text.casefold().split())
    parts = _PART.findall(plain)
    if not _WHOLE.fullmatch(plain) or any(unit not in _SECONDS for _number, unit in parts):
        raise BadInput(N_("{text!r} is no duration"), _HINT, text=text)
    try:
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError as error:
        raise BadInput(N_("{text!r} is too long"), _HINT, text=text) from error


def format_duration(duration: timedelta) -> str:
    """Return ``2h 30m``, which ``parse_duration`` reads; fractions of a second in milliseconds, less than that cut off."""
    milliseconds = duration // timedelta(milliseconds=1)
    parts = []
    for seconds, letter, _words in _UNITS:
        number, milliseconds = divmod(milliseconds, round(seconds * 1000))
        if number:
            parts.append(f"{number}{letter}")
    return " ".join(parts) or "0s"
