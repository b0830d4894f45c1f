"""The order form: sheets that are printed together, signed, and go separate ways.

The service sheet names no price and goes up to the distributor; prices and mandate go to the creditor, who is the seller; so does
the agreement on personal data. Each sheet has a QR of its own, so that a scan tells which sheets came back.
"""

from datetime import date

from server.documents import words
from server.documents.letter import write_letter
from server.documents.order_words import mandate_texts, mandate_title, prenotification, price_clauses
from server.documents.processing import agreement
from server.domain.order import OrderKind
from server.domain.order_mark import Part
from server.domain.paper import PaperOrder
from server.language import N_, a_day, fill, say

_TITLES = {
    OrderKind.NEW: N_("Order {number}"),
    OrderKind.UPGRADE: N_("Change to a larger package: order {number}"),
    OrderKind.DOWNGRADE: N_("Change to a smaller package: order {number}"),
    OrderKind.CANCEL: N_("Cancellation: order {number}"),
}
_INTROS = {
    OrderKind.NEW: N_("The customer orders online backup from the contract partner as follows."),
    OrderKind.UPGRADE: N_("The customer changes the online backup at the contract partner as follows."),
    OrderKind.DOWNGRADE: N_("The customer changes the online backup at the contract partner as follows."),
    OrderKind.CANCEL: N_("The customer ends the online backup at the contract partner as follows."),
}
_NOTES = {
    OrderKind.NEW: N_(
        "Please sign and return all sheets. The service starts when the distributor has released the order and the first payment "
        "has arrived. All data is encrypted before it leaves the customer's computer."
    ),
    OrderKind.UPGRADE: N_("Please sign and return all sheets. The change holds when the distributor has released the order."),
    OrderKind.DOWNGRADE: N_("Please sign and return all sheets. The change holds when the distributor has released the order."),
    OrderKind.CANCEL: N_(
        "After the end, backups can still be restored for at least 30 days. The deletion is announced twice beforehand."
    ),
}


def order_form(order: PaperOrder) -> bytes:
    """Return all sheets of an order as one PDF. Raises RuleBroken where the brand cannot be printed."""
    return order_sheets(order, order.parts)


def service_sheet(order: PaperOrder) -> bytes:
    """Return what goes up to the distributor, without a price."""
    return order_sheets(order, (Part.SERVICE,))


def price_sheet(order: PaperOrder) -> bytes:
    """Return what goes to the creditor: prices, and the mandate where there is one."""
    return order_sheets(order, tuple(part for part in order.parts if part in {Part.PRICES, Part.MANDATE}))


def order_sheets(order: PaperOrder, parts: tuple[Part, ...]) -> bytes:
    """Return some sheets of an order; the service sheet is a letter to the distributor, the others stay where they are signed."""
    title = fill(_TITLES[order.kind], {"number": order.number})
    content: dict[str, object] = {"order": order, "parts": parts}
    if Part.SERVICE in parts:
        content |= _service(order)
    if Part.PRICES in parts:
        content |= {"price_clauses": price_clauses(order)}
    if Part.MANDATE in parts and order.mandate is not None:
        content |= {
            "mandate_title": mandate_title(order.mandate.scheme),
            "mandate_texts": mandate_texts(order.seller.name, order.mandate.scheme, is_person=order.customer.is_person),
            "prenotification": prenotification(order.mandate.prenotification_days),
        }
    if Part.PROCESSING in parts:
        content |= {"processing": agreement(order)}
    to = order.distributor if parts[0] is Part.SERVICE else None
    return write_letter("order.html", title=title, sender=order.seller, to=to, facts=_facts(order), content=content)


def _service(order: PaperOrder) -> dict[str, object]:
    names = {OrderKind.NEW: say("Begins"), OrderKind.CANCEL: say("Ends")}
    headings = {OrderKind.NEW: say("What is ordered"), OrderKind.CANCEL: say("What ends")}
    return {
        "service_intro": fill(_INTROS[order.kind], {}),
        "service_note": fill(_NOTES[order.kind], {}),
        "effective_name": names.get(order.kind) or say("Holds from"),
        "effective_value": _effective(order.kind, order.effective),
        "packages_heading": headings.get(order.kind) or say("What is ordered from then on"),
    }


def _effective(kind: OrderKind, day: date | None) -> str:
    if day is not None:
        return a_day(day)
    match kind:
        case OrderKind.NEW:
            return say("as soon as the first payment has arrived")
        case OrderKind.UPGRADE:
            return say("as soon as the order is released")
    return say("at the end of the month in which the notice runs out")


def _facts(order: PaperOrder) -> list[tuple[str, str]]:
    return [
        (say("Order"), order.number),
        (say("Version"), words.number(order.version)),
        (say("Printed on"), a_day(order.printed)),
        (say("Customer number"), order.customer.number),
        (say("Your contact"), order.seller.contact),
        (say("Telephone"), order.seller.phone),
        (say("E-mail"), order.seller.email),
    ]
