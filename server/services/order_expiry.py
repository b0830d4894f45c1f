"""Daily: orders that wait for too long are over, and contracts end that were cancelled."""

from datetime import date, datetime, timedelta

from server.domain.actions import Action
from server.domain.contract import ContractState
from server.domain.order import OrderState, OrderStep
from server.models.base import database
from server.models.contract import Contract
from server.models.order import Order
from server.services import audit, order_letters
from server.services.order_money import first_receivable
from server.services.order_steps import lock, take
from server.services.order_undo import undo_release

PRINTED_DAYS = 90  # prices go up with a notice of 30 days; what was printed a quarter ago is nobody's offer any more
UNPAID_DAYS = 90  # since the release: longer than the dunning, see domain/arrears.py


def daily(*, today: date, now: datetime) -> None:
    """Do both."""
    expire(today=today, now=now)
    end_contracts(today=today, now=now)


def expire(*, today: date, now: datetime) -> None:
    """Let orders expire, each once, that were printed too long ago, or released and nothing is owed for them any more."""
    printed = (Order.state == OrderState.PRINTED) & (Order.printed_at < now - timedelta(days=PRINTED_DAYS))
    unpaid = Order.state.in_([OrderState.RELEASED, OrderState.AWAITING_PAYMENT]) & (
        Order.released_at < now - timedelta(days=UNPAID_DAYS)
    )
    for found in list(Order.select(Order.id).where(printed | unpaid).order_by(Order.id)):
        with database.atomic():
            order = lock(found.id)
            if order.state not in {OrderState.PRINTED, OrderState.RELEASED, OrderState.AWAITING_PAYMENT}:
                continue  # somebody was quicker
            if (owed := first_receivable(order)) is not None and owed.open_cents:
                continue  # the money is still owed: dunning goes on until it is paid, or the seller cancels the invoice
            expired = take(order, OrderStep.EXPIRE, now=now)
            undo_release(expired, before=order.state, today=today, now=now)
            order_letters.tell_expired(expired, now=now)


def end_contracts(*, today: date, now: datetime) -> None:
    """Let contracts be over whose last day has gone."""
    gone = Contract.ends.is_null(False) & (Contract.ends <= today) & (Contract.state != ContractState.ENDED)
    for found in list(Contract.select().where(gone).order_by(Contract.id)):
        with database.atomic():
            mine = (Contract.id == found.id) & (Contract.state != ContractState.ENDED)
            if Contract.update(state=ContractState.ENDED, version=Contract.version + 1).where(mine).execute():
                about = ("contract", found.id)
                details = {"number": found.number, "ends": found.ends}
                audit.record(None, Action.CONTRACT_ENDED, now=now, party_id=found.customer_id, subject=about, details=details)
