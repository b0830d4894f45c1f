"""The reader's language: sentences, numbers, money, days and moments in it. Knows no request: pages, mails, PDFs use it alike.

``with speaking("de"):`` says whose language is spoken inside; a page speaks the user's, a mail its recipient's. Outside, it is
the language of the environment. English is the language of the source. Catalogues are gettext's:
``server/locale/<language>/LC_MESSAGES/server.po`` is edited, the ``.mo`` beside it is made from it.
"""

import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import dates, numbers

from server.domain.errors import ServerError
from server.domain.money import PRICE_PLACES, euros
from server.domain.sentence import N_, Word, complete

__all__ = [
    "LANGUAGES", "N_", "a_day", "a_moment", "a_number", "a_price", "choose_language", "current_language", "fill", "hint_of",
    "money", "say", "sentence_of", "speaking", "translate", "translate_plural",
]  # fmt: skip

LANGUAGES = ("de", "en")
"""the first is what a page speaks to somebody of whom nothing is known"""
LANGUAGE_VARIABLE = "GDP_LANGUAGE"
LOCALE_DIRECTORY = Path(__file__).resolve().parent / "locale"
ZONE = ZoneInfo("Europe/Berlin")
_LOCALES = {"de": "de_DE", "en": "en_GB"}
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def choose_language(environment: Mapping[str, str]) -> str:
    """Return ``"de"`` or ``"en"``: GDP_LANGUAGE, else the locale variables in POSIX order, else English."""
    for name in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        if code := environment.get(name, "")[:2].lower():
            return code if code in LANGUAGES else "en"
    return "en"


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let whatever is said inside the block be in a language; one that is not known is English."""
    token = _spoken.set(language if language in LANGUAGES else "en")
    try:
        yield
    finally:
        _spoken.reset(token)


def current_language() -> str:
    """Return the language that is spoken now."""
    return _spoken.get() or choose_language(os.environ)


def translate(text: str) -> str:
    """Return ``text`` in the language spoken now, or as it is where no translation is known."""
    return _catalogue(current_language()).gettext(text) if text else ""


def translate_plural(one: str, many: str, count: int) -> str:
    """Return the form of a counted sentence that fits ``count``, in the language spoken now."""
    return _catalogue(current_language()).ngettext(one, many, count)


def fill(template: str, facts: Mapping[str, object]) -> str:
    """Return a template that was marked with ``N_``, translated, with its facts; these are put into words as well."""
    words = {name: _in_words(value) for name, value in facts.items()}
    return complete(translate(template), words, current_language())


def say(template: str, **facts: object) -> str:
    """Return a sentence that is written right here, translated and filled. Templates call it ``_``."""
    return fill(template, facts)


def sentence_of(error: ServerError) -> str:
    """Return what an error says, in the language spoken now."""
    return fill(error.template, error.facts)


def hint_of(error: ServerError) -> str:
    """Return what to do about an error, in the language spoken now; empty where there is nothing."""
    return fill(error.hint_template, error.facts)


def a_number(value: int | Decimal) -> str:
    """Return ``1,204.5`` or ``1.204,5``, with the decimals that matter."""
    return numbers.format_decimal(value, locale=_locale(), decimal_quantization=False)


def money(cents: int) -> str:
    """Return an amount in cents as ``€1,204.50`` or ``1.204,50 €``."""
    return numbers.format_currency(euros(cents), "EUR", locale=_locale())


def a_price(price: Decimal) -> str:
    """Return a price in euro with at least two and at most ``PRICE_PLACES`` decimals."""
    whole, _point, places = f"{price:.{PRICE_PLACES}f}".partition(".")
    shown = Decimal(f"{whole}.{places.rstrip('0').ljust(2, '0')}")
    return numbers.format_currency(shown, "EUR", locale=_locale(), decimal_quantization=False)


def a_day(day: date) -> str:
    """Return ``24 Nov 2026`` or ``24.11.2026``."""
    return dates.format_date(day, format="medium", locale=_locale())


def a_moment(moment: datetime, zone: tzinfo = ZONE) -> str:
    """Return an aware time to the minute, as clocks in ``zone`` show it."""
    pattern = "dd.MM.y, HH:mm" if current_language() == "de" else "d MMM y, HH:mm"
    return dates.format_datetime(moment.astimezone(zone), format=pattern, locale=_locale())


def _in_words(value: object) -> object:
    match value:
        case Word():
            return translate(value.label)
        case ServerError():
            return sentence_of(value)
        case datetime():
            return a_moment(value)
        case date():
            return a_day(value)
        case Decimal():
            return a_number(value)
    return value


def _locale() -> str:
    return _LOCALES[current_language()]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("server", LOCALE_DIRECTORY, languages=[language], fallback=True)
