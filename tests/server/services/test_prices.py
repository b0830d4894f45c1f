"""Prices on the edges of the tree: known to their two ends, never rewritten, warned of when they lose money."""

import json
import threading
from datetime import date
from decimal import Decimal

import pytest
from peewee import Database, DatabaseError

from server.domain.errors import NotAllowed, NotFound, RuleBroken, ServerError
from server.domain.party import SalesMode
from server.domain.prices import Asked, price_on
from server.domain.rights import Role
from server.models.audit import AuditEntry
from server.models.catalogue import Price
from server.models.database import connected
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.services import catalogue, prices
from server.services.customer_privacy import export_customer
from tests.server.family import NOW, TREE, Family
from tests.server.services.shop import (
    ALPHA_ASKS,
    NEXT_YEAR,
    NORTH_ASKS,
    OPERATOR_ASKS,
    TODAY,
    TOMORROW,
    Shop,
    euro,
    open_shop,
)

LATER = date(2027, 2, 1)
SPECIAL = euro("11.11", "0.111111")


@pytest.fixture
def shop(family: Family) -> Shop:
    return open_shop(family)


def known_prices(family: Family, party: str, shop: Shop, *, on_behalf_of: str | None = None) -> set[Decimal]:
    """Return every base price that somebody can see, by whatever way."""
    actor = family.actor(party, on_behalf_of=on_behalf_of)
    found: set[Decimal] = set()
    try:
        offers = [*prices.offers(actor), prices.offer(actor, shop.version_id)]
    except ServerError:
        offers = []
    for offer in offers:
        periods = [*offer.purchase, *offer.sale, *(one for _buyer, own in offer.own for one in own)]
        found |= {period.asked.base for period in periods}
    for customer in ("anna", "axel"):
        try:
            told = json.loads(export_customer(actor, family[customer], now=NOW))
        except ServerError:
            continue
        found |= {Decimal(price["base"]) for price in told.get("prices", ())}
    return found


def test_a_price_is_known_to_the_two_ends_of_its_edge_and_to_nobody_else(family: Family, shop: Shop) -> None:
    """Operator > north > alpha > anna, and everybody beside them; anna has a price of her own, which axel does not see either."""
    prices.set_price(family.actor("alpha"), shop.version_id, SPECIAL, TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)
    ends = {
        OPERATOR_ASKS.base: {"operator", "north", "south"},
        NORTH_ASKS.base: {"north", "alpha", "beta"},
        ALPHA_ASKS.base: {"alpha", "axel"},
        SPECIAL.base: {"alpha", "anna"},
    }
    for party in TREE:
        allowed = {base for base, parties in ends.items() if party in parties}

        assert known_prices(family, party, shop) == allowed, party


@pytest.mark.parametrize(("who", "party"), [("operator", "north"), ("operator", "alpha"), ("north", "alpha"), ("alpha", "anna")])
def test_who_is_logged_in_as_somebody_below_sees_no_price(family: Family, shop: Shop, who: str, party: str) -> None:
    """Support looks after customers; what they pay each other is not its business. Nor is it in an export."""
    prices.set_price(family.actor("alpha"), shop.version_id, SPECIAL, TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)
    actor = family.actor(who, on_behalf_of=party)

    assert known_prices(family, who, shop, on_behalf_of=party) == set()
    for attempt in (
        lambda: prices.offers(actor),
        lambda: prices.offer(actor, shop.version_id),
        lambda: prices.set_price(actor, shop.version_id, SPECIAL, TODAY, today=TODAY, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_the_audit_log_tells_that_a_price_changed_never_which(family: Family, shop: Shop) -> None:
    """The distributor reads the entries of its resellers."""
    prices.set_price(family.actor("alpha"), shop.version_id, SPECIAL, TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)
    prices.set_price(family.actor("alpha"), shop.version_id, euro("13.13"), NEXT_YEAR, today=TODAY, now=NOW)
    prices.withdraw_price(family.actor("alpha"), shop.version_id, _last(family, "alpha"), today=TODAY, now=NOW)

    told = " ".join(f"{entry.action} {entry.details}" for entry in AuditEntry.select())
    assert told.count("price.set") == 5
    assert told.count("price.withdrawn") == 1
    for amount in ("5.9", "7.9", "12.5", "13.13", "11.11", "0.119", "0.111111", "119000"):
        assert amount not in told


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.READ_ONLY])
def test_roles_that_may_not_set_prices_cannot(family: Family, shop: Shop, role: Role) -> None:
    """Read only sees prices, support not even that."""
    actor = family.actor("alpha", role)

    with pytest.raises(NotAllowed):
        prices.set_price(actor, shop.version_id, euro("12.00"), TODAY, today=TODAY, now=NOW)
    if role is Role.READ_ONLY:
        assert prices.offer(actor, shop.version_id).buys_at(TODAY) == NORTH_ASKS
    else:
        with pytest.raises(NotAllowed):
            prices.offer(actor, shop.version_id)


def test_a_customer_sells_nothing(family: Family, shop: Shop) -> None:
    """Nobody stands below it."""
    with pytest.raises(NotAllowed):
        prices.set_price(family.actor("anna"), shop.version_id, euro("12.00"), TODAY, today=TODAY, now=NOW)


@pytest.mark.parametrize("buyer", ["berta", "north", "alpha", "operator", "greta"])
def test_only_who_stands_directly_below_gets_a_price(family: Family, shop: Shop, buyer: str) -> None:
    """Everybody else does not exist."""
    with pytest.raises(NotFound):
        prices.set_price(family.actor("alpha"), shop.version_id, SPECIAL, TODAY, buyer_id=family[buyer], today=TODAY, now=NOW)


def test_who_is_offered_nothing_sees_and_sells_nothing(family: Family, shop: Shop) -> None:
    """South buys from the operator but asks nothing itself: gamma and greta do not know the package."""
    assert [sheet.code for sheet in catalogue.packages(family.actor("south"))] == ["S"]
    for actor in (family.actor(party) for party in ("gamma", "greta", "berta")):
        assert catalogue.packages(actor) == ()
        with pytest.raises(NotFound):
            catalogue.package(actor, shop.package_id)
        with pytest.raises(NotFound):
            prices.offer(actor, shop.version_id)
    with pytest.raises(NotFound):
        prices.set_price(family.actor("gamma"), shop.version_id, euro("9.00"), TODAY, today=TODAY, now=NOW)


def test_a_change_leaves_what_was_asked_before_as_it_was(family: Family, shop: Shop) -> None:
    """The old row gets an end, nothing else; the new one begins there."""
    alpha = family.actor("alpha")
    prices.set_price(alpha, shop.version_id, euro("13.50"), NEXT_YEAR, today=TODAY, now=NOW)

    before, after = prices.offer(alpha, shop.version_id).sale
    assert (before.asked, before.starts, before.ends) == (ALPHA_ASKS, TODAY, NEXT_YEAR)
    assert (after.asked, after.starts, after.ends) == (euro("13.50"), NEXT_YEAR, None)
    anna = prices.offer(family.actor("anna"), shop.version_id)
    assert (anna.buys_at(date(2026, 12, 31)), anna.buys_at(NEXT_YEAR)) == (ALPHA_ASKS, euro("13.50"))


@pytest.mark.parametrize(
    "change", ["base = 1", "overage = 1", "valid_from = '2020-01-01'", "buyer_id = seller_id", "seller_id = 1"]
)
def test_the_database_itself_refuses_to_rewrite_a_price(shop: Shop, database: Database, change: str) -> None:
    """Whatever a later program tries."""
    with pytest.raises(DatabaseError), database.atomic():
        database.execute_sql(f"UPDATE price SET {change}")

    assert {price.base for price in Price.select()} == {OPERATOR_ASKS.base, NORTH_ASKS.base, ALPHA_ASKS.base}


def test_a_price_with_six_places_comes_back_exactly(family: Family, shop: Shop) -> None:
    """In either database."""
    exact = Asked(Decimal("12.345678"), Decimal("0.000001"))
    alpha = family.actor("alpha")
    prices.set_price(alpha, shop.version_id, exact, TODAY, buyer_id=family["axel"], accept_loss=True, today=TODAY, now=NOW)

    assert prices.offer(family.actor("axel"), shop.version_id).buys_at(TODAY) == exact


def test_to_sell_for_less_than_one_pays_is_warned_of(family: Family, shop: Shop) -> None:
    """It takes a second yes; either of the two prices counts."""
    alpha = family.actor("alpha")
    for losing in (euro("7.80"), euro("12.50", "0.05")):
        with pytest.raises(RuleBroken) as caught:
            prices.set_price(alpha, shop.version_id, losing, TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)
        assert caught.value.field == "accept_loss"
    prices.set_price(alpha, shop.version_id, euro("7.80"), TODAY, buyer_id=family["anna"], accept_loss=True, today=TODAY, now=NOW)

    offer = prices.offer(alpha, shop.version_id)
    ((buyer, own),) = offer.own
    assert buyer.id == family["anna"]
    assert offer.losses(own, TODAY) == (TODAY,)
    assert offer.losses(offer.sale, TODAY) == ()


def test_a_margin_that_turns_negative_later_is_warned_of(family: Family, shop: Shop) -> None:
    """The distributor gets dearer next year, as announced; the reseller sees it today."""
    prices.set_price(family.actor("north"), shop.version_id, euro("12.90", "0.069"), NEXT_YEAR, today=TODAY, now=NOW)

    offer = prices.offer(family.actor("alpha"), shop.version_id)
    assert offer.losses(offer.sale, TODAY) == (NEXT_YEAR,)
    assert prices.losses(family.actor("alpha"), today=TODAY) == (prices.Loss(shop.package_id, "Backup S", NEXT_YEAR),)
    assert prices.losses(family.actor("north"), today=TODAY) == ()
    with pytest.raises(RuleBroken) as caught:
        prices.set_price(family.actor("alpha"), shop.version_id, euro("12.60"), date(2026, 12, 24), today=TODAY, now=NOW)
    assert (caught.value.field, caught.value.facts["day"]) == ("accept_loss", NEXT_YEAR)


def test_a_buyer_s_own_price_ends_and_the_default_comes_back_with_notice(family: Family, shop: Shop) -> None:
    """For anna that is an increase."""
    alpha = family.actor("alpha")
    prices.set_price(alpha, shop.version_id, SPECIAL, TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)
    with pytest.raises(RuleBroken):
        prices.end_price(alpha, shop.version_id, TOMORROW, buyer_id=family["anna"], today=TODAY, now=NOW)
    prices.end_price(alpha, shop.version_id, NEXT_YEAR, buyer_id=family["anna"], today=TODAY, now=NOW)

    anna = prices.offer(family.actor("anna"), shop.version_id)
    assert (anna.buys_at(date(2026, 12, 31)), anna.buys_at(NEXT_YEAR)) == (SPECIAL, ALPHA_ASKS)


def test_who_buys_is_told_that_a_price_changes_and_not_which(family: Family, shop: Shop) -> None:
    """Resellers of a common price; one buyer of its own; customers not of a common one, for what they agreed on stays."""
    for party in ("alpha", "beta", "anna", "axel"):
        family.user(party)
    family.user("alpha", Role.SUPPORT)
    assert OutgoingMail.select().count() == 0
    prices.set_price(family.actor("north"), shop.version_id, euro("8.88", "0.088"), NEXT_YEAR, today=TODAY, now=NOW)
    assert sorted(mail.recipient for mail in OutgoingMail.select()) == ["owner@alpha.example", "owner@beta.example"]
    prices.set_price(family.actor("alpha"), shop.version_id, euro("13.50"), NEXT_YEAR, today=TODAY, now=NOW)
    assert OutgoingMail.select().count() == 2
    prices.set_price(family.actor("alpha"), shop.version_id, SPECIAL, TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)

    mails = list(OutgoingMail.select().order_by(OutgoingMail.id))
    assert [mail.recipient for mail in mails[2:]] == ["owner@anna.example"]
    assert mails[0].subject == "The price of Backup S, 1 Jan 2027"
    prices.withdraw_price(family.actor("north"), shop.version_id, _last(family, "north"), today=TODAY, now=NOW)
    mails = list(OutgoingMail.select().order_by(OutgoingMail.id))
    assert ["does not come" in mail.text for mail in mails] == [False] * 3 + [True] * 2
    assert not any(amount in mail.subject + mail.text for mail in mails for amount in ("8.88", "8,88", "11.11", "11,11", "€"))


def test_a_planned_price_is_withdrawn_by_its_seller_alone(family: Family, shop: Shop) -> None:
    """Then the one before goes on."""
    alpha = family.actor("alpha")
    prices.set_price(alpha, shop.version_id, euro("13.50"), NEXT_YEAR, today=TODAY, now=NOW)
    planned = _last(family, "alpha")
    for stranger in ("beta", "north", "operator", "gamma"):
        with pytest.raises(NotFound):
            prices.withdraw_price(family.actor(stranger), shop.version_id, planned, today=TODAY, now=NOW)
    prices.withdraw_price(alpha, shop.version_id, planned, today=TODAY, now=NOW)

    (period,) = prices.offer(alpha, shop.version_id).sale
    assert (period.asked, period.ends) == (ALPHA_ASKS, None)
    with pytest.raises(NotFound):
        prices.withdraw_price(alpha, shop.version_id, planned, today=TODAY, now=NOW)


def test_an_agency_sets_no_prices(family: Family, shop: Shop) -> None:
    """It sells nothing in its own name."""
    Party.update(mode=SalesMode.AGENCY).where(Party.id == family["alpha"]).execute()

    with pytest.raises(NotAllowed):
        prices.set_price(family.actor("alpha"), shop.version_id, euro("12.00"), TOMORROW, today=TODAY, now=NOW)


def test_two_who_set_a_price_at_once_do_not_overlap(family: Family, shop: Shop) -> None:
    """One of them is told that another price begins; in either database."""
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def run(base: str, starts: date) -> None:
        with connected():
            actor = family.actor("alpha")
            barrier.wait(20)
            try:
                prices.set_price(actor, shop.version_id, euro(base), starts, today=TODAY, now=NOW)
                outcomes.append("set")
            except RuleBroken:
                outcomes.append("refused")

    family.user("alpha")
    threads = [threading.Thread(target=run, args=one) for one in (("12.10", date(2026, 12, 1)), ("12.20", date(2026, 12, 1)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == ["refused", "set"]
    periods = prices.offer(family.actor("alpha"), shop.version_id).sale
    assert len(periods) == 2
    found = price_on(periods, date(2026, 12, 1))
    assert found is not None
    assert found.asked.base in {Decimal("12.10"), Decimal("12.20")}


def _last(family: Family, seller: str) -> int:
    """Return the number of the default price that begins last."""
    own = (Price.seller == family[seller]) & Price.buyer.is_null()
    return int(Price.select().where(own).order_by(Price.valid_from.desc()).get().id)
