"""Orders are drawn up by the reseller of a customer: created, edited, withdrawn."""

from datetime import date, datetime
from typing import Any

from server.domain.actions import Action
from server.domain.errors import NotAllowed, RuleBroken
from server.domain.order import OrderKind, OrderState, OrderStep
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import ZONE
from server.models.base import database
from server.models.order import Order
from server.models.party import Party
from server.services import audit, numbers, submissions
from server.services.customers import visible_customer
from server.services.order_choices import Choices, choices_for, open_order_of
from server.services.order_mandate import arrange_mandate
from server.services.order_rules import OrderWish, checked_wish, contract_to_change, parties_of
from server.services.order_steps import check_revision, lock, note_event, take
from server.services.order_undo import check_nothing_owed, undo_release
from server.services.ordered import line_of
from server.services.orders import order_to_manage
from server.services.scope import Actor, hold


def choices(actor: Actor, customer_id: int, *, today: date) -> Choices:
    """Return what can be ordered for a customer of the actor's own party. Raises NotFound, NotAllowed."""
    return choices_for(actor, _own_customer(actor, customer_id), today=today)


def create(
    actor: Actor,
    customer_id: int,
    kind: OrderKind,
    wish: OrderWish,
    *,
    contract_id: int | None = None,
    form_key: str = "",
    today: date,
    now: datetime,
) -> int:
    """Draw up an order for a customer of the actor's own party. Returns its id; that of the first, for a form sent twice.

    Args:
        actor: of the customer's reseller.
        customer_id: who orders.
        kind: what is ordered.
        wish: how.
        contract_id: which is changed or ended; None for a new one.
        form_key: tells a form that is sent twice.
        today: the day in Berlin.
        now: the moment.

    Raises: NotFound, NotAllowed; RuleBroken with the field that is wrong, or where another order changes the contract already.
    """
    with database.atomic():
        customer = _own_customer(actor, customer_id)
        hold(customer.id)
        if (known := submissions.earlier(actor, form_key)) is not None:
            return known
        order = _draft(customer, kind, contract_id, now=now)
        _refuse_second(order)
        for name, value in checked_wish(order, wish, today=today).items():
            setattr(order, name, value)
        line = line_of(customer, seller_id=order.seller_id)
        year = now.astimezone(ZONE).year
        order.number = f"A-{year}-{numbers.draw(line.operator_id, f'order-{year}'):05}"
        order.save(force_insert=True)
        arrange_mandate(order, today=today, now=now)
        note_event(order, OrderStep.EDIT, now=now, actor=actor)
        about, details = ("order", order.id), {"number": order.number, "kind": order.kind}
        audit.record(actor, Action.ORDER_DRAWN_UP, now=now, party_id=customer.id, subject=about, details=details)
        submissions.note(actor, form_key, order.id, now=now)
        return int(order.id)


def edit(actor: Actor, order_id: int, wish: OrderWish, *, revision: int, today: date, now: datetime) -> None:
    """Change an order that is not released: what was printed and signed of it is void.

    Raises: NotFound, NotAllowed, Conflict; RuleBroken with the field that is wrong.
    """
    with database.atomic():
        order_to_manage(actor, order_id)
        order = lock(order_id)
        check_revision(order, revision)
        void: dict[str, Any] = {
            "paper": "",
            "content_hash": "",
            "printed_at": None,
            "signed_at": None,
            "signed_on_paper": False,
            "reason": "",
        }
        columns = checked_wish(order, wish, today=today) | void
        order = take(order, OrderStep.EDIT, now=now, actor=actor, version=order.version + 1, **columns)
        arrange_mandate(order, today=today, now=now)


def withdraw(actor: Actor, order_id: int, *, revision: int, today: date, now: datetime) -> None:
    """Let an order be over that is not fulfilled.

    Raises: NotFound, NotAllowed, Conflict; RuleBroken where it is over, or its first invoice is open.
    """
    with database.atomic():
        order_to_manage(actor, order_id)
        order = lock(order_id)
        check_revision(order, revision)
        check_nothing_owed(order)
        taken = take(order, OrderStep.WITHDRAW, now=now, actor=actor)
        undo_release(taken, before=order.state, today=today, now=now)


def _own_customer(actor: Actor, customer_id: int) -> Party:
    customer = visible_customer(actor, customer_id)
    actor.need(Right.MANAGE_ORDERS)
    if customer.parent_id != actor.party_id:
        raise NotAllowed(N_("Only the customer's reseller does this."), N_("Work as the reseller if you may."))
    return customer


def _draft(customer: Party, kind: OrderKind, contract_id: int | None, *, now: datetime) -> Order:
    contract = None
    if kind is not OrderKind.NEW:
        wanted = Order(kind=kind, customer=customer.id, contract=contract_id)
        contract = contract_to_change(wanted, kind)
    elif contract_id is not None:
        raise RuleBroken(N_("A new order changes no contract."))
    return Order(
        **parties_of(customer, contract), kind=kind, contract=None if contract is None else contract.id,
        state=OrderState.DRAFT, created_at=now,
    )  # fmt: skip


def _refuse_second(order: Order) -> None:
    other = None if order.contract_id is None else open_order_of(order.contract_id)
    if other is not None:
        raise RuleBroken(
            N_("The order {number} changes this contract already."),
            N_("Let it be fulfilled first, or withdraw it."),
            number=other.number,
        )
