"""What happened to an issuer's money in a month, as bookings between accounts. Pure: facts in, bookings out, nothing rounded.

Every booking has one side that is an account of a person or of money and another; its amount is positive, and its side says where
it stands on the first. A booking that an account of a debtor takes part in names it first, so that the sum of these is what the
ledger says of that debtor. ``differences`` compares the two.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from server.domain.datev_chart import AccountRole, Accounts, revenue_role
from server.domain.errors import RuleBroken
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.sentence import N_, Word
from server.domain.tax import TaxCategory, TaxGroup


class Side(StrEnum):
    """Where an amount stands on the first account."""

    DEBIT = "S"
    CREDIT = "H"


class Through(StrEnum):
    """On which account of the issuer money moved."""

    BANK = "bank"
    PAYPAL = "paypal"


class Total(Word):
    """What the check counts apart."""

    INVOICES = "invoices", N_("Invoices")
    CANCELLATIONS = "cancellations", N_("Cancellations")
    COMMISSION = "commission", N_("Commission")
    CLAIMS = "claims", N_("Fees, interest, bank charges")
    DEBITS = "debits", N_("Direct debits")
    TRANSFERS = "transfers", N_("Transfers")
    PAYPAL = "paypal", N_("PayPal payments")
    OVERPAID = "overpaid", N_("Paid too much")
    RETURNED = "returned", N_("Returned")
    REFUNDED = "refunded", N_("Refunded")
    SET_OFF = "set off", N_("Set off")
    WRITTEN_OFF = "written off", N_("Written off")
    CHARGED = "charged", N_("Charges of the bank")
    FEES = "fees", N_("Fees of PayPal")


@dataclass(frozen=True, slots=True)
class Debtor:
    """Who owes, or has, something."""

    id: int
    account: int
    name: str
    vat_id: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """An issued document behind what is owed."""

    is_cancellation: bool
    is_commission: bool
    groups: tuple[TaxGroup, ...]
    vat_id: str = ""
    """of its recipient, as it stands on it"""

    @property
    def is_taxed(self) -> bool:
        """Whether VAT stands on it."""
        return any(one.vat for one in self.groups)


@dataclass(frozen=True, slots=True)
class Movement:
    """One entry of the ledger, with what must be known of what it changes."""

    debtor: Debtor
    receivable: ReceivableKind
    kind: EntryKind
    cents: int
    """positive: more is open"""
    day: date
    number: str
    """of what is owed"""
    due: date
    document: Document | None = None
    through: Through = Through.BANK


@dataclass(frozen=True, slots=True)
class Fee:
    """What PayPal kept of a payment."""

    cents: int
    day: date
    capture: str


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of the books."""

    total: Total
    cents: int
    """more than 0"""
    side: Side
    """of the first account"""
    account: int
    counter: int
    day: date
    number: str
    text: str
    key: str = ""
    """of the tax; empty: none, or the account's own"""
    vat_id: str = ""
    """of a recipient who owes the tax"""
    due: date | None = None

    @property
    def signed(self) -> int:
        """What it adds to the first account."""
        return self.cents if self.side is Side.DEBIT else -self.cents


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in which the bookings and the ledger do not agree."""

    what: str
    """a number, a name, or a word of ``Total``"""
    ledger: int
    bookings: int


_OUTGOING = frozenset({Total.CHARGED, Total.FEES})
"""their first account is one of money, from which they go"""
_MONEY = {
    EntryKind.DEBIT: Total.DEBITS,
    EntryKind.TRANSFER: Total.TRANSFERS,
    EntryKind.PAYPAL: Total.PAYPAL,
    EntryKind.RETURNED: Total.RETURNED,
    EntryKind.REFUNDED: Total.REFUNDED,
}


def total_of(kind: EntryKind, receivable: ReceivableKind, *, is_cancellation: bool) -> Total:
    """Return what an entry counts as."""
    if kind is EntryKind.OFFSET:
        return Total.SET_OFF
    if kind is EntryKind.WRITTEN_OFF:
        return Total.WRITTEN_OFF
    if kind is not EntryKind.ISSUED:
        return _MONEY[kind]
    if receivable.is_claim:
        return Total.CLAIMS
    if receivable is ReceivableKind.COMMISSION:
        return Total.COMMISSION
    if is_cancellation:
        return Total.CANCELLATIONS
    return Total.OVERPAID if receivable is ReceivableKind.CREDIT else Total.INVOICES


def bookings_of(movements: Iterable[Movement], fees: Iterable[Fee], accounts: Accounts) -> tuple[Booking, ...]:
    """Return the books of a month, in the order of its days."""
    found = [booking for one in movements if one.cents for booking in _of_movement(one, accounts)]
    charges, paypal = int(accounts[AccountRole.CHARGES]), int(accounts[AccountRole.PAYPAL])
    for fee in fees:
        if fee.cents:
            side = Side.CREDIT if fee.cents > 0 else Side.DEBIT
            found.append(Booking(Total.FEES, abs(fee.cents), side, paypal, charges, fee.day, fee.capture, "PayPal-Gebühr"))
    return tuple(sorted(found, key=lambda one: one.day))


def differences(
    bookings: Sequence[Booking], totals: Mapping[Total, int], debtors: Mapping[int, tuple[str, int]]
) -> tuple[Difference, ...]:
    """Compare the books with what the ledger adds up to by itself.

    Args:
        bookings: the books.
        totals: of the ledger, signed: what more is open; of charges and fees what was taken.
        debtors: by account, name and what the month changed on it.
    """
    by_total: Counter[Total] = Counter()
    by_debtor: Counter[int] = Counter()
    for one in bookings:
        by_total[one.total] += -one.signed if one.total in _OUTGOING else one.signed
        if one.account in debtors:
            by_debtor[one.account] += one.signed
    found = [
        Difference(kind.label, totals.get(kind, 0), by_total[kind]) for kind in Total if totals.get(kind, 0) != by_total[kind]
    ]
    if by_total[Total.SET_OFF]:
        found.append(Difference(Total.SET_OFF.label, 0, by_total[Total.SET_OFF]))
    found += [Difference(name, cents, by_debtor[at]) for at, (name, cents) in debtors.items() if by_debtor[at] != cents]
    return tuple(found)


def _of_movement(one: Movement, accounts: Accounts) -> list[Booking]:
    document = one.document
    if one.kind is EntryKind.ISSUED and document is not None:
        return _of_document(one, document, accounts)
    if one.kind is EntryKind.ISSUED and one.receivable not in _CLAIMS and one.receivable is not ReceivableKind.CREDIT:
        raise RuleBroken(N_("{number} is owed without a document."), number=one.number)
    if one.kind is EntryKind.ISSUED and one.receivable in _CLAIMS:
        return _of_claim(one, accounts)
    if one.kind is EntryKind.OFFSET:
        return [_booking(one, one.cents, accounts[AccountRole.CLEARING], "Verrechnung")]
    if one.kind is EntryKind.WRITTEN_OFF:
        is_taxed = document is not None and document.is_taxed
        return [_booking(one, one.cents, accounts[AccountRole.LOSS if is_taxed else AccountRole.LOSS_UNTAXED], "Ausbuchung")]
    return [_booking(one, one.cents, _money_account(one, accounts), _TEXTS.get(one.kind, "Überzahlung"))]


_CLAIMS = {
    ReceivableKind.FEE: (AccountRole.CLAIMS, "Mahngebühr"),
    ReceivableKind.INTEREST: (AccountRole.INTEREST, "Verzugszinsen"),
    ReceivableKind.BANK_CHARGE: (AccountRole.CLAIMS, "Weiterbelastete Bankgebühr"),
}
_TEXTS = {
    EntryKind.DEBIT: "Lastschrift",
    EntryKind.TRANSFER: "Überweisung",
    EntryKind.PAYPAL: "PayPal",
    EntryKind.RETURNED: "Rückgabe",
    EntryKind.REFUNDED: "Erstattung",
}


def _of_document(one: Movement, document: Document, accounts: Accounts) -> list[Booking]:
    """Return a booking for each tax group; together they are what is owed."""
    sign = -1 if document.is_commission else 1
    shares = [(group, sign * (group.net + group.vat)) for group in document.groups]
    if sum(cents for _group, cents in shares) != one.cents:
        raise RuleBroken(N_("What stands on {number} is not what is owed for it."), number=one.number)
    found = []
    for group, cents in shares:
        if not cents:
            continue
        if document.is_commission:
            key = accounts.commission_key if group.vat else ""
            found.append(_booking(one, cents, accounts[AccountRole.COMMISSION], "Provision", key=key))
            continue
        role = revenue_role(group.rule)
        vat_id = document.vat_id if group.rule.category is TaxCategory.REVERSE_CHARGE else ""
        key = accounts.revenue_key if role is AccountRole.REVENUE else ""
        text = "Storno" if document.is_cancellation else "Rechnung"
        found.append(_booking(one, cents, accounts[role], text, key=key, vat_id=vat_id, due=one.due))
    return found


def _of_claim(one: Movement, accounts: Accounts) -> list[Booking]:
    """Return what a debtor has to make good; of a bank charge also what the bank took."""
    role, text = _CLAIMS[one.receivable]
    found = [_booking(one, one.cents, accounts[role], text)]
    if one.receivable is ReceivableKind.BANK_CHARGE:
        charges, bank = int(accounts[AccountRole.CHARGES]), int(accounts[AccountRole.BANK])
        side = Side.CREDIT if one.cents > 0 else Side.DEBIT
        found.append(Booking(Total.CHARGED, abs(one.cents), side, bank, charges, one.day, one.number, "Bankgebühr Rückgabe"))
    return found


def _money_account(one: Movement, accounts: Accounts) -> str:
    is_paypal = one.through is Through.PAYPAL or one.kind is EntryKind.PAYPAL
    return accounts[AccountRole.PAYPAL if is_paypal else AccountRole.BANK]


def _booking(
    one: Movement, cents: int, counter: str, text: str, *, key: str = "", vat_id: str = "", due: date | None = None
) -> Booking:
    is_cancellation = one.document is not None and one.document.is_cancellation
    return Booking(
        total=total_of(one.kind, one.receivable, is_cancellation=is_cancellation),
        cents=abs(cents),
        side=Side.DEBIT if cents > 0 else Side.CREDIT,
        account=one.debtor.account,
        counter=int(counter),
        day=one.day,
        number=one.number,
        text=f"{text} {one.debtor.name}",
        key=key,
        vat_id=vat_id,
        due=due,
    )
