"""What begins by itself when the first payment has arrived. Nobody clicks."""

from collections.abc import Iterable
from datetime import date, datetime

from server.domain.contract import ContractState
from server.domain.order import OrderKind, OrderState, OrderStep
from server.models.contract import Contract, ContractItem
from server.models.money import Receivable
from server.models.order import Order
from server.services import order_letters
from server.services.contract_items import let_begin
from server.services.order_money import order_of, was_debited
from server.services.order_steps import lock, take


def payments_arrived(receivable_ids: Iterable[int], *, day: date, now: datetime) -> None:
    """Fulfil the orders whose first invoice is wholly paid now. Within the transaction of the payment, after it is booked.

    Args:
        receivable_ids: what something was paid of; whatever is no first invoice of an order that waits is left alone.
        day: when the money came: the day of the booking at the bank, or of the capture.
        now: the moment.
    """
    for receivable in Receivable.select().where(Receivable.id.in_(list(receivable_ids)) & (Receivable.open_cents <= 0)):
        if receivable.cents <= 0 or (known := order_of(receivable)) is None:
            continue
        order = lock(known.id)
        if order.state is OrderState.AWAITING_PAYMENT:
            fulfil(order, starts=_first_day(order, receivable, day), now=now)


def fulfil(order: Order, *, starts: date, now: datetime) -> Order:
    """Let what was ordered begin on a day, and say so to those whom it concerns. Within a transaction."""
    contract: Contract = Contract.get_by_id(order.contract_id)
    item: ContractItem = ContractItem.get_by_id(order.item_id)
    let_begin(contract, item, starts)
    if order.kind is OrderKind.NEW:
        Contract.update(
            state=ContractState.ACTIVE, starts=starts, activated_at=now, version=Contract.version + 1
        ).where(Contract.id == contract.id).execute()  # fmt: skip
    order = take(order, OrderStep.FULFIL, now=now)
    order_letters.tell_fulfilled(order, starts=starts, now=now)
    return order


def _first_day(order: Order, receivable: Receivable, day: date) -> date:
    """Return from when it is delivered: since the debit fell due, else since it was paid; never before the wished day."""
    first = receivable.due if was_debited(receivable) else day
    return max(first, order.effective or first)
