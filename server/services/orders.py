"""Orders as they are looked at: who sees which, and what of them.

An order is seen by its customer, its reseller, its distributor and the operator. Its price is seen by the two ends of the
customer's edge, and by an agent, who hands the price sheet to the customer in the name of the seller.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import JOIN, Expression, ModelSelect, fn

from server.domain.bank_account import masked
from server.domain.errors import NotAllowed, NotFound
from server.domain.invoice import PaidBy
from server.domain.listing import ListWish
from server.domain.mandate import Scheme
from server.domain.order import OrderKind, OrderState, OrderStep, steps_from
from server.domain.order_mark import Part
from server.domain.party import PartyKind
from server.domain.prices import Asked
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.catalogue import Package, PackageVersion
from server.models.contract import Contract
from server.models.order import Order, OrderEvent
from server.models.party import Party
from server.models.people import User
from server.services.order_money import reversible_until
from server.services.order_sheets import KnownSheet, missing_parts, sheets_of
from server.services.ordered import OrderedVersion, asked_of_customer, ordered_version
from server.services.paging import Page, cut
from server.services.scope import Actor

_WAITS_FOR_RESELLER = (OrderState.DRAFT, OrderState.PRINTED, OrderState.REJECTED)
_WAITS_FOR_DISTRIBUTOR = (OrderState.SIGNED,)
_OF_RESELLER = frozenset({OrderStep.EDIT, OrderStep.PRINT, OrderStep.SIGN, OrderStep.WITHDRAW})
_OF_DISTRIBUTOR = frozenset({OrderStep.RELEASE, OrderStep.REJECT, OrderStep.SIGN})


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list."""

    id: int
    number: str
    kind: OrderKind
    state: OrderState
    customer_id: int
    customer: str
    reseller: str
    package: str
    """its name; empty: of a cancellation"""
    is_trial: bool
    created_at: datetime
    signed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Named:
    """A party by its number and name."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class KnownMandate:
    """The mandate by which an order is paid."""

    reference: str
    holder: str
    iban: str
    """masked"""
    scheme: Scheme
    signed_on: date | None
    """None: it is signed with this order"""


@dataclass(frozen=True, slots=True)
class Event:
    """One step that was taken."""

    step: OrderStep
    state: OrderState
    version: int
    at: datetime
    user: str
    """empty: the server itself"""
    note: str


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Everything that the page of an order shows, and what its reader may do there."""

    id: int
    number: str
    kind: OrderKind
    state: OrderState
    version: int
    revision: int
    """to be handed back with a step"""
    customer: Named
    reseller: Named
    seller: Named
    distributor: Named
    ordered: OrderedVersion | None
    """None: of a cancellation"""
    price: Asked | None
    """of a month and a GB; None: not the reader's business, or of a cancellation"""
    paid_by: PaidBy
    mandate: KnownMandate | None
    """None as well where it is not the reader's business"""
    effective: date | None
    """wished first day; of a cancellation the day after the last"""
    is_trial: bool
    buyer_reference: str
    reason: str
    contract: Named | None
    """its number and what it is called by"""
    is_printed: bool
    signed_on_paper: bool
    created_at: datetime
    events: tuple[Event, ...]
    """the oldest first"""
    sheets: tuple[KnownSheet, ...]
    missing: tuple[Part, ...]
    """the sheets that have not come back signed in this version"""
    reversible_until: date | None
    """until when the first debit can be taken back without a reason"""
    steps: frozenset[OrderStep]
    """which the reader may take now"""
    sees_prices: bool
    """whether price sheet, mandate and agreement are the reader's business as well"""


def list_orders(
    actor: Actor, wish: ListWish, *, state: OrderState | None = None, customer_id: int | None = None, waiting: bool = False
) -> Page[OrderRow]:
    """Return a page of the orders within reach, the newest first.

    Args:
        actor: who looks.
        wish: what is searched in numbers and names; sorted by ``number``, ``customer``, ``state`` or ``signed``.
        state: only those that stand there.
        customer_id: only those of a customer.
        waiting: only those for which somebody of the actor's party has to do something; those signed first come first.
    """
    actor.need(Right.SEE)
    condition = _reach(actor)
    if state is not None:
        condition &= Order.state == state
    if customer_id is not None:
        condition &= Order.customer == customer_id
    if waiting:
        condition &= Order.state.in_(_waits_for(actor))
    customer, reseller = Party.alias(), Party.alias()
    if wish.search:
        found = Party.select(Party.id).where(Party.legal_name.contains(wish.search))
        condition &= Order.number.contains(wish.search) | Order.customer.in_(found)
    query = (
        Order.select(Order, customer, reseller, PackageVersion, Package)
        .join_from(Order, customer, on=Order.customer == customer.id, attr="customer")
        .join_from(Order, reseller, on=Order.reseller == reseller.id, attr="reseller")
        .join_from(Order, PackageVersion, JOIN.LEFT_OUTER)
        .join_from(PackageVersion, Package, JOIN.LEFT_OUTER)
        .where(condition)
    )
    columns: dict[str, Any] = {
        "number": Order.number,
        "customer": fn.LOWER(customer.legal_name),
        "state": Order.state,
        "signed": Order.signed_at,
    }
    if (column := columns.get(wish.sort)) is not None:
        query = query.order_by(column.desc() if wish.is_descending else column, Order.id)
    elif waiting:
        query = query.order_by(Order.signed_at, Order.id)
    else:
        query = query.order_by(Order.id.desc())
    return cut(query, _row, page=wish.page, counted=Order.select().where(condition))


def count_waiting(actor: Actor) -> int:
    """Return for how many orders somebody of the actor's party has to do something."""
    states = _waits_for(actor)
    return Order.select().where(_reach(actor) & Order.state.in_(states)).count() if states else 0


def see(actor: Actor, order_id: int, *, today: date) -> OrderPage:
    """Return an order's page. Raises NotFound."""
    actor.need(Right.SEE)
    order = visible_order(actor, order_id)
    sees = sees_prices(actor, order)
    contract = Contract.get_or_none(Contract.id == order.contract_id) if order.contract_id else None
    return OrderPage(
        id=order.id,
        number=order.number,
        kind=order.kind,
        state=order.state,
        version=order.version,
        revision=order.revision,
        customer=_named(order.customer),
        reseller=_named(order.reseller),
        seller=_named(order.seller),
        distributor=_named(order.distributor),
        ordered=ordered_version(order.package_version_id),
        price=asked_of_customer(order, today) if sees else None,
        paid_by=order.paid_by,
        mandate=_mandate(order) if sees else None,
        effective=order.effective,
        is_trial=order.is_trial,
        buyer_reference=order.buyer_reference,
        reason=order.reason,
        contract=None if contract is None else Named(contract.id, contract.number),
        is_printed=bool(order.paper),
        signed_on_paper=order.signed_on_paper,
        created_at=order.created_at,
        events=_events(order),
        sheets=sheets_of(order, sees_prices=sees),
        missing=missing_parts(order),
        reversible_until=reversible_until(order) if sees else None,
        steps=_steps(actor, order),
        sees_prices=sees,
    )


def visible_order(actor: Actor, order_id: int) -> Order:
    """Return an order within reach. Raises NotFound."""
    order: Order | None = Order.get_or_none((Order.id == order_id) & _reach(actor))
    if order is None:
        raise NotFound(N_("There is no such order."))
    return order


def order_to_manage(actor: Actor, order_id: int) -> Order:
    """Return an order that the actor's party draws up. Raises NotFound, NotAllowed."""
    order = visible_order(actor, order_id)
    actor.need(Right.MANAGE_ORDERS)
    if order.reseller_id != actor.party_id:
        raise NotAllowed(N_("Only the order's reseller does this."), N_("Work as the reseller if you may."))
    return order


def order_to_release(actor: Actor, order_id: int) -> Order:
    """Return an order that the actor's party releases or rejects. Raises NotFound, NotAllowed."""
    order = visible_order(actor, order_id)
    actor.need(Right.RELEASE_ORDERS)
    if order.distributor_id != actor.party_id:
        raise NotAllowed(N_("Only the order's distributor does this."), N_("Work as the distributor if you may."))
    return order


def order_to_sign(actor: Actor, order_id: int) -> Order:
    """Return an order whose signed sheets the actor may bring in: of its reseller or its distributor."""
    visible_order(actor, order_id)
    return order_to_release(actor, order_id) if actor.kind is PartyKind.DISTRIBUTOR else order_to_manage(actor, order_id)


def orders_to_sign(actor: Actor) -> "ModelSelect[Order]":
    """Return the orders whose signed sheets somebody of the actor's party may bring in."""
    return Order.select().where(_reach(actor))


def sees_prices(actor: Actor, order: Order) -> bool:
    """Say whether the price of an order, and the sheets that hold it, are the actor's business."""
    return actor.may(Right.SEE_PRICES) and actor.party_id in {order.seller_id, order.customer_id, order.reseller_id}


def _reach(actor: Actor) -> Expression:
    match actor.kind:
        case PartyKind.OPERATOR:
            return Order.id.is_null(False)
        case PartyKind.DISTRIBUTOR:
            return Order.distributor == actor.party_id
        case PartyKind.RESELLER:
            return Order.reseller == actor.party_id
    return Order.customer == actor.party_id


def _waits_for(actor: Actor) -> tuple[OrderState, ...]:
    if actor.kind is PartyKind.RESELLER and actor.may(Right.MANAGE_ORDERS):
        return _WAITS_FOR_RESELLER
    if actor.kind is PartyKind.DISTRIBUTOR and actor.may(Right.RELEASE_ORDERS):
        return _WAITS_FOR_DISTRIBUTOR
    return ()


def _steps(actor: Actor, order: Order) -> frozenset[OrderStep]:
    possible = frozenset(steps_from(order.state))
    if actor.may(Right.MANAGE_ORDERS) and actor.party_id == order.reseller_id:
        printing = frozenset() if actor.may(Right.SEE_PRICES) else {OrderStep.PRINT}
        return possible & (_OF_RESELLER - printing)
    if actor.may(Right.RELEASE_ORDERS) and actor.party_id == order.distributor_id:
        return possible & _OF_DISTRIBUTOR
    return frozenset()


def _row(order: Order) -> OrderRow:
    version = order.package_version
    return OrderRow(
        id=order.id,
        number=order.number,
        kind=order.kind,
        state=order.state,
        customer_id=order.customer_id,
        customer=order.customer.legal_name,
        reseller=order.reseller.legal_name,
        package="" if version is None else version.package.name,
        is_trial=order.is_trial,
        created_at=order.created_at,
        signed_at=order.signed_at,
    )


def _named(party: Party) -> Named:
    return Named(party.id, party.legal_name)


def _mandate(order: Order) -> KnownMandate | None:
    row = order.mandate
    return None if row is None else KnownMandate(row.reference, row.holder, masked(row.iban), row.scheme, row.signed_on)


def _events(order: Order) -> tuple[Event, ...]:
    rows = OrderEvent.select(OrderEvent, User).join(User, JOIN.LEFT_OUTER).where(OrderEvent.order == order.id)
    return tuple(
        Event(row.step, row.state, row.version, row.at, row.user.name if row.user else "", row.note)
        for row in rows.order_by(OrderEvent.id)
    )
