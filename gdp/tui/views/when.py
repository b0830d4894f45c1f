"""A schedule that is being typed, in words and dates. Pure."""

from datetime import datetime, tzinfo
from itertools import islice

from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.timing.reading import parse_schedule
from gdp.tui.words import long_moment

RUNS = 3


def schedule_lines(when: str, now: datetime, zone: tzinfo | None) -> list[str]:
    """Return what the lines of ``when`` mean, and the next runs. Raises BadInput for a line that is no schedule."""
    schedules = [parse_schedule(line) for line in when.splitlines() if line.strip()]
    if not schedules:
        return [translate(N_("It runs only when somebody asks for it."))]
    local = zone or now.astimezone().tzinfo
    assert local is not None
    moments = sorted({moment for one in schedules for moment in islice(one.runs_after(now, local), RUNS)})[:RUNS]
    words = "; ".join(one.describe() for one in schedules)
    coming = ", ".join(long_moment(moment, zone) for moment in moments)
    return [words, fill(N_("Next: {moments}"), {"moments": coming})]
