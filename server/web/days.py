"""Days on pages: today as clocks in Berlin have it, and what a field for a day holds."""

from datetime import date

from server.domain.errors import RuleBroken
from server.domain.sentence import N_
from server.language import ZONE
from server.web import visit


def today() -> date:
    """Return the day of this request in Berlin, by which prices and services count."""
    return visit.now().astimezone(ZONE).date()


def read_day(text: str, *, field: str) -> date:
    """Return the day that a field holds. Raises RuleBroken."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RuleBroken(N_("“{text}” is no day."), N_("Write it like 2026-12-31."), field=field, text=text) from error
