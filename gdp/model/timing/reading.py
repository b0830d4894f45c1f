"""Schedules as people write them, English or German: ``daily 02:30``, ``monatlich letzter freitag 22:00``.

::

    hourly [:MM] [WEEKDAYS] [FROM-TO]           every N minutes|hours [WEEKDAYS] [FROM-TO]
    daily|weekdays|weekends TIME...             [weekly] WEEKDAY[,WEEKDAY]... TIME...
    monthly DAY[,DAY]... TIME...                yearly D.M. TIME...

``DAY`` is ``15``, ``last``, ``first monday`` or ``last friday``.
"""

import re
from datetime import date

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.timing.days import LAST, DayOfMonth, DayOfYear, DayRule, DaysOfMonth, DaysOfWeek
from gdp.model.timing.local import DAY_MINUTES, parse_time_of_day
from gdp.model.timing.schedule import AtTimes, Every, Schedule
from gdp.model.timing.span import parse_span
from gdp.model.timing.words import is_weekdays, parse_month, parse_weekday, parse_weekdays, plain_words

_EXAMPLES = N_(
    "Write it like: hourly, every 10 minutes 08:00-18:00, daily 02:30, weekdays 01:00, monday,thursday 12:00, "
    "monthly 15,last 22:00, monthly last friday 22:00."
)
_UNIT_MINUTES = {
    **dict.fromkeys(("minute", "minutes", "minuten", "min"), 1),
    **dict.fromkeys(("hour", "hours", "stunde", "stunden", "h"), 60),
}
_POSITIONS = {
    **dict.fromkeys(("last", "letzte", "letzten", "letzter"), LAST),
    **dict.fromkeys(("first", "1st", "erste", "ersten", "erster"), 1),
    **dict.fromkeys(("second", "2nd", "zweite", "zweiten", "zweiter"), 2),
    **dict.fromkeys(("third", "3rd", "dritte", "dritten", "dritter"), 3),
    **dict.fromkeys(("fourth", "4th", "vierte", "vierten", "vierter"), 4),
}
_DAY_OF_YEAR = re.compile(r"(\d{1,2})\.? ?([a-z]+|\d{1,2})\.?")
_LEAP_YEAR = 2024


def parse_schedule(text: str) -> Schedule:
    """Return the schedule that a sentence means. Raises BadInput, which says what was not understood."""
    try:
        return _parse(plain_words(text))
    except BadInput as problem:
        raise BadInput(N_("the schedule {text!r} is not understood: {problem}"), _EXAMPLES, text=text, problem=problem) from None


def _parse(words: list[str]) -> Schedule:
    if not words:
        raise BadInput(N_("it is empty"))
    head, *rest = words
    if head == "hourly":
        return _parse_hourly(rest)
    if head == "every" and rest and rest[0] in _UNIT_MINUTES:
        return _parse_every("1", *rest)
    if head == "every" and len(rest) > 1 and not is_weekdays(rest[0]):
        return _parse_every(*rest)
    days = [word for word in words if not _is_time(word)]
    times = words[len(days) :]
    return AtTimes(_parse_days(days), _parse_times(times))


def _parse_hourly(words: list[str]) -> Schedule:
    minute = 0
    if words and words[0].startswith(":"):
        first, *words = words
        minute = _parse_minute(first)
    window = parse_span(words)
    offset = (minute - window.start) % 60
    if offset + (window.end == DAY_MINUTES) > window.minutes:
        raise BadInput(N_("{part!r} holds no minute :{minute:02d}"), part=words[-1], minute=minute)
    return Every(60, offset, window)


def _parse_minute(text: str) -> int:
    digits = text[1:]
    if digits.isascii() and digits.isdigit() and len(digits) <= 2 and int(digits) < 60:
        return int(digits)
    raise BadInput(N_("{part!r} is no minute of the hour such as :15"), part=text)


def _parse_every(number: str, unit: str, *words: str) -> Schedule:
    if unit not in _UNIT_MINUTES:
        raise BadInput(N_("{part!r} is neither minutes nor hours"), part=unit)
    step = int(number) * _UNIT_MINUTES[unit] if number.isascii() and number.isdigit() and len(number) <= 4 else 0
    if not 1 <= step <= DAY_MINUTES:
        raise BadInput(N_("{part!r} is no distance between a minute and 24 hours"), part=f"{number} {unit}")
    return Every(step, 0, parse_span(list(words)))


def _parse_days(words: list[str]) -> DayRule:
    head, *rest = words or [""]
    if head in ("weekly", "monthly", "yearly") and not rest:
        raise BadInput(N_("{part!r} names no days"), part=head)
    if head == "monthly":
        days = {_parse_day_of_month(part) for part in " ".join(rest).split(",")}
        return DaysOfMonth(tuple(sorted(days, key=lambda day: (day.weekday, day.position == LAST, day.position))))
    if head == "yearly":
        return _parse_day_of_year(" ".join(rest))
    if head in ("weekly", "every"):
        head, *rest = rest or [""]
    if rest:
        raise BadInput(N_("{part!r} is no time of day"), part=rest[0])
    if not head:
        raise BadInput(N_("it names no days"))
    if not is_weekdays(head):
        raise BadInput(N_("{part!r} names no days"), part=head)
    return DaysOfWeek(parse_weekdays(head))


def _parse_day_of_month(text: str) -> DayOfMonth:
    words = [word for word in text.split() if word not in ("day", "tag")]
    if len(words) == 2 and words[0] in _POSITIONS:
        return DayOfMonth(_POSITIONS[words[0]], parse_weekday(words[1]))
    if len(words) == 1 and words[0] in _POSITIONS:
        return DayOfMonth(_POSITIONS[words[0]])
    number = words[0].rstrip(".") if len(words) == 1 else ""
    if number.isascii() and number.isdigit() and 1 <= int(number[:3]) <= 31:
        return DayOfMonth(int(number))
    raise BadInput(N_("{part!r} is no day of the month such as 15, last or first monday"), part=text)


def _parse_day_of_year(text: str) -> DayRule:
    match = _DAY_OF_YEAR.fullmatch(text)
    if match:
        day, month = int(match[1]), parse_month(match[2])
        if 1 <= day <= _days_in(month):
            return DayOfYear(month, day)
    raise BadInput(N_("{part!r} is no day of the year such as 24.12."), part=text)


def _days_in(month: int) -> int:
    following = date(_LEAP_YEAR + month // 12, month % 12 + 1, 1)
    return (following - date(_LEAP_YEAR, month, 1)).days


def _parse_times(words: list[str]) -> tuple[int, ...]:
    if not words:
        raise BadInput(N_("it names no time of day such as 02:30"))
    times = {parse_time_of_day(time) for word in words for time in word.split(",")}
    if DAY_MINUTES in times:
        raise BadInput(N_("{part!r} is no time of day"), part="24:00")
    return tuple(sorted(times))


def _is_time(word: str) -> bool:
    return bool(re.match(r"\d{1,2}:", word))
