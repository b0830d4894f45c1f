"""What templates can say: sentences, figures, days, and what codes are called."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from flask import Flask
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from server.domain.bank_account import grouped
from server.domain.sentence import N_, Word
from server.language import ZONE, a_day, a_moment, a_number, a_price, money, say, translate
from server.web import phrases
from server.web.deeds import deed, details

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


def teach(app: Flask) -> None:
    """Give the templates of ``app`` their words."""
    app.jinja_env.globals.update(_=say, csrf=_hidden_token)
    app.jinja_env.filters.update(
        label=_label,
        kinds=lambda kind: _named(phrases.KINDS, kind),
        new_kind=lambda kind: _named(phrases.NEW, kind),
        none_yet=lambda kind: _named(phrases.NONE_YET, kind),
        role_meaning=lambda role: _named(phrases.ROLE_MEANING, role),
        figure=a_number,
        gigabytes=_gigabytes,
        day=_day,
        last_day=_last_day,
        price=a_price,
        money=money,
        iban=grouped,
        moment=a_moment,
        browser=browser,
        deed=deed,
        details=details,
    )


def browser(agent: str) -> str:
    """Return what a browser calls itself, in two words: ``Firefox, Linux``."""
    name = next((name for sign, name in _BROWSERS if sign in agent), "")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return ", ".join(filter(None, (name, system))) or translate(N_("unknown browser"))


def _gigabytes(stored: int) -> str:
    """Return bytes as GB, exactly: a byte is the ninth decimal."""
    return a_number(Decimal(f"{Decimal(stored).scaleb(-9).normalize():f}"))


def _day(day: date | datetime) -> str:
    """Return a day; of a moment the one on which it is here, not in UTC."""
    return a_day(day.astimezone(ZONE).date() if isinstance(day, datetime) else day)


def _label(word: object) -> str:
    return translate(word.label) if isinstance(word, Word) else str(word)


def _last_day(end: date) -> str:
    return a_day(end - timedelta(days=1))


def _named(words: Mapping[str, str], code: object) -> str:
    return translate(words[str(code)])


def _hidden_token() -> Markup:
    return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())
