"""Which language the reader reads, and the sentence in it. Never decides what to say.

A sentence that counts names both forms where the number stands: ``{files:file|files}`` becomes ``1 file`` or ``1,204 files``. So
a template can travel with its facts, and is one sentence to the translator. ``complete`` fills it; ``str.format`` cannot.

Catalogues are gettext's: ``gdp/locale/<language>/LC_MESSAGES/gdp.po`` is edited, the ``.mo`` beside it is made from it.
English is the language of the source.
"""

import gettext
import os
import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de")
LANGUAGE_VARIABLE = "GDP_LANGUAGE"
LOCALE_DIRECTORY = Path(__file__).resolve().parent.parent / "locale"
_spoken: ContextVar[str | None] = ContextVar("spoken", default=None)


def N_(text: str) -> str:
    """Mark ``text`` for translation where it is written, and return it unchanged."""
    return text


def choose_language(environment: Mapping[str, str]) -> str:
    """Return ``"de"`` or ``"en"``: GDP_LANGUAGE, else the locale variables in POSIX order, else English."""
    for name in (LANGUAGE_VARIABLE, "LC_ALL", "LC_MESSAGES", "LANG"):
        code = environment.get(name, "")[:2].lower()
        if code in LANGUAGES:
            return code
        if code:
            return "en"
    return "en"


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Let whatever this thread says inside the block be in another language than the user's; None: in the user's own."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def speak(language: str | None) -> None:
    """Let this program speak another language from now on, and whatever it starts; None: the system's."""
    if language is None:
        os.environ.pop(LANGUAGE_VARIABLE, None)
    else:
        os.environ[LANGUAGE_VARIABLE] = language
    os.environ["LANGUAGE"] = choose_language(os.environ)  # click's own sentences


def current_language() -> str:
    """Return the language that is spoken now."""
    return _spoken.get() or choose_language(os.environ)


def translate(text: str) -> str:
    """Return ``text`` in the reader's language, or as it is where no translation is known."""
    if not text:
        return ""
    return _catalogue(current_language()).gettext(text)


def translate_plural(one: str, many: str, count: int) -> str:
    """Return the form of a counted sentence that fits ``count``, in the reader's language."""
    return _catalogue(current_language()).ngettext(one, many, count)


def complete(template: str, facts: Mapping[str, object], language: str) -> str:
    """Return a template with its facts; what it counts in the way of ``language``, which the template must be in."""
    return _Sentence(language).vformat(template, (), facts)


def grouped(number: int, language: str) -> str:
    """Return ``1,204``, German ``1.204``."""
    return _local(f"{number:,}", language)


def _local(number: str, language: str) -> str:
    """Return a number that is written the English way in the way of a language."""
    return number.translate(_GERMAN) if language == "de" else number


_GERMAN = str.maketrans(",.", ".,")


class _Sentence(string.Formatter):
    """Fills a template; knows the format ``one|many``, both forms of what is counted: for 1, and for anything else."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if not bar:
            return _local(format(value, format_spec), self._language) if isinstance(value, float) else format(value, format_spec)
        number = grouped(value, self._language) if isinstance(value, int) else str(value)
        return f"{number} {one if value == 1 else many}"


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("gdp", LOCALE_DIRECTORY, languages=[language], fallback=True)
