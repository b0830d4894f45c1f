"""A customer goes to another reseller, by somebody who stands above both."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from peewee import fn

from server.domain.actions import Action
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.base import database
from server.models.catalogue import Price
from server.models.party import Party
from server.services import audit
from server.services.customers import claim, seller_of, visible_customer
from server.services.paging import holds
from server.services.scope import Actor, visible_party, within


@dataclass(frozen=True, slots=True)
class Target:
    """A reseller that a customer may go to."""

    id: int
    legal_name: str
    city: str


def targets(actor: Actor, customer_id: int, *, search: str = "", most: int = 50) -> tuple[Target, ...]:
    """Return the resellers within reach that a customer may go to, by name. Raises NotFound, NotAllowed."""
    customer = visible_customer(actor, customer_id)
    _need_height(actor)
    query = Party.select().where(
        within(actor) & (Party.kind == PartyKind.RESELLER) & (Party.id != customer.parent_id) & Party.ended_at.is_null()
    )
    if search:
        query = query.where(holds(Party.legal_name, search) | holds(Party.city, search))
    rows = query.order_by(fn.LOWER(Party.legal_name), Party.id).limit(most)
    return tuple(Target(row.id, row.legal_name, row.city) for row in rows)


def transfer_customer(actor: Actor, customer_id: int, reseller_id: int, *, version: int, today: date, now: datetime) -> None:
    """Let a customer belong to another reseller from now on. What the old one asked of it alone ends today; nothing else changes.

    Raises: NotFound where one of the two is out of reach, NotAllowed, Conflict, RuleBroken.
    """
    with database.atomic():
        customer = visible_customer(actor, customer_id)
        _need_height(actor)
        target = visible_party(actor, reseller_id)
        if target.kind is not PartyKind.RESELLER:
            raise NotFound(N_("There is no such reseller."))
        if target.id == customer.parent_id:
            raise RuleBroken(N_("The customer is with this reseller already."), field="reseller")
        if target.ended_at is not None or customer.ended_at is not None:
            raise RuleBroken(N_("Who has ended cannot take part in a transfer."), field="reseller")
        claim(customer, version)
        left = seller_of(customer)
        Party.update(parent=target.id).where(Party.id == customer.id).execute()
        _end_own_prices(left, customer.id, today)
        about = ("party", customer.id)
        details = {"from": left, "to": target.id}
        audit.record(actor, Action.CUSTOMER_TRANSFERRED, now=now, party_id=customer.id, subject=about, details=details)
        audit.record(actor, Action.CUSTOMER_LEFT, now=now, party_id=left, subject=about)


def _end_own_prices(seller_id: int, buyer_id: int, today: date) -> None:
    edge = (Price.seller == seller_id) & (Price.buyer == buyer_id)
    tomorrow = today + timedelta(days=1)
    Price.delete().where(edge & (Price.valid_from > today)).execute()
    still = Price.valid_to.is_null() | (Price.valid_to > tomorrow)
    Price.update(valid_to=tomorrow).where(edge & still).execute()


def _need_height(actor: Actor) -> None:
    actor.need(Right.MANAGE_PARTIES)
    if actor.kind.height <= PartyKind.RESELLER.height:
        raise NotAllowed(N_("Only somebody above both resellers transfers a customer."), N_("Ask your distributor."))
