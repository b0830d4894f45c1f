"""What is next with an order, in words, for whoever looks at it."""

from typing import Final

from server.domain.invoice import PaidBy
from server.domain.order import OrderKind, OrderState
from server.domain.party import PartyKind
from server.domain.sentence import N_
from server.language import say
from server.services.orders import OrderPage

SIGNS: Final = {
    OrderState.DRAFT: "idle",
    OrderState.PRINTED: "idle",
    OrderState.SIGNED: "attention",
    OrderState.RELEASED: "attention",
    OrderState.AWAITING_PAYMENT: "attention",
    OrderState.FULFILLED: "good",
    OrderState.REJECTED: "error",
    OrderState.WITHDRAWN: "idle",
    OrderState.EXPIRED: "idle",
}
"""with which sign a state is shown"""
HEADINGS: Final = {
    OrderKind.NEW: N_("What does {name} order?"),
    OrderKind.UPGRADE: N_("To which larger package does {name} change?"),
    OrderKind.DOWNGRADE: N_("To which smaller package does {name} change?"),
    OrderKind.CANCEL: N_("When does the backup of {name} end?"),
}
TITLES: Final = {
    OrderKind.NEW: N_("New contract"),
    OrderKind.UPGRADE: N_("Larger package"),
    OrderKind.DOWNGRADE: N_("Smaller package"),
    OrderKind.CANCEL: N_("Cancellation"),
}
_NEXT: Final = {
    (OrderState.DRAFT, PartyKind.RESELLER): N_("Print it and let the customer sign every sheet."),
    (OrderState.DRAFT, None): N_("The reseller draws it up and prints it."),
    (OrderState.PRINTED, PartyKind.RESELLER): N_(
        "Upload the signed sheets as a scan or a photo; they are recognised by their QR. Whoever prefers paper says that it is"
        " there."
    ),
    (OrderState.PRINTED, PartyKind.CUSTOMER): N_("Sign every sheet and give them to your reseller."),
    (OrderState.PRINTED, None): N_("The customer signs; then the reseller uploads the sheets."),
    (OrderState.SIGNED, PartyKind.DISTRIBUTOR): N_("Compare the signed sheet with the data, then release it or send it back."),
    (OrderState.SIGNED, None): N_("The distributor compares and releases it."),
    (OrderState.RELEASED, None): N_("It is being carried out."),
    (OrderState.REJECTED, PartyKind.RESELLER): N_("Change what the reason names, print it again and let it be signed."),
    (OrderState.REJECTED, None): N_("The reseller puts right what the reason names."),
    (OrderState.WITHDRAWN, None): N_("Nothing follows: it was withdrawn."),
    (OrderState.EXPIRED, None): N_("Nothing follows: its time has run out."),
}
_PAYMENT: Final = {
    PaidBy.DEBIT: N_("The first payment is debited. Once it has arrived, the backup is activated by itself."),
    PaidBy.TRANSFER: N_("The first payment is transferred. Once it has arrived, the backup is activated by itself."),
    PaidBy.PAYPAL: N_("The first payment comes by PayPal. Once it has arrived, the backup is activated by itself."),
    PaidBy.OFFSET: N_("Once the first payment has arrived, the backup is activated by itself."),
}
_DONE: Final = {
    OrderKind.NEW: N_("The contract runs. Nothing is left to be done."),
    OrderKind.UPGRADE: N_("The larger package is agreed. Nothing is left to be done."),
    OrderKind.DOWNGRADE: N_("The smaller package is agreed. Nothing is left to be done."),
    OrderKind.CANCEL: N_("The end is agreed. Until the data is deleted, everything can be restored."),
}


def next_step(order: OrderPage, reader: PartyKind) -> str:
    """Return what is next, and who does it."""
    if order.state is OrderState.AWAITING_PAYMENT:
        return say(_PAYMENT[order.paid_by])
    if order.state is OrderState.FULFILLED:
        return say(_DONE[order.kind])
    return say(_NEXT.get((order.state, reader)) or _NEXT[order.state, None])
