"""What a party says of how it sells to those below it, and what is wrong with what was typed. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from server.domain.arrears import ArrearsSchedule
from server.domain.errors import RuleBroken
from server.domain.party import PartyKind
from server.domain.sentence import N_

NOTICE_LINES = 6  # what fits at the foot of a letter
NOTICE_WIDTH = 120  # characters of such a line
_TO_CUSTOMERS = ("notice_months", "trial_days", "paused_days", "ended_days", "kept_days")
_MOST = {
    "prenotification_days": 60,
    "payment_days": 120,
    "notice_months": 24,
    "trial_days": 365,
    "reminder_days": 365,
    "blocked_days": 365,
    "paused_days": 365,
    "ended_days": 730,
    "kept_days": 3650,
    "commission_percent": 100,
}
_LEAST = {"prenotification_days": 1}  # a debit is announced before it falls due
_PREFIX = re.compile(r"[A-Za-z0-9/.-]{0,10}")
_DATEV = {"datev_consultant": re.compile(r"(\d{4,7})?", re.ASCII), "datev_client": re.compile(r"(\d{1,5})?", re.ASCII)}


@dataclass(frozen=True, slots=True)
class SellingTerms:
    """One party's terms; the fields are those of ``models/terms.py``."""

    legal_notice: str = ""
    contact_name: str = ""
    invoice_prefix: str = ""
    prenotification_days: int = 14
    payment_days: int = 14
    notice_months: int = 1
    trial_days: int = 30
    reminder_days: int = 0
    blocked_days: int = 0
    paused_days: int = 30
    ended_days: int = 90
    kept_days: int = 60
    commission_percent: int = 20
    datev_consultant: str = ""
    datev_client: str = ""

    def texts(self) -> dict[str, str]:
        """Return every term as a form holds it."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}

    @property
    def schedule(self) -> ArrearsSchedule:
        """What follows when somebody does not pay. Raises RuleBroken where the steps do not follow each other."""
        return ArrearsSchedule(self.reminder_days, self.blocked_days, self.paused_days, self.ended_days, self.kept_days)


def asked_of(kind: PartyKind) -> tuple[str, ...]:
    """Return which terms a party of a kind has: only who sells to customers has what holds for them, only distributors agents."""
    names = tuple(field.name for field in fields(SellingTerms))
    match kind:
        case PartyKind.CUSTOMER:
            return ()
        case PartyKind.OPERATOR:
            return tuple(name for name in names if name not in {*_TO_CUSTOMERS, "commission_percent"})
        case PartyKind.RESELLER:
            return tuple(name for name in names if name != "commission_percent")
    return names


def read_terms(
    kind: PartyKind, sent: Mapping[str, str], before: SellingTerms
) -> tuple[SellingTerms, list[RuleBroken]]:  # fmt: skip
    """Return the terms that a form says, and everything that is wrong with it; what the kind has not stays as it was."""
    broken: list[RuleBroken] = []
    said: dict[str, object] = {}
    for name in asked_of(kind):
        try:
            said[name] = _read(name, sent.get(name, ""))
        except RuleBroken as error:
            broken.append(error)
    terms = replace(before, **said)  # type: ignore[arg-type]
    if not broken and kind is not PartyKind.OPERATOR:
        broken += _steps_broken(terms)
    return terms, broken


def _read(name: str, text: str) -> object:
    clean = text.strip()
    if name in _MOST:
        return _count(name, clean)
    if name == "legal_notice":
        return _notice(clean)
    if name == "invoice_prefix" and not _PREFIX.fullmatch(clean):
        raise RuleBroken(
            N_("“{text}” cannot stand before a number."), N_("Up to ten letters, figures, - . /"), field=name, text=clean
        )
    if name in _DATEV and not _DATEV[name].fullmatch(clean):
        raise RuleBroken(N_("“{text}” is no number of DATEV."), N_("It has figures only."), field=name, text=clean)
    return clean


def _count(name: str, text: str) -> int:
    least, most = _LEAST.get(name, 0), _MOST[name]
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise RuleBroken(
            N_("“{text}” is no number from {least} to {most}."), field=name, text=text, least=least, most=most
        )  # fmt: skip
    return int(text)


def _notice(text: str) -> str:
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    if len(lines) > NOTICE_LINES or any(len(line) > NOTICE_WIDTH for line in lines):
        raise RuleBroken(
            N_("At most {lines} lines of {width} characters fit at the foot of a letter."),
            field="legal_notice",
            lines=NOTICE_LINES,
            width=NOTICE_WIDTH,
        )
    return "\n".join(lines)


def _steps_broken(terms: SellingTerms) -> list[RuleBroken]:
    try:
        terms.schedule  # noqa: B018 - it checks itself where it is made
    except RuleBroken as error:
        names = ("reminder_days", "blocked_days", "paused_days", "ended_days")
        days = [int(getattr(terms, name)) for name in names]
        wrong = next((name for name, earlier, day in zip(names[1:], days, days[1:], strict=False) if day < earlier), "kept_days")
        return [RuleBroken(error.template, error.hint_template, **{**error.facts, "field": wrong})]  # type: ignore[arg-type]
    return []
