"""What is taken back when an order is over before its first payment has arrived."""

from datetime import date, datetime

from server.domain.contract import ContractState
from server.domain.errors import RuleBroken
from server.domain.order import OrderKind, OrderState
from server.domain.sentence import N_
from server.models.contract import Contract, Mandate
from server.models.order import Order
from server.services.order_mandate import is_new
from server.services.order_money import first_receivable

_RELEASED = frozenset({OrderState.RELEASED, OrderState.AWAITING_PAYMENT})


def check_nothing_owed(order: Order) -> None:
    """Raise RuleBroken while the first invoice of an order is open: nobody is to owe something for what never comes."""
    owed = first_receivable(order)
    if owed is not None and owed.open_cents:
        raise RuleBroken(
            N_("The first invoice {number} of this order is open."),
            N_("Its seller cancels it first; then the order can be withdrawn."),
            number=owed.number,
        )


def undo_release(order: Order, *, before: OrderState, today: date, now: datetime) -> None:
    """Take back what an order, which is over, began: its contract ends, its mandate is never used. Within a transaction."""
    if order.mandate is not None and is_new(order.mandate):
        Mandate.update(revoked_on=today).where(Mandate.id == order.mandate_id).execute()
    if before in _RELEASED and order.kind is OrderKind.NEW:
        Contract.update(state=ContractState.ENDED, version=Contract.version + 1).where(
            (Contract.id == order.contract_id) & (Contract.state == ContractState.PENDING)
        ).execute()
