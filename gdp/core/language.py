"""Which language the user reads, and the sentence in it. Never decides what to say.

Catalogues are gettext's: ``gdp/locale/<language>/LC_MESSAGES/gdp.po`` is edited, the ``.mo`` beside it is made from it.
English is the language of the source.
"""

import gettext
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "de")
LOCALE_DIRECTORY = Path(__file__).resolve().parent.parent / "locale"


def N_(text: str) -> str:
    """Mark ``text`` for translation where it is written, and return it unchanged."""
    return text


def choose_language(environment: Mapping[str, str]) -> str:
    """Return ``"de"`` or ``"en"``: GDP_LANGUAGE, else the locale variables in POSIX order, else English."""
    for name in ("GDP_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        code = environment.get(name, "")[:2].lower()
        if code in LANGUAGES:
            return code
        if code:
            return "en"
    return "en"


def translate(text: str) -> str:
    """Return ``text`` in the user's language, or as it is where no translation is known."""
    if not text:
        return ""
    return _catalogue(choose_language(os.environ)).gettext(text)


def translate_plural(one: str, many: str, count: int) -> str:
    """Return the form of a counted sentence that fits ``count``, in the user's language."""
    return _catalogue(choose_language(os.environ)).ngettext(one, many, count)


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("gdp", LOCALE_DIRECTORY, languages=[language], fallback=True)
