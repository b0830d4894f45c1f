"""What a bank sends: read, decided by the rules, carried out. A file is one transaction; the same file again changes nothing."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from peewee import IntegrityError

from server.domain.errors import RuleBroken
from server.domain.matching import Outcome, Rejected, match_entries, match_report, match_statement
from server.domain.sentence import N_
from server.domain.statement import Entry, Message, Statement, StatementKind, StatusReport
from server.gateways.bank.inbox import read_bank_file
from server.models.bank import (
    AccountBalance,
    BankFile,
    BankImport,
    BankNotice,
    QueuedBooking,
    QueuedPart,
    SeenBooking,
)
from server.models.base import database
from server.services import bank_deeds
from server.services.bank_known import creditor_of, known, read_entry, write_entry, write_suggestions
from server.services.scope import hold

_log = logging.getLogger("gdpac.bank")


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a file."""

    is_known: bool
    """the same file was read before; nothing was done"""
    bookings: int = 0
    decided: int = 0
    """of them; the others were known before, wait, or are in the queue"""
    queued: int = 0
    """what waits for a person now, on the accounts of this file"""
    rejected: int = 0
    missing: tuple[str, ...] = ()
    """statements before which one is missing, by their numbers"""


def import_file(name: str, data: bytes, *, now: datetime) -> Imported:
    """Read a file, one XML or a ZIP, and do what follows from it. Raises RuleBroken; then nothing of it is done."""
    messages = read_bank_file(name, data)
    digest = sha256(data).hexdigest()
    try:
        with database.atomic():
            for creditor_id in sorted({_creditor(one) for one in messages}):
                hold(creditor_id)
            BankImport.create(sha256=digest, file_name=name[:200], imported_at=now)
            return _carry_out(messages, now)
    except IntegrityError:
        if BankImport.get_or_none(BankImport.sha256 == digest) is None:
            raise
        return Imported(is_known=True)


def _carry_out(messages: Sequence[Message], now: datetime) -> Imported:
    bookings = decided = rejected = 0
    missing: list[str] = []
    accounts: dict[str, int] = {}
    for message in messages:
        if isinstance(message, StatusReport):
            rejected += _read_report(message)
            continue
        accounts[message.account] = _creditor(message)
        if message.kind is StatementKind.NOTICE:
            _note(message)
            continue
        bookings += len(message.entries)
        decided += _read_statement(message, now)
        if not _follows(message):
            missing.append(message.statement_id)
            _log.warning("a statement before %s is missing", message.statement_id)
    for account, creditor_id in accounts.items():
        decided += _look_again(creditor_id, account, now)
    queued = QueuedPart.select().join(QueuedBooking).where(QueuedBooking.account.in_(list(accounts))).count()
    return Imported(False, bookings, decided, queued, rejected, tuple(missing))


def _creditor(message: Message) -> int:
    if isinstance(message, Statement):
        return creditor_of(message.account)
    file = BankFile.get_or_none(BankFile.message_id == message.original_message_id)
    if file is None:
        raise RuleBroken(
            N_("The bank reports on the file {file}, which was not made here."), file=message.original_message_id[:35]
        )
    return int(file.creditor_id)


def _read_report(report: StatusReport) -> int:
    creditor_id = _creditor(report)
    items = bank_deeds.items_of_file(report.original_message_id)
    found = match_report(bank_deeds.known_items(creditor_id, items), report)
    for one in found:
        if isinstance(one, Rejected):
            bank_deeds.reject(creditor_id, one)
        else:
            _log.warning("the bank reports on %s, which is not known here", one.reference)
    return sum(isinstance(one, Rejected) for one in found)


def _note(statement: Statement) -> None:
    for entry in statement.entries:
        row = BankNotice.insert(account=statement.account, key=entry.key, body=write_entry(entry))
        row.on_conflict_ignore().execute()


def _read_statement(statement: Statement, now: datetime) -> int:
    if not statement.entries:
        return 0
    creditor_id = _creditor(statement)
    day = min(one.booked for one in statement.entries)
    facts = known(creditor_id, statement.account, (one.key for one in statement.entries), day)
    return _do_all(creditor_id, statement.account, statement.entries, match_statement(facts, statement), now)


def _look_again(creditor_id: int, account: str, now: datetime) -> int:
    """Ask once more about what waits in the queue: what it needs may have come."""
    rows = QueuedBooking.select().where(QueuedBooking.account == account).order_by(QueuedBooking.booked, QueuedBooking.id)
    entries = [read_entry(row.body) for row in rows]
    if not entries:
        return 0
    facts = known(creditor_id, account, (one.key for one in entries), min(one.booked for one in entries))
    return _do_all(creditor_id, account, entries, match_entries(facts, entries), now)


def _do_all(creditor_id: int, account: str, entries: Sequence[Entry], outcomes: Sequence[Outcome], now: datetime) -> int:
    decided = 0
    for entry, outcome in zip(entries, outcomes, strict=True):
        if outcome.changes_nothing:
            continue
        bank_deeds.unqueue(account, entry.key)
        waits = bank_deeds.do(creditor_id, entry.booked, outcome.decisions, now=now)
        if waits:
            booking = QueuedBooking.create(
                creditor=creditor_id, account=account, key=entry.key, booked=entry.booked, body=write_entry(entry)
            )
            for one in waits:
                QueuedPart.create(
                    booking=booking.id, key=one.key, cents=one.signed_cents, why=str(one.why),
                    suggestions=write_suggestions(one.suggestions),
                )  # fmt: skip
        else:
            decided += 1
        remember(account, outcome.keys)
    return decided


def remember(account: str, keys: Iterable[str]) -> None:
    """Note what is decided, so that it is not decided again. Raises IntegrityError where it was."""
    for key in sorted(keys):
        SeenBooking.create(account=account, key=key)


def _follows(statement: Statement) -> bool:
    """Say whether no statement is missing before this one; notes with what it ends. One that came before says nothing."""
    row = AccountBalance.get_or_none(AccountBalance.account == statement.account)
    if row is not None and row.statement == statement.statement_id:
        return True
    follows = statement.continues(None if row is None else row.closing)
    if statement.closing is not None and not statement.is_duplicate:
        AccountBalance.insert(account=statement.account, closing=statement.closing, statement=statement.statement_id).on_conflict(
            conflict_target=[AccountBalance.account],
            update={AccountBalance.closing: statement.closing, AccountBalance.statement: statement.statement_id},
        ).execute()
    return follows or statement.is_duplicate
