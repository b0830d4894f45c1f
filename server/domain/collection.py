"""What is collected from whom, and when: planned, then done. Pure; ``--dry-run`` prints the plans.

Two plans, on different days:

1. ``plan_announcements``: what is open and will fall due is put together, a debit for each debtor and day, and announced.
2. ``plan_export``: two bank days before its day, an announced debit goes into the file for the bank: for no more than was
   announced, and for less, or not at all, where something was paid meanwhile. One that missed its day is collected a few days
   later, never earlier.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from server.domain.addresses import Address
from server.domain.bank_days import bank_days_after, next_bank_day
from server.domain.mandate import (
    PRENOTIFICATION_DAYS,
    SUBMITTED_BANK_DAYS_AHEAD,
    MandateFacts,
    MandateState,
    Scheme,
    due_day,
    state_on,
)
from server.domain.money import euros
from server.domain.sentence import N_, Word
from server.domain.settlement import Share

ANNOUNCED_AHEAD = timedelta(days=7)  # so much earlier than it must be, a debit is announced at most
EXPORTED_BANK_DAYS_AHEAD = SUBMITTED_BANK_DAYS_AHEAD + 1  # a day to spare, should nobody look
MOST_LATE = timedelta(days=5)  # after its day; later, it is announced anew


class Left(Word):
    """Why something is not collected."""

    NO_MANDATE = "no mandate", N_("There is no mandate.")
    REVOKED = "revoked", N_("The mandate is revoked.")
    LAPSED = "lapsed", N_("The mandate was not used for 36 months.")
    BANK_UNAWARE = "bank unaware", N_("The debtor's bank does not know the mandate yet.")
    HELD = "held", N_("It is held back until somebody decides.")
    UNDER_WAY = "under way", N_("A debit for it is under way.")
    NOT_YET = "not yet", N_("It falls due later.")
    CREDIT = "credit", N_("Credits come to as much.")
    PAID = "paid", N_("It was paid meanwhile.")
    TOO_LATE = "too late", N_("Its day is past; it is announced again.")


@dataclass(frozen=True, slots=True)
class Mandate:
    """The permission by which a debtor's account is debited."""

    reference: str
    scheme: Scheme
    facts: MandateFacts
    holder: str
    iban: str
    address: Address
    bic: str = ""
    is_known_to_bank: bool = False
    """of a B2B mandate: the debtor has told its bank"""
    prenotification_days: int = PRENOTIFICATION_DAYS


@dataclass(frozen=True, slots=True)
class Owed:
    """What is open of a receivable; a credit, or what was paid too much, is negative."""

    receivable: str
    debtor: int
    cents: int
    due: date
    is_held: bool = False
    """a debit for it came back, it is disputed, or the debtor pays itself"""
    is_under_way: bool = False
    """a debit for it is announced, or at the bank"""


@dataclass(frozen=True, slots=True)
class PlannedDebit:
    """One debit: whom, when, by which mandate, for what."""

    debtor: int
    mandate: Mandate
    due: date
    shares: tuple[Share, ...]
    reference: str = ""
    """once it is announced: what names it, in all its attempts"""
    attempt: int = 1

    @property
    def cents(self) -> int:
        """How much."""
        return sum(share.cents for share in self.shares)

    @property
    def end_to_end_id(self) -> str:
        """What names this attempt at the bank."""
        return f"{self.reference}-{self.attempt}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not collected, and why."""

    debtor: int
    receivable: str
    """empty: all of the debtor's, or the debit as a whole"""
    why: Left


@dataclass(frozen=True, slots=True)
class CollectionPlan:
    """What will be done, and what not."""

    debits: tuple[PlannedDebit, ...]
    left: tuple[LeftOut, ...]

    def sentences(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield what a dry run prints: templates with their facts."""
        for one in self.debits:
            facts: dict[str, object] = {
                "day": one.due,
                "mandate": one.mandate.reference,
                "amount": euros(one.cents),
                "debtor": one.debtor,
            }
            yield N_("On {day}: {amount} euro from {debtor} by mandate {mandate}."), facts
        for left in self.left:
            yield N_("Not from {debtor}, {receivable}: {why}"), {
                "debtor": left.debtor, "receivable": left.receivable or "*", "why": left.why,
            }  # fmt: skip


def plan_announcements(day: date, owed: Iterable[Owed], mandates: Mapping[int, Mandate]) -> CollectionPlan:
    """Return the debits to announce on a day, by debtor and due day.

    Args:
        day: on which the announcement is sent.
        owed: everything that is open for one creditor, credits too.
        mandates: by debtor, the one that holds now.
    """
    debits: list[PlannedDebit] = []
    left: list[LeftOut] = []
    by_debtor: dict[int, list[Owed]] = defaultdict(list)
    for one in owed:
        by_debtor[one.debtor].append(one)
    for debtor, theirs in sorted(by_debtor.items()):
        found, not_found = _of_debtor(day, theirs, mandates.get(debtor))
        debits += found
        left += not_found
    return CollectionPlan(tuple(debits), tuple(left))


def plan_export(day: date, announced: Iterable[PlannedDebit], opened: Mapping[str, int]) -> CollectionPlan:
    """Return the debits that go to the bank on a day. Those that wait for theirs are in neither list.

    Args:
        day: on which the file is made.
        announced: all that are announced and not exported.
        opened: by receivable, the cents that are open now.
    """
    debits: list[PlannedDebit] = []
    left: list[LeftOut] = []
    still_open = dict(opened)
    for one in sorted(announced, key=lambda debit: (debit.due, debit.reference)):
        if bank_days_after(day, EXPORTED_BANK_DAYS_AHEAD) < one.due:
            continue
        debit = replace(
            one, due=max(one.due, bank_days_after(day, SUBMITTED_BANK_DAYS_AHEAD)), shares=_still(one.shares, still_open)
        )
        why = _why_not_exported(one, debit)
        if why is not None:
            left.append(LeftOut(one.debtor, "", why))
            continue
        debits.append(debit)
        for share in debit.shares:
            still_open[share.receivable] -= share.cents
    return CollectionPlan(tuple(debits), tuple(left))


def _why_not_exported(announced: PlannedDebit, now: PlannedDebit) -> Left | None:
    if not now.shares:
        return Left.PAID
    if now.due > announced.due + MOST_LATE:
        return Left.TOO_LATE
    return _unusable(now.mandate, now.due)


def _still(shares: Iterable[Share], opened: Mapping[str, int]) -> tuple[Share, ...]:
    least = (replace(one, cents=min(one.cents, opened.get(one.receivable, 0))) for one in shares)
    return tuple(one for one in least if one.cents > 0)


def _of_debtor(day: date, owed: list[Owed], mandate: Mandate | None) -> tuple[list[PlannedDebit], list[LeftOut]]:
    debtor = owed[0].debtor
    positive = sorted((one for one in owed if one.cents > 0), key=lambda one: (one.due, one.receivable))
    if mandate is None:
        return [], [LeftOut(debtor, one.receivable, Left.NO_MANDATE) for one in positive]
    credit = -sum(one.cents for one in owed if one.cents < 0)
    left: list[LeftOut] = []
    by_due: dict[date, list[Share]] = defaultdict(list)
    for one in positive:
        due = max(due_day(day, mandate.prenotification_days), next_bank_day(one.due))
        why = _why_not_announced(day, one, mandate, due)
        used = min(credit, one.cents) if why is None else 0
        credit -= used
        if why is None and used < one.cents:
            by_due[due].append(Share(one.receivable, one.cents - used))
        else:
            left.append(LeftOut(debtor, one.receivable, why or Left.CREDIT))
    return [PlannedDebit(debtor, mandate, due, tuple(shares)) for due, shares in sorted(by_due.items())], left


def _why_not_announced(day: date, owed: Owed, mandate: Mandate, due: date) -> Left | None:
    if owed.is_under_way:
        return Left.UNDER_WAY
    if owed.is_held:
        return Left.HELD
    if due > due_day(day, mandate.prenotification_days) + ANNOUNCED_AHEAD:
        return Left.NOT_YET
    return _unusable(mandate, due)


def _unusable(mandate: Mandate, due: date) -> Left | None:
    if mandate.scheme is Scheme.B2B and not mandate.is_known_to_bank:
        return Left.BANK_UNAWARE
    state = state_on(mandate.facts, due)
    return {MandateState.REVOKED: Left.REVOKED, MandateState.LAPSED: Left.LAPSED}.get(state)
