"""What an invoice may be, and what each of its lines is for."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from server.domain.errors import RuleBroken
from server.domain.invoice import Invoice, InvoiceKind, PaidBy, Payment, cancellation, invoice_line
from server.domain.lines import Line, LineKind
from server.domain.month import Month
from server.domain.tax import TaxCategory, TaxRule
from tests.server.documents import paper_example
from tests.server.domain.example import NOVEMBER, services

SMALL, MIDDLE = services("reseller")
RULE = TaxRule(TaxCategory.STANDARD, 19)


def days(line: Line) -> tuple[date, date]:
    """Return for which days a line is."""
    found = invoice_line(line, (SMALL, MIDDLE), RULE, "Paket")
    return found.first, found.last


def base(item: int, quantity: Fraction, month: Month = NOVEMBER) -> Line:
    """Return a line of a base price."""
    return Line(LineKind.BASE, item, "SM"[item - 1], month, quantity, (SMALL, MIDDLE)[item - 1].terms.base)


def test_a_line_is_for_the_days_that_were_served() -> None:
    """A credit is for those that were not, after all."""
    assert days(base(1, Fraction(16, 30))) == (date(2026, 11, 2), date(2026, 11, 17))
    assert days(base(1, Fraction(-13, 30))) == (date(2026, 11, 18), date(2026, 11, 30))
    assert days(base(2, Fraction(13, 30))) == (date(2026, 11, 18), date(2026, 11, 30))
    assert days(base(2, Fraction(1), NOVEMBER.next)) == (date(2026, 12, 1), date(2026, 12, 31))


def test_a_credit_of_other_days_is_for_the_month() -> None:
    """A late start: nobody can tell from the number which days they were."""
    assert days(base(1, Fraction(-3, 30))) == (date(2026, 11, 1), date(2026, 11, 30))


def test_a_service_that_nobody_knows_is_not_invoiced() -> None:
    """A line names what was delivered."""
    with pytest.raises(RuleBroken):
        invoice_line(base(1, Fraction(1)), (MIDDLE,), RULE, "Paket")


def test_a_cancellation_mirrors_every_line() -> None:
    """Same days, same price, the other sign; its own number; nothing to pay."""
    invoice = paper_example.second_invoice()
    taken_back = cancellation(invoice, number="X-2", issued=date(2026, 12, 3), reason="Irrtum")

    assert [-one.line.quantity for one in taken_back.lines] == [one.line.quantity for one in invoice.lines]
    assert [(one.first, one.last, one.line.price) for one in taken_back.lines] == [
        (one.first, one.last, one.line.price) for one in invoice.lines
    ]
    assert (taken_back.net, taken_back.vat, taken_back.gross) == (-3226, -613, -3839)
    assert taken_back.number == "X-2"
    assert taken_back.payment.by is PaidBy.OFFSET


def test_a_cancellation_is_not_cancelled() -> None:
    """What was cancelled by mistake is invoiced anew."""
    taken_back = cancellation(paper_example.second_invoice(), number="X-2", issued=date(2026, 12, 3))
    with pytest.raises(RuleBroken):
        cancellation(taken_back, number="X-3", issued=date(2026, 12, 3))


def test_who_pays_a_commission_also_writes_it() -> None:
    """Seller and buyer keep their sides."""
    commission = paper_example.commission()

    assert commission.issuer == paper_example.DISTRIBUTOR
    assert commission.recipient == paper_example.RESELLER


def _changed(invoice: Invoice, case: str) -> Invoice:
    nobody = replace(invoice.seller, vat_id="", tax_number="")
    reverse = tuple(replace(one, rule=TaxRule(TaxCategory.REVERSE_CHARGE, 0)) for one in invoice.lines)
    match case:
        case "no lines":
            return replace(invoice, lines=())
        case "a seller without a number":
            return replace(invoice, seller=nobody)
        case "reverse charge without the buyer's id":
            return replace(invoice, lines=reverse, buyer=replace(invoice.buyer, vat_id=""))
        case "a cancellation of nothing":
            return replace(invoice, kind=InvoiceKind.CANCELLATION)
    taken_back = cancellation(invoice, number="X", issued=invoice.issued)
    return replace(taken_back, kind=InvoiceKind.INVOICE)


@pytest.mark.parametrize(
    "case",
    [
        "no lines",
        "a seller without a number",
        "reverse charge without the buyer's id",
        "a cancellation of nothing",
        "an invoice that takes one back",
    ],
)
def test_what_no_invoice_may_be_is_refused(case: str) -> None:
    """Numbers are drawn once and stay."""
    with pytest.raises(RuleBroken):
        _changed(paper_example.second_invoice(), case)


@pytest.mark.parametrize(
    ("by", "with_account", "mandate"), [(PaidBy.DEBIT, False, "M"), (PaidBy.DEBIT, True, ""), (PaidBy.TRANSFER, False, "")]
)
def test_a_payment_needs_what_it_is_made_with(by: PaidBy, with_account: bool, mandate: str) -> None:
    """A debit an account and a mandate, a transfer an account."""
    with pytest.raises(RuleBroken):
        Payment(by, date(2026, 12, 1), paper_example.RESELLER.account if with_account else None, mandate)


def test_a_repr_shows_no_account_number() -> None:
    """It ends up in logs."""
    assert "DE02120300000000202051" not in repr(paper_example.second_invoice())
    assert "DE02120300000000202051" not in repr(paper_example.order())
