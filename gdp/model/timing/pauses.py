"""How long to wait: before a run, so that not all clients come at once, and after one that failed."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.timing.durations import format_duration, parse_duration

_NONE_WORDS = ("none", "keine", "")
_WRITTEN = N_("Write the pause after each failure, such as: 5m, 15m, 1h. Or: none.")


def random_offset(seed: str, due: datetime, most: timedelta) -> timedelta:
    """Return how much later than ``due`` a run begins: whole seconds, from nothing up to ``most``.

    It depends on nothing else, so that a restart or another process comes to the same moment. Every moment has its own, so
    that no client is always the last.

    Args:
        seed: what tells this set of this client from others.
        due: when the schedule says.
        most: not negative.
    """
    digest = hashlib.sha256(f"{seed}\0{due.astimezone(UTC).isoformat()}".encode()).digest()
    return timedelta(seconds=int.from_bytes(digest[:8], "big") % (most // timedelta(seconds=1) + 1))


def parse_pauses(text: str) -> tuple[timedelta, ...]:
    """Return the pauses of ``5m, 15m, 1h``: how long to wait after the first, second, third failure. Raises BadInput."""
    if text.strip().casefold() in _NONE_WORDS:
        return ()
    try:
        return tuple(parse_duration(part.strip()) for part in text.split(","))
    except BadInput as problem:
        raise BadInput(N_("the pauses {text!r} are not understood: {problem}"), _WRITTEN, text=text, problem=problem) from None


def format_pauses(pauses: Sequence[timedelta]) -> str:
    """Return ``5m, 15m, 1h``, or ``none``."""
    return ", ".join(map(format_duration, pauses)) or "none"


def pause_after(failures: int, pauses: Sequence[timedelta]) -> timedelta | None:
    """Return how long to wait after so many failures in a row (1 or more), or None: wait until it is next due."""
    return pauses[failures - 1] if failures <= len(pauses) else None
