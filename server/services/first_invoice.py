"""The invoice of a new order: its base price from the planned first day to the end of that month.

Interim: right to the cent, with its lines and what is owed, but without the body of which a PDF is made.
"""

from datetime import date, datetime, timedelta

from server.domain.invoice import InvoiceKind
from server.domain.ledger import ReceivableKind
from server.domain.lines import plan_start
from server.domain.month import Month
from server.domain.service import Service, Terms
from server.domain.tax import tax_groups, tax_rule
from server.language import ZONE
from server.models.contract import AgreedPrice
from server.models.money import Invoice, InvoiceLine
from server.models.order import Order
from server.services import ledger, numbers
from server.services.order_paper import tax_facts
from server.services.ordered import ordered_version
from server.services.terms import terms_of


def issue_first(order: Order, *, starts: date, due: date, now: datetime) -> int | None:
    """Issue the invoice of a new order within the caller's transaction. Returns the receivable's id; None: nothing is to pay."""
    version = ordered_version(order.package_version_id)
    if version is None or order.item_id is None:
        return None
    agreed = AgreedPrice.get((AgreedPrice.item == order.item_id) & (AgreedPrice.buyer == order.customer_id))
    month, today = Month.of(starts), now.astimezone(ZONE).date()
    service = Service(order.item_id, version.code, Terms(version.included_gb, agreed.base, agreed.overage), starts)
    lines = plan_start([service], month, {})
    rule = tax_rule(tax_facts(order.seller), tax_facts(order.customer), month.end - timedelta(days=1))
    net, vat = sum(line.cents for line in lines), sum(group.vat for group in tax_groups((rule, line.cents) for line in lines))
    if net + vat == 0:
        return None
    number = f"{terms_of(order.seller_id).invoice_prefix}{today.year}-{numbers.draw(order.seller_id, f'invoice-{today.year}'):05}"
    invoice = Invoice.create(
        issuer=order.seller_id, recipient=order.customer_id, contract=order.contract_id, kind=InvoiceKind.INVOICE, number=number,
        period=f"start-{order.id}", issued_on=today, due=due, paid_by=order.paid_by, net=net, vat=vat, gross=net + vat,
        body="{}", created_at=now,
    )  # fmt: skip
    for line in lines:
        InvoiceLine.create(
            invoice=invoice.id, item=line.item, kind=line.kind, month=str(line.month), numerator=line.quantity.numerator,
            denominator=line.quantity.denominator, price=line.price, cents=line.cents,
        )  # fmt: skip
    owing = ledger.Owing(
        order.seller_id, order.customer_id, ReceivableKind.INVOICE, number, net + vat, today, due, order.contract_id, invoice.id
    )
    return ledger.issue(owing, now=now)
