"""Tells those who buy that a price of theirs changes: that, and when. Which it is, they read where nobody else does."""

from collections.abc import Iterable
from datetime import date, datetime

from server.domain.party import PartyKind
from server.domain.rights import Right, rights_of
from server.domain.sentence import N_
from server.models.catalogue import Price
from server.models.party import Party
from server.models.people import Membership, User
from server.services import letters

CHANGED = N_("From {day} on you pay another price for {package} than before.")
ENDED = N_("The price of {package} that you have paid until now is asked until {day}, and no longer.")
WITHDRAWN = N_("The price of {package} that was announced for {day} does not come. The one of now goes on.")


def announce(*, what: str, seller_id: int, buyer_id: int | None, version_id: int, package: str, day: date, now: datetime) -> None:
    """Queue a mail to everybody who sets prices or buys for those whose price changes on a day.

    ``what`` is one of the sentences above.

    A common price concerns the sellers directly below that have none of their own; what customers agreed on it does not touch. A
    price of one buyer's own concerns that buyer, whatever it is.
    """
    parties = Party.select().where((Party.parent == seller_id) & Party.ended_at.is_null())
    if buyer_id is not None:
        parties = parties.where(Party.id == buyer_id)
    else:
        own = Price.select(Price.buyer).where(
            (Price.seller == seller_id) & (Price.version == version_id) & Price.buyer.is_null(False)
        )
        parties = parties.where((Party.kind != PartyKind.CUSTOMER) & Party.id.not_in(own))
    for party in parties:
        for user in _readers(party):
            letters.send_price_news(
                to=user.email, language=user.language, party_id=party.id, what=what, package=package, day=day, now=now
            )


def _readers(party: Party) -> Iterable[User]:
    """Yield those of a party's people who both see its prices and act on them."""
    rows = Membership.select(Membership, User).join(User).where((Membership.party == party.id) & User.disabled_at.is_null())
    for row in rows.order_by(Membership.id):
        if {Right.SEE_PRICES, Right.MANAGE_CUSTOMERS} <= rights_of(party.kind, row.role):
            yield row.user
