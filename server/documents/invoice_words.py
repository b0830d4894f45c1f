"""What stands on an invoice, in words: its rows, how it is paid, how overage was worked out."""

from dataclasses import dataclass
from datetime import date

from server.documents import words
from server.domain.invoice import Invoice, InvoiceKind, InvoiceLine, PaidBy
from server.domain.lines import LineKind
from server.domain.paper import Account
from server.language import N_, a_day, fill, say

TITLES = {
    InvoiceKind.INVOICE: N_("Invoice {number}"),
    InvoiceKind.CANCELLATION: N_("Cancellation invoice {number}"),
    # § 14 (4) no. 10 UStG demands the word Gutschrift on what the recipient of a service issues
    InvoiceKind.COMMISSION: N_("Commission statement {number} (self-billing)"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line as it is printed."""

    number: int
    contract: str
    """heading above it; empty where it is the same as above"""
    name: str
    detail: str
    quantity: str
    price: str
    price_for: str
    amount: str


def rows(invoice: Invoice) -> list[Row]:
    """Return the lines of an invoice as they are printed."""
    above = ""
    found = []
    for place, one in enumerate(invoice.lines, 1):
        contract = one.contract if one.contract != above else ""
        above = one.contract
        found.append(
            Row(
                number=place,
                contract=contract,
                name=line_name(one, invoice.kind),
                detail=line_detail(one),
                quantity=_quantity(one),
                price=words.price(one.line.price),
                price_for=_price_for(one),
                amount=words.money(one.cents),
            )
        )
    return found


def line_name(line: InvoiceLine, kind: InvoiceKind) -> str:
    """Return what a line is for."""
    if kind is InvoiceKind.COMMISSION:
        if line.line.kind is LineKind.OVERAGE:
            return say("Commission on overage, {package}", package=line.name)
        return say("Commission, {package}", package=line.name)
    if line.line.kind is LineKind.OVERAGE:
        return say("Overage, {package}", package=line.name)
    if (line.line.quantity < 0) != (kind is InvoiceKind.CANCELLATION):
        return say("{package}, days not used", package=line.name)
    return line.name


def line_detail(line: InvoiceLine) -> str:
    """Return for which days a line is, and beyond what."""
    span = period(line.first, line.last)
    if line.line.kind is LineKind.OVERAGE:
        return say("{span}, beyond {included} GB", span=span, included=words.number(line.included_gb))
    return span


def period(first: date, last: date) -> str:
    """Return a span of days."""
    return a_day(first) if first == last else say("{first} to {last}", first=first, last=last)


def opening(invoice: Invoice) -> list[str]:
    """Return what is said before the table."""
    if invoice.corrects is not None:
        said = say(
            "This cancels the invoice {number} of {day} as a whole.", number=invoice.corrects.number, day=invoice.corrects.issued
        )
        reason = invoice.corrects.reason and say("Reason: {reason}", reason=invoice.corrects.reason)
        return [one for one in (said, reason) if one]
    span = period(*invoice.period)
    if invoice.kind is InvoiceKind.COMMISSION:
        return [say("We credit your commission for {span}. You need not send an invoice.", span=span)]
    return [say("For {span} we invoice:", span=span)]


def total_name(invoice: Invoice) -> str:
    """Return what stands before the last amount."""
    if invoice.kind is InvoiceKind.COMMISSION:
        return say("Amount that we pay")
    return say("Amount in your favour") if invoice.gross < 0 else say("Amount to pay")


def payment_text(invoice: Invoice) -> str:
    """Return how and when the money comes, in a sentence."""
    payment, amount = invoice.payment, words.money(invoice.gross)
    match payment.by:
        case PaidBy.DEBIT if payment.account is not None:
            return say(
                "We collect {amount} on {day} by SEPA direct debit from your account {account}. "
                "Mandate {mandate}, creditor identifier {creditor}.",
                amount=amount, day=payment.due, account=masked(payment.account), mandate=payment.mandate,
                creditor=invoice.seller.creditor_id,
            )  # fmt: skip
        case PaidBy.TRANSFER if payment.account is not None:
            if invoice.kind is InvoiceKind.COMMISSION:
                return say(
                    "We transfer {amount} by {day} to your account {account}.",
                    amount=amount, day=payment.due, account=masked(payment.account),
                )  # fmt: skip
            return say("Please transfer {amount} by {day}.", amount=amount, day=payment.due)
        case PaidBy.PAYPAL:
            if payment.link:
                return say("Please pay {amount} by {day} with PayPal:", amount=amount, day=payment.due)
            return say("We charge {amount} to your PayPal account on {day}.", amount=amount, day=payment.due)
    return say("Nothing is to be paid. What is due to you is set off against the next invoice or repaid.")


def transfer(invoice: Invoice, account: Account) -> list[tuple[str, str]]:
    """Return what has to be typed into a transfer."""
    pairs = [
        (say("Payee"), account.holder),
        ("IBAN", account.grouped_iban),
        ("BIC", account.bic),
        (say("Amount"), words.money(invoice.gross)),
        (say("Purpose"), invoice.number),
    ]
    return [(name, value) for name, value in pairs if value]


def masked(account: Account) -> str:
    """Return an account number so that its owner knows it and nobody else learns it."""
    return f"{account.iban[:4]} … {account.iban[-4:]}"


def overage_rule(invoice: Invoice) -> list[str]:
    """Return how overage is worked out; nothing where there is none."""
    if not invoice.usage:
        return []
    return [
        say(
            "For each day we take the GB that were stored beyond those included; less than included counts as nothing."
            " The sum over the days (GB-days), divided by the days of the month, times the price for each further GB "
            "and month is the amount, rounded to the cent."
        ),
        say(
            "1 GB is 10⁹ bytes, counted as they lie in the data centre: encrypted and deduplicated, without the trash."
            " Days are those in Berlin. A day that was not measured counts as nothing."
        ),
    ]


def title(invoice: Invoice) -> str:
    """Return what an invoice is headed with."""
    return fill(TITLES[invoice.kind], {"number": invoice.number})


def _quantity(line: InvoiceLine) -> str:
    shown = words.number(line.counted)
    if line.line.kind is LineKind.OVERAGE:
        return say("{count} GB-days", count=shown)
    one = abs(line.counted) == 1
    if line.is_whole_months:
        return say("{count} month", count=shown) if one else say("{count} months", count=shown)
    return say("{count} day", count=shown) if one else say("{count} days", count=shown)


def _price_for(line: InvoiceLine) -> str:
    if line.is_whole_months:
        return ""
    if line.line.kind is LineKind.OVERAGE:
        return say("for {days} GB-days", days=line.price_for)
    return say("for {days} days", days=line.price_for)
