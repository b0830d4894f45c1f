"""How a run and its moments stand in the rows of the journal."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gdp.model.runs import Kind, Reason, Run, State

COLUMNS = "id, set_name, kind, due, attempt, is_manual, began, ended, state, reason, times, exit_code, summary, log"
"""of the table ``run``, as ``run_of`` takes them"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def number_of(moment: datetime) -> int:
    """Return whole microseconds since 1970 in UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """Return the moment again."""
    return _EPOCH + number * _MICROSECOND


def run_of(row: tuple[Any, ...]) -> Run:
    """Return the run of a row of ``COLUMNS``."""
    number, name, kind, due, attempt, is_manual, began, ended, state, reason, times, exit_code, summary, log = row
    return Run(
        id=number,
        set_name=name,
        kind=Kind(kind),
        due=moment_of(due),
        attempt=attempt,
        is_manual=bool(is_manual),
        began=moment_of(began),
        ended=None if ended is None else moment_of(ended),
        state=State(state),
        reason=Reason(reason),
        times=times,
        exit_code=exit_code,
        summary=msgspec.json.decode(summary),
        log=log,
    )
