"""The words of schedules, English and German, and their names for people.

What is read is first made plain: lower case, ``ae`` for ``ä``, no words that only fill (``at``, ``um``, ``Uhr``), a comma for
``and``, a hyphen for ``to``.
"""

import re
import unicodedata
from collections.abc import Sequence

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
EVERY_DAY = frozenset(range(7))
WORKING_DAYS = frozenset(range(5))
WEEKEND = frozenset((SATURDAY, SUNDAY))
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""as they are written in a schedule, Monday first"""
WEEKDAY_NAMES = (N_("Monday"), N_("Tuesday"), N_("Wednesday"), N_("Thursday"), N_("Friday"), N_("Saturday"), N_("Sunday"))
MONTH_NAMES = (
    *(N_("January"), N_("February"), N_("March"), N_("April"), N_("May"), N_("June")),
    *(N_("July"), N_("August"), N_("September"), N_("October"), N_("November"), N_("December")),
)
_GERMAN_DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
_GERMAN_MONTHS = (
    *("januar", "februar", "maerz", "april", "mai", "juni"),
    *("juli", "august", "september", "oktober", "november", "dezember"),
)
_DAY_GROUPS = {
    **dict.fromkeys(("daily", "taeglich"), EVERY_DAY),
    **dict.fromkeys(("weekdays", "weekday", "werktags", "wochentags"), WORKING_DAYS),
    **dict.fromkeys(("weekends", "weekend", "wochenende", "wochenends"), WEEKEND),
}
_PHRASES = {
    r"^(every day|jeden tag)\b": "daily",
    r"^(every hour|jede stunde|stuendlich)\b": "hourly",
    r"^(every week|jede woche|woechentlich)\b": "weekly",
    r"^(every month|jeden monat|monatlich)\b": "monthly",
    r"^(every year|jedes jahr|jaehrlich)\b": "yearly",
    r"\b(alle|jeden|jede)\b": "every",
    r"\bminute (?=\d{1,2}(?!\S))": ":",
    r"\b(at|from|on|the|um|uhr|von|zur)\b": " ",
    r"(?<!\d )\bam\b": " ",  # German for "on"; after a time it is English, and not understood
    r" (and|und) ": ",",
    r" (to|bis) ": "-",
}
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "–": "-", "—": "-"})


def plain_words(text: str) -> list[str]:
    """Return the words of a sentence in the form in which this package compares them; lists and ranges are one word."""
    plain = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    plain = " ".join(plain.split())
    for pattern, replacement in _PHRASES.items():
        plain = " ".join(re.sub(pattern, replacement, plain).split())
    return re.sub(r" ?([,-]) ?", r"\1", plain).split()


def parse_weekdays(text: str) -> frozenset[int]:
    """Return the weekdays (Monday is 0) of ``mon-fri``, ``saturday,sunday`` or ``weekdays``. Raises BadInput."""
    days: frozenset[int] = frozenset()
    for part in text.split(","):
        first, hyphen, last = part.partition("-")
        if part in _DAY_GROUPS:
            days |= _DAY_GROUPS[part]
        elif hyphen:
            start = parse_weekday(first)
            days |= {(start + step) % 7 for step in range((parse_weekday(last) - start) % 7 + 1)}
        else:
            days |= {parse_weekday(part)}
    return days


def parse_weekday(text: str) -> int:
    """Return 0 for Monday to 6 for Sunday. Raises BadInput."""
    if text in _WEEKDAY_WORDS:
        return _WEEKDAY_WORDS[text]
    raise BadInput(N_("{part!r} is no day of the week"), part=text)


def is_weekdays(text: str) -> bool:
    """Say whether a word names days of the week, rather than being something else."""
    return re.split("[,-]", text)[0] in {*_WEEKDAY_WORDS, *_DAY_GROUPS}


def parse_month(text: str) -> int:
    """Return 1 for January to 12 for December, of a name or a number. Raises BadInput."""
    if text in _MONTH_WORDS:
        return _MONTH_WORDS[text]
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 12:
        return int(text)
    raise BadInput(N_("{part!r} is no month"), part=text)


def written_weekdays(days: frozenset[int]) -> str:
    """Return the one way in which a set of weekdays is written in a schedule: ``daily``, ``weekdays``, ``monday,friday``."""
    for word, group in (("daily", EVERY_DAY), ("weekdays", WORKING_DAYS), ("weekends", WEEKEND)):
        if days == group:
            return word
    return ",".join(WEEKDAYS[day] for day in sorted(days))


def described_weekdays(days: frozenset[int]) -> str:
    """Return a set of weekdays in the user's language: ``every day``, ``Monday to Friday``, ``every Monday and Friday``."""
    if days == EVERY_DAY:
        return translate(N_("every day"))
    if days == WORKING_DAYS:
        return translate(N_("Monday to Friday"))
    return translate(N_("every {days}")).format(days=listed([translate(WEEKDAY_NAMES[day]) for day in sorted(days)]))


def listed(parts: Sequence[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c`` in the user's language."""
    if len(parts) < 2:
        return "".join(parts)
    return translate(N_("{parts} and {last}")).format(parts=", ".join(parts[:-1]), last=parts[-1])


def _weekday_words() -> dict[str, int]:
    words = {"sonnabend": SATURDAY, "sonnabends": SATURDAY}
    for number, (english, german) in enumerate(zip(WEEKDAYS, _GERMAN_DAYS, strict=True)):
        words |= dict.fromkeys((english, english + "s", english[:3], german, german + "s", german[:2]), number)
    return words


def _month_words() -> dict[str, int]:
    words: dict[str, int] = {}
    for number, (english, german) in enumerate(zip(MONTH_NAMES, _GERMAN_MONTHS, strict=True), 1):
        words |= dict.fromkeys((english.lower(), english.lower()[:3], german, german[:3]), number)
    return words


_WEEKDAY_WORDS = _weekday_words()
_MONTH_WORDS = _month_words()
