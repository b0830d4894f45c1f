"""A document is issued: its number, its rows, what is owed by it, all in the transaction of the caller."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.bank_days import next_bank_day
from server.domain.errors import RuleBroken
from server.domain.invoice import Invoice, InvoiceKind, InvoiceLine, PaidBy, Payment, UsageTable
from server.domain.ledger import ReceivableKind
from server.domain.mandate import Scheme, due_day
from server.domain.paper import Account
from server.domain.sentence import N_
from server.domain.tax import TaxGroup, tax_groups
from server.models.base import database
from server.models.contract import Contract, Mandate
from server.models.money import Invoice as InvoiceRow
from server.models.money import InvoiceLine as LineRow
from server.models.party import Party
from server.services import ledger, numbers
from server.services.invoice_body import encode
from server.services.order_mandate import is_valid
from server.services.paper_party import account_of, party_on_paper, reader
from server.services.terms import terms_of


@dataclass(frozen=True, slots=True)
class Planned:
    """A document that is to be issued."""

    kind: InvoiceKind
    issuer_id: int
    recipient_id: int
    period: str
    """``2026-11``, ``start-17``; see ``Invoice.period`` of the rows"""
    lines: tuple[InvoiceLine, ...]
    usage: tuple[UsageTable, ...] = ()
    contract_id: int | None = None
    contract: str = ""
    """its number; empty where it is for all contracts of an edge"""

    @property
    def groups(self) -> tuple[TaxGroup, ...]:
        """Its VAT, once for all lines under the same rule."""
        return tax_groups((one.rule, one.cents) for one in self.lines)

    @property
    def net(self) -> int:
        """Cents without VAT."""
        return sum(one.net for one in self.groups)

    @property
    def gross(self) -> int:
        """Cents to be paid."""
        return sum(one.net + one.vat for one in self.groups)


@dataclass(frozen=True, slots=True)
class Issued:
    """What became of it."""

    invoice_id: int
    number: str
    receivable_id: int | None
    """None: it comes to nothing"""


def issue(planned: Planned, *, today: date, now: datetime, due: date | None = None) -> Issued:
    """Issue what is planned. ``due``: when it is to be paid where that is agreed already, else as the terms say.

    Raises:
        RuleBroken: the issuer has no tax number, or no account to which the money could come.
        IntegrityError: it is issued already.
    """
    with database.atomic():
        issuer, recipient = Party.get_by_id(planned.issuer_id), Party.get_by_id(planned.recipient_id)
        payment = _payment(planned, today=today, due=due)
        number = draw_number(issuer.id, today)
        writes, reads = party_on_paper(issuer), reader(recipient)
        is_commission = planned.kind is InvoiceKind.COMMISSION
        contract = Contract.get_by_id(planned.contract_id) if planned.contract_id else None
        document = Invoice(
            kind=planned.kind, number=number, issued=today, seller=reads if is_commission else writes,
            buyer=writes if is_commission else reads, lines=planned.lines, payment=payment, usage=planned.usage,
            buyer_reference=contract.buyer_reference if contract else "",
        )  # fmt: skip
        invoice_id = store(document, planned, now=now)
        if not document.gross:
            return Issued(invoice_id, number, None)
        owing = ledger.Owing(
            issuer.id, recipient.id, ReceivableKind.COMMISSION if is_commission else ReceivableKind.INVOICE, number,
            -document.gross if is_commission else document.gross, today, payment.due, planned.contract_id, invoice_id,
        )  # fmt: skip
        return Issued(invoice_id, number, ledger.issue(owing, now=now))


def store(document: Invoice, planned: Planned, *, now: datetime, corrects_id: int | None = None) -> int:
    """Write the rows of a document. Raises IntegrityError where the same one is there."""
    row = InvoiceRow.create(
        issuer=planned.issuer_id, recipient=planned.recipient_id, contract=planned.contract_id, kind=document.kind,
        number=document.number, period=planned.period, issued_on=document.issued, due=document.payment.due,
        paid_by=document.payment.by, net=document.net, vat=document.vat, gross=document.gross, corrects=corrects_id,
        body=encode(document), created_at=now,
    )  # fmt: skip
    LineRow.insert_many(
        [
            {
                "invoice": row.id, "item": one.line.item, "kind": one.line.kind, "month": str(one.line.month),
                "numerator": one.line.quantity.numerator, "denominator": one.line.quantity.denominator,
                "price": one.line.price, "cents": one.cents,
            }
            for one in document.lines
        ]
    ).execute()  # fmt: skip
    return int(row.id)


def draw_number(issuer_id: int, today: date) -> str:
    """Return the next number of an issuer's documents of a year."""
    return f"{terms_of(issuer_id).invoice_prefix}{today.year}-{numbers.draw(issuer_id, f'invoice-{today.year}'):05}"


def _payment(planned: Planned, *, today: date, due: date | None) -> Payment:
    """Return how it is paid: by the mandate where there is one, by PayPal where that is agreed, else by transfer."""
    usual = due or today + timedelta(days=terms_of(planned.issuer_id).payment_days)
    if planned.kind is InvoiceKind.COMMISSION:
        return Payment(PaidBy.TRANSFER, usual, _account(planned.recipient_id))
    if planned.gross <= 0:
        return Payment(PaidBy.OFFSET, due or today)
    contract = Contract.get_by_id(planned.contract_id) if planned.contract_id else None
    if contract is not None and contract.paid_by is PaidBy.PAYPAL:
        return Payment(PaidBy.PAYPAL, usual)
    mandate = _mandate(planned) if contract is None else contract.mandate if contract.paid_by is PaidBy.DEBIT else None
    if mandate is not None and is_valid(mandate, today):
        day = due or next_bank_day(due_day(today, mandate.prenotification_days))
        return Payment(PaidBy.DEBIT, day, Account(mandate.holder, mandate.iban, mandate.bic), mandate.reference)
    return Payment(PaidBy.TRANSFER, usual, _account(planned.issuer_id))


def _mandate(planned: Planned) -> Mandate | None:
    """Return the newest mandate of a reseller or distributor that its bank would obey."""
    mine = (Mandate.creditor == planned.issuer_id) & (Mandate.debtor == planned.recipient_id) & Mandate.valid_from.is_null(False)
    usable = (Mandate.scheme == Scheme.CORE) | Mandate.is_known_to_bank
    found: Mandate | None = (
        Mandate.select().where(mine & usable & Mandate.revoked_on.is_null()).order_by(Mandate.id.desc()).first()
    )
    return found


def _account(party_id: int) -> Account:
    found = account_of(party_id)
    if found is None:
        raise RuleBroken(
            N_("{party} has no bank account to which the money could be paid."),
            N_("Enter it with the data of the party."),
            field="account",
            party=Party.get_by_id(party_id).legal_name,
        )
    return found
