"""Schedules as simple fields and as sentences, what they come to, and all that belongs to them in a set's file. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from itertools import islice
from typing import Any

from gdp.core import figures
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import hint_of, sentence_of
from gdp.model.timing.bandwidth import parse_bandwidth
from gdp.model.timing.days import DaysOfMonth, DaysOfWeek
from gdp.model.timing.durations import format_duration, parse_duration
from gdp.model.timing.local import format_time_of_day
from gdp.model.timing.pauses import parse_pauses
from gdp.model.timing.reading import parse_schedule
from gdp.model.timing.schedule import AtTimes, Every, Schedule
from gdp.model.timing.window import Window, parse_window
from gdp.model.timing.words import EVERY_DAY, WEEKDAYS, WORKING_DAYS, listed
from gdp.settings import kinds
from gdp.tui.words import long_moment, short_moment

FIRST = "daily 02:30"  # what a new schedule says
SHOWN_RUNS = 5
WHEN = "schedule.when"


class Kind(StrEnum):
    """Kinds of schedules that fields can express; everything else is a sentence."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    HOURLY = "hourly"
    EVERY = "every"
    SENTENCE = "sentence"


KINDS = {
    Kind.DAILY: N_("every day"),
    Kind.WEEKDAYS: N_("on working days"),
    Kind.WEEKLY: N_("on days of the week"),
    Kind.MONTHLY: N_("on days of the month"),
    Kind.HOURLY: N_("every hour"),
    Kind.EVERY: N_("every so many minutes or hours"),
    Kind.SENTENCE: N_("as the sentence says"),
}
FIELDS = {
    Kind.DAILY: ("times",),
    Kind.WEEKDAYS: ("times",),
    Kind.WEEKLY: ("days", "times"),
    Kind.MONTHLY: ("month_days", "times"),
    Kind.HOURLY: ("minute", "hours"),
    Kind.EVERY: ("step", "hours"),
    Kind.SENTENCE: (),
}
"""which fields a kind has"""


@dataclass(frozen=True, slots=True)
class Fields:
    """A schedule in parts. What its kind does not need keeps what is usual."""

    kind: Kind
    days: frozenset[int] = frozenset({6})
    """0 is Monday"""
    times: str = "02:30"
    month_days: str = "1"
    minute: str = "00"
    step: str = "30 min"
    hours: str = ""
    """days and hours between which it runs; empty: always"""


def fields_of(schedule: Schedule) -> Fields:
    """Return a schedule in parts."""
    match schedule:
        case AtTimes(days=DaysOfWeek(days=days)):
            kind = {EVERY_DAY: Kind.DAILY, WORKING_DAYS: Kind.WEEKDAYS}.get(days, Kind.WEEKLY)
            return Fields(kind, days=days if kind is Kind.WEEKLY else frozenset({6}), times=_times(schedule))
        case AtTimes(days=DaysOfMonth(days=month_days)):
            written = listed([day.describe() for day in month_days])
            return Fields(Kind.MONTHLY, month_days=written, times=_times(schedule))
        case Every(step_minutes=60):
            minute = (schedule.window.start + schedule.offset_minutes) % 60
            return Fields(Kind.HOURLY, minute=f"{minute:02d}", hours=schedule.window.describe())
        case Every(step_minutes=step, offset_minutes=0):
            written = f"{step // 60} h" if step % 60 == 0 else f"{step} min"
            return Fields(Kind.EVERY, step=written, hours=schedule.window.describe())
        case _:
            return Fields(Kind.SENTENCE)


def sentence_of_fields(fields: Fields) -> str:
    """Return the sentence that the parts make; it may make no sense yet."""
    match fields.kind:
        case Kind.DAILY | Kind.WEEKDAYS:
            return f"{fields.kind} {fields.times}"
        case Kind.WEEKLY:
            return f"weekly {','.join(WEEKDAYS[day] for day in sorted(fields.days))} {fields.times}"
        case Kind.MONTHLY:
            return f"monthly {fields.month_days} {fields.times}"
        case Kind.HOURLY:
            return f"hourly :{fields.minute.removeprefix(':')} {fields.hours}"
        case Kind.EVERY:
            return f"every {fields.step} {fields.hours}"
        case Kind.SENTENCE:
            return ""


@dataclass(frozen=True, slots=True)
class Entered:
    """A sentence as it was typed, and what it means."""

    text: str
    schedule: Schedule | None = None
    wrong: str = ""
    """what is not understood, with what would be"""


def read_schedule(text: str) -> Entered:
    """Return what a sentence means."""
    try:
        return Entered(text, parse_schedule(text))
    except BadInput as error:
        return Entered(text, wrong=_reason(error))


@dataclass(frozen=True, slots=True)
class Setting:
    """Something that belongs to when a set runs, typed as a line of text.

    Args:
        read: from the text to what TOML holds; raises BadInput. An empty text leaves the key out.
        describe: the text in words, to be shown beside it.
    """

    key: str
    label: str
    hint: str
    read: Callable[[str], Any]
    describe: Callable[[str], str] = lambda _text: ""
    joint: str = "; "
    """between the parts of a list"""


def _duration(text: str) -> str:
    return format_duration(parse_duration(text))


def _pauses(text: str) -> list[str]:
    return [format_duration(pause) for pause in parse_pauses(text)]


SETTINGS = (
    Setting(
        "schedule.window",
        N_("Backup window"),
        N_("20:00-06:00; sat,sun"),
        lambda text: kinds.WINDOW.write(parse_window(text)),
        lambda text: parse_window(text).describe(),
    ),
    Setting(
        "schedule.longest-run",
        N_("Longest run"),
        N_("such as 8h; empty: no limit"),
        lambda text: format_duration(parse_duration(text)),
    ),
    Setting("schedule.random-offset", N_("Random offset"), N_("such as 30m"), _duration),
    Setting("schedule.retry-pauses", N_("Try again after"), N_("1m, 10m, 1h or none"), _pauses, joint=", "),
    Setting(
        "bandwidth.limits",
        N_("Bandwidth"),
        N_("08:00-18:00 up 2M down 4M; up 20M"),
        lambda text: kinds.BANDWIDTH.write(parse_bandwidth(text)),
        lambda text: parse_bandwidth(text).describe().replace("\n", "; "),
    ),
)


def first_text(setting: Setting, values: Mapping[str, Any]) -> str:
    """Return a setting's line for what a set's file holds."""
    value = values.get(setting.key)
    if setting.key == "schedule.retry-pauses" and value == []:
        return "none"
    return setting.joint.join(value) if isinstance(value, list) else value or ""


@dataclass(frozen=True, slots=True)
class Read:
    """What a setting's line means."""

    value: Any = None
    """as TOML has it; None: left out"""
    words: str = ""
    wrong: str = ""


def read_setting(setting: Setting, text: str) -> Read:
    """Return what a line means."""
    if not text.strip():
        return Read()
    try:
        return Read(setting.read(text), setting.describe(text))
    except BadInput as error:
        return Read(wrong=_reason(error))


def values_of_typed(typed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed without a mistake as a set's file has it; what is empty is left out."""
    values = {WHEN: [str(parse_schedule(text)) for text in typed.get(WHEN, ())]}
    values |= {one.key: value for one in SETTINGS if (value := read_setting(one, typed.get(one.key, "")).value) is not None}
    return values


def window_of(text: str) -> Window | None:
    """Return the window of a line; None: there is none, or it is wrong."""
    try:
        return parse_window(text) if text.strip() else None
    except BadInput:
        return None


def offset_words(text: str) -> str:
    """Return what a random offset does to the runs; empty: nothing."""
    try:
        most = parse_duration(text) if text.strip() else None
    except BadInput:
        return ""
    return translate(N_("each up to {most} later")).format(most=figures.duration(most.total_seconds())) if most else ""


@dataclass(frozen=True, slots=True)
class Coming:
    """A run to come."""

    due: datetime
    begins: datetime
    """when the window opens, where that is later"""


def coming_runs(schedules: Sequence[Schedule], window: Window | None, now: datetime, zone: tzinfo) -> Iterator[Coming]:
    """Yield the runs to come. Whatever falls due while one waits for the window is served by that one."""
    moment = now
    while schedules:
        due = min(schedule.next_after(moment, zone) for schedule in schedules)
        begins = window.opens_after(due, zone) if window else due
        yield Coming(due, begins)
        moment = max(due, begins)


def coming_lines(schedules: Sequence[Schedule], window: Window | None, now: datetime, zone: tzinfo) -> Iterator[str]:
    """Yield the next runs in words and dates."""
    if not schedules:
        yield translate(N_("None: it is backed up only when somebody asks for it."))
    for coming in islice(coming_runs(schedules, window, now, zone), SHOWN_RUNS):
        yield _when(coming, now, zone)


def _when(coming: Coming, now: datetime, zone: tzinfo) -> str:
    """Return ``Wed 2026-11-25 02:30``, with ``tomorrow`` where that is so, and since when it will have waited."""
    begins = long_moment(coming.begins, zone)
    if coming.begins != coming.due:
        return translate(N_("{begins} (due {moment})")).format(begins=begins, moment=short_moment(coming.due, now, zone))
    days = (coming.begins.astimezone(zone).date() - now.astimezone(zone).date()).days
    words = {0: N_("today"), 1: N_("tomorrow")}.get(days)
    return f"{begins} ({translate(words)})" if words else begins


def _times(schedule: AtTimes) -> str:
    return " ".join(map(format_time_of_day, schedule.times))


def _reason(error: GdpError) -> str:
    """Return what is wrong alone, where the sentence around it would say again what was typed."""
    inner = error.facts.get("problem")
    said = sentence_of(inner) if isinstance(inner, GdpError) else sentence_of(error)
    hint = hint_of(error)
    return f"{said[:1].upper()}{said[1:]}. {hint}".strip()
