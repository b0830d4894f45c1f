"""The permission to debit an account, and when a debit may fall due. Pure.

A mandate is used for debits of one creditor. It lapses when it was not used for 36 months; a new account needs a new one. Before
a debit, the debtor is told its amount and day (pre-notification), as many days ahead as the contract says.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from server.domain.bank_days import bank_days_after, next_bank_day
from server.domain.errors import RuleBroken
from server.domain.month import Month
from server.domain.sentence import N_, Word

LAPSES_AFTER_MONTHS = 36
PRENOTIFICATION_DAYS = 14  # unless the contract shortens it
SUBMITTED_BANK_DAYS_AHEAD = 1  # both schemes, since 2016 for CORE


class Scheme(Word):
    """The rules of a debit."""

    CORE = "CORE", N_("SEPA Core")
    """anybody; may be reversed without a reason for eight weeks"""
    B2B = "B2B", N_("SEPA B2B")
    """companies; their bank must know the mandate first, and nothing is reversed"""


class MandateState(Word):
    """Whether it can be used."""

    ACTIVE = "active", N_("active")
    REVOKED = "revoked", N_("revoked")
    LAPSED = "lapsed", N_("lapsed")


@dataclass(frozen=True, slots=True)
class MandateFacts:
    """What the state of a mandate depends on."""

    signed: date
    last_used: date | None = None
    """when a debit last fell due by it"""
    revoked: date | None = None


def state_on(mandate: MandateFacts, day: date) -> MandateState:
    """Return whether a mandate can be used on a day."""
    if mandate.revoked is not None and day >= mandate.revoked:
        return MandateState.REVOKED
    return MandateState.LAPSED if day > last_usable_day(mandate) else MandateState.ACTIVE


def last_usable_day(mandate: MandateFacts) -> date:
    """Return the last day on which a debit may fall due before a mandate lapses."""
    since = mandate.last_used or mandate.signed
    return _months_later(since, LAPSES_AFTER_MONTHS)


def due_day(announced: date, prenotification_days: int = PRENOTIFICATION_DAYS) -> date:
    """Return the first day on which a debit may fall due that is announced, and given to the bank, on a day."""
    if prenotification_days < 0:
        raise RuleBroken(N_("A debit cannot be announced after it fell due."), field="prenotification_days")
    told = announced + timedelta(days=prenotification_days)
    return max(next_bank_day(told), bank_days_after(announced, SUBMITTED_BANK_DAYS_AHEAD))


def _months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or its last where it has none such."""
    year, number = divmod(day.year * 12 + day.month - 1 + months, 12)
    month = Month(year, number + 1)
    return month.first.replace(day=min(day.day, month.days))
