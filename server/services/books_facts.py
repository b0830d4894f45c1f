"""What the ledger, the invoices and PayPal say of an issuer's month: once entry by entry, once as sums of the database.

The two are read apart, so that one proves the other.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from peewee import JOIN, Expression, Value, fn

from server.domain.datev import Debtor, Document, Fee, Movement, Through, Total, total_of
from server.domain.invoice import InvoiceKind
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.month import Month
from server.models.books import DebtorAccount
from server.models.money import Invoice, LedgerEntry, Receivable
from server.models.party import Party
from server.models.paypal import PaypalCapture, PaypalRefund
from server.services.invoice_tax import document_of
from server.services.paypal_booking import credit_number


def movements(issuer_id: int, month: Month, accounts: Mapping[int, int]) -> Iterator[Movement]:
    """Yield the entries of a month; ``accounts`` are those of the debtors, by their numbers."""
    paypal = _sources_at_paypal(issuer_id, month)
    documents: dict[int, Document] = {}
    parties: dict[int, Party] = {}
    rows: Any = (
        LedgerEntry.select(LedgerEntry, Receivable, Invoice, Party)
        .join(Receivable, on=LedgerEntry.receivable == Receivable.id)
        .join(Invoice, JOIN.LEFT_OUTER, on=Receivable.invoice == Invoice.id)
        .join_from(Receivable, Party, on=Receivable.debtor == Party.id)
        .where(_of_month(issuer_id, month))
        .order_by(LedgerEntry.booked_on, LedgerEntry.id)
    )
    for row in rows:
        owed = row.receivable
        parties.setdefault(owed.debtor_id, owed.debtor)
        document = None
        if owed.invoice is not None:
            if owed.invoice.id not in documents:
                documents[owed.invoice.id] = document_of(owed.invoice, parties)
            document = documents[owed.invoice.id]
        yield Movement(
            debtor=Debtor(owed.debtor_id, accounts[owed.debtor_id], owed.debtor.legal_name),
            receivable=owed.kind,
            kind=row.kind,
            cents=row.cents,
            day=row.booked_on,
            number=owed.number,
            due=owed.due,
            document=document,
            through=Through.PAYPAL if row.source in paypal else Through.BANK,
        )


def fees(issuer_id: int, month: Month) -> list[Fee]:
    """Return what PayPal kept of the payments of a month."""
    rows: Any = PaypalCapture.select().where(_captured(issuer_id, month) & PaypalCapture.fee_cents.is_null(False))
    return [Fee(row.fee_cents, row.booked_on, row.capture_id) for row in rows.order_by(PaypalCapture.id)]


def totals(issuer_id: int, month: Month) -> dict[Total, int]:
    """Return what the database adds up by kind; see ``datev.differences``."""
    return {kind: cents for kind, (cents, _count) in sums(issuer_id, month).items()}


def sums(issuer_id: int, month: Month) -> dict[Total, tuple[int, int]]:
    """Return what the database adds up by kind, and of how many entries."""
    rows: Any = (
        LedgerEntry.select(LedgerEntry.kind, Receivable.kind, Invoice.kind, fn.SUM(LedgerEntry.cents), fn.COUNT(LedgerEntry.id))
        .join(Receivable, on=LedgerEntry.receivable == Receivable.id)
        .join(Invoice, JOIN.LEFT_OUTER, on=Receivable.invoice == Invoice.id)
        .where(_of_month(issuer_id, month))
        .group_by(LedgerEntry.kind, Receivable.kind, Invoice.kind)
        .tuples()
    )
    found: dict[Total, tuple[int, int]] = {}
    for kind, owed, document, cents, count in rows:
        entry, what = EntryKind(kind), ReceivableKind(owed)
        _add(found, total_of(entry, what, is_cancellation=document == InvoiceKind.CANCELLATION), cents, count)
        if entry is EntryKind.ISSUED and what is ReceivableKind.BANK_CHARGE:
            _add(found, Total.CHARGED, cents, count)
    kept: Any = PaypalCapture.select(fn.COALESCE(fn.SUM(PaypalCapture.fee_cents), 0), fn.COUNT(PaypalCapture.fee_cents))
    for cents, count in kept.where(_captured(issuer_id, month)).tuples():
        _add(found, Total.FEES, cents, count)
    return {kind: found[kind] for kind in Total if kind in found and found[kind][1]}


def changed_of_debtors(issuer_id: int, month: Month) -> dict[int, tuple[str, int]]:
    """Return, by a debtor's number, its name and what the month changed of what it owes."""
    rows: Any = (
        LedgerEntry.select(Receivable.debtor, Party.legal_name, fn.SUM(LedgerEntry.cents))
        .join(Receivable, on=LedgerEntry.receivable == Receivable.id)
        .join(Party, on=Receivable.debtor == Party.id)
        .where(_of_month(issuer_id, month))
        .group_by(Receivable.debtor, Party.legal_name)
        .tuples()
    )
    return {int(debtor): (str(name), int(cents)) for debtor, name, cents in rows}


def issued(issuer_id: int, month: Month) -> dict[Total, int]:
    """Return what stands on the documents of a month, whether or not the ledger knows of them; signed as in the ledger."""
    mine = (Invoice.issuer == issuer_id) & _within(Invoice.issued_on, month)
    rows: Any = Invoice.select(Invoice.kind, fn.SUM(Invoice.gross)).where(mine).group_by(Invoice.kind).tuples()
    found = {InvoiceKind(kind): int(cents) for kind, cents in rows}
    return {
        Total.INVOICES: found.get(InvoiceKind.INVOICE, 0),
        Total.CANCELLATIONS: found.get(InvoiceKind.CANCELLATION, 0),
        Total.COMMISSION: -found.get(InvoiceKind.COMMISSION, 0),
    }


def captured(issuer_id: int, month: Month) -> tuple[int, int]:
    """Return the cents that came by PayPal in a month: by the ledger, and by PayPal's payments themselves."""
    own = PaypalCapture.select(PaypalCapture.capture_id).where(_captured(issuer_id, month))
    credits = PaypalCapture.select(Value(credit_number("")).concat(PaypalCapture.capture_id)).where(_captured(issuer_id, month))
    entries = LedgerEntry.select(fn.COALESCE(fn.SUM(LedgerEntry.cents), 0)).join(Receivable)
    booked = entries.where(_of_month(issuer_id, month) & (LedgerEntry.source.in_(own) | LedgerEntry.source.in_(credits))).scalar()
    came = PaypalCapture.select(fn.COALESCE(fn.SUM(PaypalCapture.cents), 0)).where(_captured(issuer_id, month)).scalar()
    return -int(booked), int(came)


def torn(issuer_id: int) -> list[tuple[str, int, int]]:
    """Return the receivables whose open part is not the sum of their entries: number, open part, sum."""
    rows: Any = (
        Receivable.select(Receivable.number, Receivable.open_cents, fn.COALESCE(fn.SUM(LedgerEntry.cents), 0))
        .join(LedgerEntry, JOIN.LEFT_OUTER, on=LedgerEntry.receivable == Receivable.id)
        .where(Receivable.creditor == issuer_id)
        .group_by(Receivable.id, Receivable.number, Receivable.open_cents)
        .having(Receivable.open_cents != fn.COALESCE(fn.SUM(LedgerEntry.cents), 0))
        .order_by(Receivable.id)
        .limit(10)
        .tuples()
    )
    return [(str(number), int(left), int(cents)) for number, left, cents in rows]


def account_rows(issuer_id: int) -> dict[int, int]:
    """Return the accounts that debtors have, by the debtor's number."""
    rows: Any = (
        DebtorAccount.select(DebtorAccount.debtor, DebtorAccount.account).where(DebtorAccount.creditor == issuer_id).tuples()
    )
    return {int(debtor): int(account) for debtor, account in rows}


def _add(found: dict[Total, tuple[int, int]], kind: Total, cents: int, count: int) -> None:
    before = found.get(kind, (0, 0))
    found[kind] = before[0] + int(cents), before[1] + int(count)


def _of_month(issuer_id: int, month: Month) -> Expression:
    return (Receivable.creditor == issuer_id) & _within(LedgerEntry.booked_on, month)


def _captured(issuer_id: int, month: Month) -> Expression:
    return (PaypalCapture.creditor == issuer_id) & _within(PaypalCapture.booked_on, month)


def _within(day: Any, month: Month) -> Expression:
    inside: Expression = (day >= month.first) & (day < month.end)
    return inside


def _sources_at_paypal(issuer_id: int, month: Month) -> set[str]:
    """Return by what entries of a month are known that moved money at PayPal."""
    captures: Any = PaypalCapture.select(PaypalCapture.capture_id).where(_captured(issuer_id, month)).tuples()
    ids = [str(one) for (one,) in captures]
    refunds: Any = (
        PaypalRefund.select(PaypalRefund.refund_id)
        .join(PaypalCapture, on=PaypalRefund.capture == PaypalCapture.id)
        .where((PaypalCapture.creditor == issuer_id) & _within(PaypalRefund.booked_on, month))
        .tuples()
    )
    return {*ids, *map(credit_number, ids), *(str(one) for (one,) in refunds)}
