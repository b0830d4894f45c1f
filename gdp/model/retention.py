"""What a user may ask to keep, and how it is written on the command line. Never looks at a snapshot."""

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_

UNLIMITED = -1
PERIODS = ("hourly", "daily", "weekly", "monthly", "yearly")
_SPAN_PART = re.compile(r"(-?[0-9]+)([ymdh])")


class GroupKey(StrEnum):
    """What tells groups of snapshots apart; a policy holds for each group by itself."""

    HOST = "host"
    PATHS = "paths"
    TAGS = "tags"


DEFAULT_GROUP_BY = (GroupKey.HOST, GroupKey.PATHS)


class Span(msgspec.Struct, frozen=True):
    """A time in the calendar's units, such as ``1y5m7d2h``."""

    years: int = 0
    months: int = 0
    days: int = 0
    hours: int = 0

    def __bool__(self) -> bool:
        return self != Span()

    def __str__(self) -> str:
        parts = ((self.years, "y"), (self.months, "m"), (self.days, "d"), (self.hours, "h"))
        return "".join(f"{number}{unit}" for number, unit in parts if number)


class KeepPolicy(msgspec.Struct, frozen=True):
    """What to keep: a snapshot stays when any rule wants it."""

    last: int = 0
    """that many newest; ``UNLIMITED`` for all, here and below"""
    counts: Mapping[str, int] = msgspec.field(default_factory=dict)
    """by period (see PERIODS): the newest snapshot of each of that many hours, days, ... in which there is one"""
    within: Span = msgspec.field(default_factory=Span)
    """all that are not older than the newest by more than this"""
    within_periods: Mapping[str, Span] = msgspec.field(default_factory=dict)
    """by period: the newest of each hour, day, ... within that time"""
    tags: Sequence[Sequence[str]] = ()
    """all that carry all tags of one of these lists; an empty list means those without tags"""

    @property
    def is_empty(self) -> bool:
        """Say whether it keeps nothing."""
        counted = self.last or any(self.counts.values())
        return not (counted or self.within or any(self.within_periods.values()) or self.tags)


def parse_count(text: str) -> int:
    """Return the number that ``--keep-daily`` and the like take; ``unlimited`` for no limit. Raises BadInput."""
    if text == "unlimited":
        return UNLIMITED
    if not text.isascii() or not text.isdigit():
        raise BadInput(N_("{text!r} is no number of snapshots to keep"), N_("Give a number, or 'unlimited'."), text=text)
    return int(text)


def parse_span(text: str) -> Span:
    """Return the time that ``--keep-within`` takes, such as ``1y5m7d2h``. Raises BadInput."""
    parts = {unit: int(number) for number, unit in _SPAN_PART.findall(text)}
    if not text or _SPAN_PART.sub("", text):
        raise BadInput(N_("{text!r} is no time"), N_("Write it as 1y5m7d2h: years, months, days, hours."), text=text)
    return Span(parts.get("y", 0), parts.get("m", 0), parts.get("d", 0), parts.get("h", 0))


def parse_group_by(text: str) -> tuple[GroupKey, ...]:
    """Return what ``--group-by`` takes: any of host, paths, tags with commas; empty for one group. Raises BadInput."""
    singular = {"path": "paths", "tag": "tags"}
    try:
        return tuple(GroupKey(singular.get(word, word)) for word in text.split(",") if word)
    except ValueError as error:
        raise BadInput(N_("snapshots cannot be grouped by {text!r}"), N_("Use host, paths and tags."), text=text) from error
