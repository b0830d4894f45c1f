"""The one place where the state of an order changes: guarded, with its event and its entry in the audit log."""

from datetime import datetime
from typing import Any

from server.domain.actions import Action
from server.domain.errors import Conflict, NotFound
from server.domain.order import OrderStep, after
from server.domain.sentence import N_
from server.models.order import Order, OrderEvent
from server.services import audit
from server.services.scope import Actor

_ACTIONS = {
    OrderStep.EDIT: Action.ORDER_EDITED,
    OrderStep.PRINT: Action.ORDER_PRINTED,
    OrderStep.SIGN: Action.ORDER_SIGNED,
    OrderStep.RELEASE: Action.ORDER_RELEASED,
    OrderStep.REJECT: Action.ORDER_REJECTED,
    OrderStep.CHARGE: Action.ORDER_CHARGED,
    OrderStep.FULFIL: Action.ORDER_FULFILLED,
    OrderStep.WITHDRAW: Action.ORDER_WITHDRAWN,
    OrderStep.EXPIRE: Action.ORDER_EXPIRED,
}


def lock(order_id: int) -> Order:
    """Return an order that nobody else changes until this transaction ends. Raises NotFound."""
    Order.update(revision=Order.revision).where(Order.id == order_id).execute()
    order: Order | None = Order.get_or_none(Order.id == order_id)
    if order is None:
        raise NotFound(N_("There is no such order."))
    return order


def check_revision(order: Order, revision: int) -> None:
    """Raise Conflict unless an order is as it was when ``revision`` was read."""
    if order.revision != revision:
        raise _changed()


def take(order: Order, step: OrderStep, *, now: datetime, actor: Actor | None = None, note: str = "", **columns: Any) -> Order:
    """Lead an order on by a step, and set other columns with it. Returns it as it is then.

    Raises: RuleBroken where the step cannot be taken; Conflict where somebody was quicker.
    """
    state = after(order.state, step)
    values: dict[str, object] = {"state": state, "revision": order.revision + 1, **columns}
    if state.is_over:
        values["over_at"] = now
    mine = (Order.id == order.id) & (Order.revision == order.revision)
    if not Order.update(**values).where(mine).execute():
        raise _changed()
    taken: Order = Order.get_by_id(order.id)
    note_event(taken, step, now=now, actor=actor, note=note)
    details = {"number": taken.number, "version": taken.version}
    audit.record(actor, _ACTIONS[step], now=now, party_id=taken.customer_id, subject=("order", taken.id), details=details)
    return taken


def note_event(order: Order, step: OrderStep, *, now: datetime, actor: Actor | None, note: str = "") -> None:
    """Add a step to the story of an order."""
    OrderEvent.create(
        order=order.id, step=step, state=order.state, version=order.version, at=now,
        user=None if actor is None else actor.user_id, note=note,
    )  # fmt: skip


def _changed() -> Conflict:
    return Conflict(
        N_("Somebody else has changed this order meanwhile. Nothing of yours was saved."),
        N_("Look at it as it is now, then decide."),
    )
