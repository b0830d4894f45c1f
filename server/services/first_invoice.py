"""The invoice of a new order: its base price from the planned first day to the end of that month."""

from datetime import date, datetime

from server.domain.invoice import InvoiceKind, invoice_line
from server.domain.lines import plan_start
from server.domain.month import Month
from server.domain.service import Service, Terms
from server.domain.tax import tax_rule
from server.language import ZONE
from server.models.contract import AgreedPrice
from server.models.order import Order
from server.services.issuing import Planned, issue
from server.services.order_paper import tax_facts
from server.services.ordered import ordered_version


def issue_first(order: Order, *, starts: date, due: date, now: datetime) -> int | None:
    """Issue the invoice of a new order within the caller's transaction. Returns the receivable's id; None: nothing is to pay.

    Raises RuleBroken where the seller cannot send invoices, or has no account for a transfer.
    """
    version = ordered_version(order.package_version_id)
    if version is None or order.item_id is None or order.contract is None:
        return None
    agreed = AgreedPrice.get((AgreedPrice.item == order.item_id) & (AgreedPrice.buyer == order.customer_id))
    month = Month.of(starts)
    services = (Service(order.item_id, version.code, Terms(version.included_gb, agreed.base, agreed.overage), starts),)
    rule = tax_rule(tax_facts(order.seller), tax_facts(order.customer), month.last)
    planned = Planned(
        InvoiceKind.INVOICE,
        order.seller_id,
        order.customer_id,
        f"start-{order.id}",
        tuple(invoice_line(one, services, rule, version.name) for one in plan_start(services, month, {})),
        contract_id=order.contract_id,
        contract=order.contract.number,
    )
    if not planned.gross:
        return None
    return issue(planned, today=now.astimezone(ZONE).date(), now=now, due=due).receivable_id
