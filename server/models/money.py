"""Invoices, what is open of them, and the book of everything that changed it."""

from peewee import SQL, BigIntegerField, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.lines import LineKind
from server.models.base import Row
from server.models.contract import Contract, ContractItem
from server.models.fields import UtcDateTimeField, word_field
from server.models.party import Party
from server.models.price_field import PriceField


class NumberSeries(Row):
    """Numbers without gaps: drawn in the transaction that uses them."""

    issuer = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    issuer_id: int
    series = TextField()
    """such as ``invoice-2026``"""
    last = IntegerField(default=0)

    class Meta:
        table_name = "number_series"
        indexes = ((("issuer", "series"), True),)


class Invoice(Row):
    """An issued document: invoice, cancellation, commission. Never changed, but for the names of its files."""

    issuer = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    issuer_id: int
    recipient = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    recipient_id: int
    contract = ForeignKeyField(Contract, null=True, backref="+", on_delete="RESTRICT")
    """of a customer's invoice; None: for all contracts of an edge"""
    contract_id: int | None
    kind = word_field(InvoiceKind)
    number = TextField()
    period = TextField()
    """``2026-11``: the month that is billed; ``start-17``: the first one of order 17"""
    issued_on = DateField()
    due = DateField()
    paid_by = word_field(PaidBy)
    net = BigIntegerField()
    """cents, as the two that follow"""
    vat = BigIntegerField()
    gross = BigIntegerField()
    corrects = ForeignKeyField("self", null=True, backref="+", on_delete="RESTRICT")
    corrects_id: int | None
    body = TextField()
    """JSON of everything that stands on it; see services/invoice_body.py"""
    pdf = TextField(default="")
    """name among the server's files; empty: still to be made"""
    xml = TextField(default="")
    """hash of the XML within"""
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "invoice"
        indexes = (
            (("issuer", "number"), True),
            (("issuer", "issued_on"), False),
            (("recipient", "issued_on"), False),
            (("contract", "period"), False),
        )


# Once for each edge or contract, period and kind; a correction, once for what it corrects.
Invoice.add_index(
    SQL(
        "CREATE UNIQUE INDEX invoice_once ON invoice"
        " (issuer_id, recipient_id, COALESCE(contract_id, 0), period, kind, COALESCE(corrects_id, 0))"
    )
)
Invoice.add_index(SQL("CREATE UNIQUE INDEX invoice_corrected_once ON invoice (corrects_id) WHERE corrects_id IS NOT NULL"))
Invoice.add_index(SQL("CREATE INDEX invoice_without_vat ON invoice (issuer_id) WHERE vat = 0"))
Invoice.add_index(SQL("CREATE INDEX invoice_without_pdf ON invoice (id) WHERE pdf = ''"))


class InvoiceLine(Row):
    """One line of an invoice, to know later what is billed already."""

    invoice = ForeignKeyField(Invoice, backref="lines", on_delete="RESTRICT")
    invoice_id: int
    item = ForeignKeyField(ContractItem, backref="+", on_delete="RESTRICT")
    item_id: int
    kind = word_field(LineKind)
    month = TextField()
    numerator = BigIntegerField()
    """of the quantity, in months or GB-months"""
    denominator = BigIntegerField()
    price = PriceField()
    cents = BigIntegerField()

    class Meta:
        table_name = "invoice_line"
        indexes = ((("item", "month"), False),)


class Receivable(Row):
    """Something that a debtor owes, or, negative, has with its creditor."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    contract = ForeignKeyField(Contract, null=True, backref="+", on_delete="RESTRICT")
    contract_id: int | None
    kind = word_field(ReceivableKind)
    invoice = ForeignKeyField(Invoice, null=True, backref="+", on_delete="RESTRICT", unique=True)
    invoice_id: int | None
    number = TextField()
    """what a debtor quotes when it pays"""
    reason = TextField(default="")
    """of a claim: for what"""
    issued_on = DateField()
    due = DateField()
    cents = BigIntegerField()
    open_cents = BigIntegerField()
    """the sum of its entries; changed with them in one transaction, by services/ledger.py alone"""
    is_held = BooleanField(default=False)
    """not collected by itself: a debit for it came back, or it is disputed"""
    overdue_since = DateField(null=True)
    """from when arrears count where that is not the day it fell due: the day a debit came back"""

    class Meta:
        table_name = "receivable"
        indexes = ((("creditor", "number"), True), (("debtor", "creditor"), False))


Receivable.add_index(SQL("CREATE INDEX receivable_open ON receivable (creditor_id, due, debtor_id) WHERE open_cents <> 0"))
Receivable.add_index(SQL("CREATE INDEX receivable_open_of ON receivable (debtor_id, due) WHERE open_cents <> 0"))


class LedgerEntry(Row):
    """One change of what is open. Rows are only added."""

    receivable = ForeignKeyField(Receivable, backref="entries", on_delete="RESTRICT")
    receivable_id: int
    kind = word_field(EntryKind)
    cents = BigIntegerField()
    """positive: more is open"""
    booked_on = DateField()
    source = TextField()
    """by what it is known from outside: a booking's key at the bank, a capture's id at PayPal, the number of a document"""
    note = TextField(default="")
    at = UtcDateTimeField()

    class Meta:
        table_name = "ledger_entry"
        indexes = (
            (("receivable", "kind", "source"), True),
            (("source",), False),
            (("booked_on",), False),
            (("receivable", "booked_on", "kind", "cents"), False),
        )
