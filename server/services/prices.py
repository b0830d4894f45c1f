"""Prices on the two edges of a party: what it pays above, what it asks below, what stays.

A price is known to the two ends of its edge and to nobody else: not further up, not further down, and not to somebody from
above who is logged in as the party. So nothing here goes by subtrees: the actor's own party is the buyer or the seller, or
there is no price. The audit log and mails say that a price changes, never which it is, since others read them too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.actions import Action
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.party import PartyKind, SalesMode
from server.domain.prices import Asked, Change, Margin, Period, margin, merged, plan_end, plan_price, plan_withdrawal, price_on
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.base import database
from server.models.catalogue import Price
from server.models.party import Party
from server.services import audit
from server.services.catalogue import PackageSheet, Version, packages, version_of
from server.services.paging import holds
from server.services.price_news import CHANGED, ENDED, WITHDRAWN, announce
from server.services.scope import Actor, hold


@dataclass(frozen=True, slots=True)
class Buyer:
    """Somebody directly below who has prices of its own."""

    id: int
    legal_name: str


@dataclass(frozen=True, slots=True)
class Offer:
    """The prices of one version on both edges of the actor's party."""

    package: PackageSheet
    version: Version
    purchase: tuple[Period, ...]
    """what the party pays, in order; of the operator nothing"""
    sale: tuple[Period, ...]
    """what it asks everybody below who has no price of its own"""
    own: tuple[tuple[Buyer, tuple[Period, ...]], ...]
    """what it asks single buyers"""

    def buys_at(self, day: date) -> Asked | None:
        """Return what the party pays on a day."""
        found = price_on(self.purchase, day)
        return found.asked if found else None

    def sells_at(self, day: date) -> Period | None:
        """Return what the party asks everybody on a day."""
        return price_on(self.sale, day)

    def margin_of(self, sale: Period, day: date) -> Margin | None:
        """Return what stays of a sale price on a day; None where nothing is paid for it."""
        cost = self.buys_at(day)
        return margin(cost, sale.asked) if cost else None

    def losses(self, sales: Iterable[Period], today: date) -> tuple[date, ...]:
        """Return the days, from today on, from which something is sold for less than it costs."""
        sold = tuple(sales)
        days = sorted({today, *(one.starts for one in (*self.purchase, *sold) if one.starts > today)})
        losing = []
        for day in days:
            stays = self.margin_of(found, day) if (found := price_on(sold, day)) else None
            if stays is not None and stays.is_negative:
                losing.append(day)
        return tuple(losing)


@dataclass(frozen=True, slots=True)
class Loss:
    """A package that is sold for less than it costs."""

    package_id: int
    package: str
    since: date


def offers(actor: Actor) -> tuple[Offer, ...]:
    """Return every version that the actor's party buys or sells, by package and the newest first. Raises NotAllowed."""
    actor.need(Right.SEE_PRICES)
    return tuple(_offer(actor, sheet, version) for sheet in packages(actor) for version in sheet.versions)


def offer(actor: Actor, version_id: int) -> Offer:
    """Return the prices of one version on both edges of the actor's party. Raises NotFound, NotAllowed."""
    actor.need(Right.SEE_PRICES)
    return _offer(actor, *version_of(actor, version_id))


def losses(actor: Actor, *, today: date) -> tuple[Loss, ...]:
    """Return every package that the actor's party sells for less than it pays, now or from a known day on. Raises NotAllowed."""
    found = []
    for one in offers(actor):
        days = [day for periods in (one.sale, *(own for _buyer, own in one.own)) for day in one.losses(periods, today)]
        if days:
            found.append(Loss(one.package.id, one.package.name, min(days)))
    return tuple(found)


def buyers(actor: Actor, *, search: str = "", most: int = 50) -> tuple[Buyer, ...]:
    """Return who stands directly below the actor's party, by name. Raises NotAllowed."""
    actor.need(Right.SET_PRICES)
    query = Party.select().where((Party.parent == actor.party_id) & Party.ended_at.is_null())
    if search:
        query = query.where(holds(Party.legal_name, search))
    return tuple(Buyer(row.id, row.legal_name) for row in query.order_by(Party.legal_name, Party.id).limit(most))


def set_price(
    actor: Actor,
    version_id: int,
    asked: Asked,
    starts: date,
    *,
    buyer_id: int | None = None,
    accept_loss: bool = False,
    today: date,
    now: datetime,
) -> None:
    """Ask a price from a day on, of everybody below or of one buyer. What was agreed before stays as it is.

    Raises: NotFound, NotAllowed; RuleBroken for what the rules of periods refuse, and, with the field ``accept_loss``, for a
    price below what the party pays, unless that is accepted.
    """
    with database.atomic():
        known = _to_sell(actor, version_id, buyer_id)
        if known.purchase == () and actor.kind is not PartyKind.OPERATOR:
            raise RuleBroken(N_("You are not offered this yourself, so you cannot sell it."))
        periods = _periods(actor.party_id, buyer_id, version_id)
        change = plan_price(periods, asked, starts, today=today, other=_default_on(known, buyer_id, starts))
        if not accept_loss and (losing := known.losses([Period(asked, starts)], starts)):
            raise RuleBroken(
                N_("From {day} on you would sell this for less than you pay for it."),
                N_("Confirm it if you mean it."),
                field="accept_loss",
                day=losing[0],
            )
        _apply(actor, version_id, buyer_id, change, now=now)
        _note(actor, Action.PRICE_SET, known, buyer_id, {"valid_from": starts}, now=now)
        if periods or (buyer_id is not None and known.sale):
            _announce(actor, CHANGED, known, buyer_id, starts, now=now)


def end_price(actor: Actor, version_id: int, ends: date, *, buyer_id: int | None = None, today: date, now: datetime) -> None:
    """Ask the price that goes on until the day before one; then none (a single buyer: the default). Raises as ``set_price``."""
    with database.atomic():
        known = _to_sell(actor, version_id, buyer_id)
        periods = _periods(actor.party_id, buyer_id, version_id)
        change = plan_end(periods, ends, today=today, other=_default_on(known, buyer_id, ends))
        _apply(actor, version_id, buyer_id, change, now=now)
        _note(actor, Action.PRICE_ENDED, known, buyer_id, {"valid_to": ends}, now=now)
        _announce(actor, ENDED, known, buyer_id, ends - timedelta(days=1), now=now)


def withdraw_price(actor: Actor, version_id: int, price_id: int, *, today: date, now: datetime) -> None:
    """Take back a price that has not begun; the one before it goes on. Raises NotFound, NotAllowed, RuleBroken."""
    with database.atomic():
        _lock(actor)
        row = Price.get_or_none((Price.id == price_id) & (Price.version == version_id) & (Price.seller == actor.party_id))
        if row is None:
            raise NotFound(N_("There is no such price."))
        known = _to_sell(actor, version_id, row.buyer_id)
        periods = _periods(actor.party_id, row.buyer_id, version_id)
        change = plan_withdrawal(periods, price_id, today=today, other=_default_on(known, row.buyer_id, row.valid_from))
        _apply(actor, version_id, row.buyer_id, change, now=now)
        _note(actor, Action.PRICE_WITHDRAWN, known, row.buyer_id, {"valid_from": row.valid_from}, now=now)
        _announce(actor, WITHDRAWN, known, row.buyer_id, row.valid_from, now=now)


def _lock(actor: Actor) -> None:
    """Let others who set prices of the same party wait until this transaction ends."""
    actor.need(Right.SET_PRICES)
    hold(actor.party_id)


def _to_sell(actor: Actor, version_id: int, buyer_id: int | None) -> Offer:
    """Return the offer that the actor may set a price for. Raises NotFound, NotAllowed."""
    _lock(actor)
    seller = Party.get_by_id(actor.party_id)
    if seller.mode is SalesMode.AGENCY:
        raise NotAllowed(N_("An agency sells nothing in its own name."), N_("Its distributor sets the prices."))
    if buyer_id is not None and Party.get_or_none((Party.id == buyer_id) & (Party.parent == actor.party_id)) is None:
        raise NotFound(N_("There is no such party."))
    return _offer(actor, *version_of(actor, version_id))


def _offer(actor: Actor, sheet: PackageSheet, version: Version) -> Offer:
    above = Party.get_by_id(actor.party_id).parent_id
    purchase: Sequence[Period] = ()
    if above is not None:
        purchase = merged(_periods(above, actor.party_id, version.id), _periods(above, None, version.id))
    sales: dict[int | None, list[Period]] = {}
    rows = Price.select().where((Price.seller == actor.party_id) & (Price.version == version.id)).order_by(Price.valid_from)
    for row in rows:
        sales.setdefault(row.buyer_id, []).append(_period(row))
    common = tuple(sales.pop(None, ()))
    names = Party.select().where(Party.id.in_(list(sales))).order_by(Party.legal_name, Party.id)
    own = tuple((Buyer(one.id, one.legal_name), tuple(sales[one.id])) for one in names)
    return Offer(sheet, version, tuple(purchase), common, own)


def _periods(seller_id: int, buyer_id: int | None, version_id: int) -> tuple[Period, ...]:
    of_buyer = Price.buyer.is_null() if buyer_id is None else (Price.buyer == buyer_id)
    rows = Price.select().where((Price.seller == seller_id) & (Price.version == version_id) & of_buyer).order_by(Price.valid_from)
    return tuple(map(_period, rows))


def _period(row: Price) -> Period:
    return Period(Asked(row.base, row.overage), row.valid_from, row.valid_to, row.id)


def _default_on(known: Offer, buyer_id: int | None, day: date) -> Asked | None:
    """Return what a buyer of its own prices would pay without them."""
    found = price_on(known.sale, day) if buyer_id is not None else None
    return found.asked if found else None


def _apply(actor: Actor, version_id: int, buyer_id: int | None, change: Change, *, now: datetime) -> None:
    if change.withdrawn is not None:
        Price.delete().where(Price.id == change.withdrawn.number).execute()
    if change.closed is not None:
        Price.update(valid_to=change.closed.ends).where(Price.id == change.closed.number).execute()
    if change.opened is not None:
        opened = change.opened
        Price.create(
            seller=actor.party_id, buyer=buyer_id, version=version_id, valid_from=opened.starts, valid_to=opened.ends,
            base=opened.asked.base, overage=opened.asked.overage, created_at=now,
        )  # fmt: skip


def _note(actor: Actor, action: Action, known: Offer, buyer_id: int | None, days: dict[str, date], *, now: datetime) -> None:
    details = {"package": known.package.code, "number": known.version.number, "buyer": buyer_id, **days}
    audit.record(actor, action, now=now, party_id=actor.party_id, subject=("package", known.package.id), details=details)


def _announce(actor: Actor, what: str, known: Offer, buyer_id: int | None, day: date, *, now: datetime) -> None:
    version, package = known.version.id, known.package.name
    announce(what=what, seller_id=actor.party_id, buyer_id=buyer_id, version_id=version, package=package, day=day, now=now)
