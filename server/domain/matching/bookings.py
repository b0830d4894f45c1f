"""Asks each booking of a message what it is, in the order that the package says."""

from collections.abc import Iterable
from dataclasses import replace

from server.domain.errors import RuleBroken
from server.domain.matching.batches import decide_batch, is_batch
from server.domain.matching.decisions import (
    Decision,
    NotOurs,
    Outcome,
    Rejected,
    Repeated,
    StatusUnknown,
    Unmatched,
    Waiting,
    Why,
)
from server.domain.matching.desk import Desk
from server.domain.matching.parts import Part, parts_of
from server.domain.matching.payments import decide_incoming
from server.domain.matching.returns import decide_outgoing
from server.domain.sentence import N_
from server.domain.settlement import ItemState, Known
from server.domain.statement import REJECTED, Direction, Entry, Statement, StatementKind, StatusReport

CURRENCY = "EUR"


def match_statement(known: Known, statement: Statement) -> tuple[Outcome, ...]:
    """Return what follows from each booking of a statement, in its order; from a notice, which only ``known`` keeps, nothing.

    Raises RuleBroken where it is about another account than ``known``.
    """
    if statement.account != known.account:
        raise RuleBroken(N_("Statement {statement} is about another account."), statement=statement.statement_id)
    return () if statement.kind is StatementKind.NOTICE else match_entries(known, statement.entries)


def match_entries(known: Known, entries: Iterable[Entry]) -> tuple[Outcome, ...]:
    """Return what follows from bookings: those of a statement, or those that waited in the queue of what is unmatched."""
    desk, notices = Desk(known), _Notices(known.notices)
    told = list(entries)
    outcomes: dict[int, Outcome] = {}
    # What came is asked first, so that a return finds the payment that it takes back.
    for position in sorted(range(len(told)), key=lambda at: told[at].direction is Direction.DEBIT):
        entry = notices.complete(told[position])
        outcomes[position] = Outcome(entry.key, tuple(_decide(desk, entry)))
        desk.seen |= outcomes[position].keys
    return tuple(outcomes[position] for position in range(len(told)))


def match_report(known: Known, report: StatusReport) -> tuple[Rejected | StatusUnknown, ...]:
    """Return which debits the bank will not collect, by its report. What was rejected or paid before is left out."""
    desk = Desk(known)
    rejected: dict[str, str] = {}
    unknown: list[StatusUnknown] = []
    if report.status == REJECTED:
        rejected |= {one.end_to_end_id: report.reason for one in known.items if one.message_id == report.original_message_id}
    for batch in report.batches:
        items = desk.items_of_batch(batch.payment_id)
        if batch.status == REJECTED:
            rejected |= {one.end_to_end_id: batch.reason for one in items}
        for debit in batch.debits:
            if debit.status == REJECTED:
                rejected[debit.end_to_end_id] = debit.reason or batch.reason
        if not items and (batch.status == REJECTED or batch.debits):
            unknown.append(StatusUnknown(batch.payment_id, batch.reason))
    found: list[Rejected | StatusUnknown] = []
    for end_to_end_id, reason in rejected.items():
        item = desk.item(end_to_end_id)
        if item is None:
            found.append(StatusUnknown(end_to_end_id, reason))
        elif item.state is ItemState.EXPORTED:
            found.append(Rejected(end_to_end_id, item.debtor, reason))
    return (*found, *unknown)


def _decide(desk: Desk, entry: Entry) -> list[Decision]:
    if not entry.is_booked:
        return [Waiting(entry.key)]
    if entry.key in desk.seen or (not entry.details and entry.key in desk.split):
        return [Repeated(entry.key)]
    if entry.currency != CURRENCY:
        return [_unmatched(entry, Why.CURRENCY)]
    parts = parts_of(entry)
    if is_batch(entry, parts):
        return decide_batch(desk, entry)
    if parts is None:
        return [_unmatched(entry, Why.DETAILS_DIFFER)]
    return [_decide_part(desk, entry, part) for part in parts]


def _decide_part(desk: Desk, entry: Entry, part: Part) -> Decision:
    if part.key in desk.seen:
        return Repeated(part.key)
    if part.direction is Direction.CREDIT:
        return decide_incoming(desk, entry, part)
    return decide_outgoing(desk, entry, part) or NotOurs(part.key)


def _unmatched(entry: Entry, why: Why) -> Unmatched:
    return Unmatched(entry.key, entry.direction.sign * entry.cents, why)


class _Notices:
    """What notices tell, found by the booking's key, or by its sum where it names the batch."""

    def __init__(self, told: Iterable[Entry]) -> None:
        self._by_key: dict[str, Entry] = {}
        self._by_batch: dict[tuple[str, int], Entry] = {}
        for one in told:
            if one.details:
                self._by_key[one.key] = one
                if one.payment_id and one.direction is Direction.CREDIT:
                    self._by_batch[one.payment_id, one.cents] = one

    def complete(self, entry: Entry) -> Entry:
        """Return a booking with the payments that a notice tells of it, where it names none itself."""
        if any(one.end_to_end_id or one.mandate or one.iban or one.return_code for one in entry.details):
            return entry
        found = self._by_key.get(entry.key)
        if found is None and entry.direction is Direction.CREDIT:
            found = self._by_batch.get((entry.payment_id, entry.cents))
        return entry if found is None else replace(entry, details=found.details, payment_id=entry.payment_id or found.payment_id)
