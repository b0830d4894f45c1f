"""Parties are created below one's own, changed by those they concern, and seen by nobody else."""

import threading
from dataclasses import replace
from datetime import date

import pytest

from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.listing import ListWish
from server.domain.party import PartyKind, SalesMode, TaxStatus
from server.domain.party_sheet import PartyFacts, checked, mistakes
from server.domain.rights import Role
from server.models.base import database
from server.models.party import Party
from server.services import audit, hierarchy
from tests.server.family import NOW, Family

FACTS = PartyFacts(
    legal_name="Datenhaus  Nord GmbH",
    street="Hafenstraße",
    house_number="7a",
    postal_code="20457",
    city="Hamburg",
    email="Post@Datenhaus.example",
    vat_id="de 136 695 976",
    creditor_id="DE98 ZZZ0 9999 9999 99",
)


def test_a_distributor_creates_a_reseller_with_cleaned_facts(family: Family) -> None:
    """What stands on invoices later is what was checked, and the log says who wrote it."""
    actor = family.actor("north", Role.SALES)
    created = hierarchy.create_party(actor, family["north"], FACTS, submission="a", now=NOW)
    page = hierarchy.party_page(actor, created)

    assert page.kind is PartyKind.RESELLER
    assert page.facts == replace(
        FACTS,
        legal_name="Datenhaus Nord GmbH",
        email="Post@datenhaus.example",
        vat_id="DE136695976",
        creditor_id="DE98ZZZ09999999999",
    )
    assert [step.legal_name for step in hierarchy.path(actor, created)] == ["North GmbH", "Datenhaus Nord GmbH"]
    entry = audit.entries(family.actor("north"), party_id=created).items[0]
    assert (entry.action, entry.user_name) == ("party.created", "Sales of north")


def test_a_form_sent_twice_creates_one_party(family: Family) -> None:
    """Who clicks twice, or goes back and sends again, has not founded a second company."""
    actor = family.actor("north")
    first = hierarchy.create_party(actor, family["north"], FACTS, submission="key", now=NOW)
    second = hierarchy.create_party(actor, family["north"], FACTS, submission="key", now=NOW)
    third = hierarchy.create_party(actor, family["north"], FACTS, submission="another", now=NOW)

    assert first == second != third
    assert Party.select().where(Party.legal_name == "Datenhaus Nord GmbH").count() == 2


def test_another_users_form_is_another_form(family: Family) -> None:
    """A key that somebody else has used must not show what came of it."""
    first = hierarchy.create_party(family.actor("north"), family["north"], FACTS, submission="key", now=NOW)
    other = hierarchy.create_party(family.actor("south"), family["south"], FACTS, submission="key", now=NOW)

    assert first != other


@pytest.mark.parametrize("role", [Role.BILLING, Role.SUPPORT, Role.READ_ONLY])
def test_roles_without_the_right_create_and_change_nothing(role: Role, family: Family) -> None:
    """Only owners and sales decide who stands in the hierarchy."""
    actor = family.actor("north", role)
    page = hierarchy.party_page(actor, family["alpha"])

    assert not page.may_edit
    with pytest.raises(NotAllowed):
        hierarchy.create_party(actor, family["north"], FACTS, submission="", now=NOW)
    with pytest.raises(NotAllowed):
        hierarchy.edit_party(actor, family["alpha"], FACTS, version=1, now=NOW)


def test_nobody_creates_below_a_party_that_is_not_the_own(family: Family) -> None:
    """A reseller's customers are the reseller's to make; whoever helps logs in as the reseller, where it is seen."""
    with pytest.raises(NotAllowed):
        hierarchy.create_party(family.actor("north"), family["alpha"], FACTS, submission="", now=NOW)
    with pytest.raises(NotAllowed):
        hierarchy.create_party(family.actor("anna"), family["anna"], FACTS, submission="", now=NOW)

    helped = family.actor("north", on_behalf_of="alpha")
    assert hierarchy.create_party(helped, family["alpha"], FACTS, submission="", now=NOW)


@pytest.mark.parametrize("foreign", ["south", "gamma", "greta", "operator"])
def test_what_is_foreign_does_not_exist(foreign: str, family: Family) -> None:
    """A neighbour's answer is the same as nobody's."""
    actor = family.actor("north")
    for attempt in (
        lambda: hierarchy.party_page(actor, family[foreign]),
        lambda: hierarchy.path(actor, family[foreign]),
        lambda: hierarchy.list_children(actor, family[foreign], ListWish()),
        lambda: hierarchy.create_party(actor, family[foreign], FACTS, submission="", now=NOW),
        lambda: hierarchy.edit_party(actor, family[foreign], FACTS, version=1, now=NOW),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_two_who_change_the_same_party_do_not_overwrite_each_other(family: Family) -> None:
    """The second learns that somebody was faster; nothing of the second's is saved."""
    actor = family.actor("north")
    version = hierarchy.party_page(actor, family["alpha"]).version
    hierarchy.edit_party(actor, family["alpha"], FACTS, version=version, now=NOW)
    with pytest.raises(Conflict):
        hierarchy.edit_party(actor, family["alpha"], replace(FACTS, city="Kiel"), version=version, now=NOW)

    page = hierarchy.party_page(actor, family["alpha"])
    assert (page.facts.city, page.version) == ("Hamburg", version + 1)


def test_a_change_tells_what_stood_there_before(family: Family) -> None:
    """The log is read when somebody disputes a change: only what differs, before and after."""
    actor = family.actor("north")
    hierarchy.edit_party(actor, family["alpha"], FACTS, version=1, now=NOW)
    hierarchy.edit_party(actor, family["alpha"], replace(FACTS, city="Kiel"), version=2, now=NOW)

    newest = audit.entries(actor, party_id=family["alpha"]).items[0]
    assert newest.details == {"city": ["Hamburg", "Kiel"]}


def test_a_change_of_nothing_is_not_told(family: Family) -> None:
    """A log full of nothing hides what happened."""
    actor = family.actor("north")
    hierarchy.edit_party(actor, family["alpha"], FACTS, version=1, now=NOW)
    hierarchy.edit_party(actor, family["alpha"], FACTS, version=2, now=NOW)

    assert audit.entries(actor, party_id=family["alpha"]).total == 1


def test_another_vat_id_is_not_confirmed(family: Family) -> None:
    """The tax office confirmed a number, not a customer: without it no reverse charge."""
    actor = family.actor("north")
    hierarchy.edit_party(actor, family["alpha"], FACTS, version=1, now=NOW)
    Party.update(vat_id_confirmed_on=date(2026, 11, 1)).where(Party.id == family["alpha"]).execute()
    hierarchy.edit_party(actor, family["alpha"], replace(FACTS, city="Kiel"), version=2, now=NOW)
    kept = Party.get_by_id(family["alpha"]).vat_id_confirmed_on
    hierarchy.edit_party(actor, family["alpha"], replace(FACTS, vat_id=""), version=3, now=NOW)

    assert kept == date(2026, 11, 1)
    assert Party.get_by_id(family["alpha"]).vat_id_confirmed_on is None


def test_only_who_manages_users_demands_a_second_factor(family: Family) -> None:
    """It locks people out until they have one; sales is not to do that by a tick."""
    demanding = replace(FACTS, requires_two_factor=True)
    with pytest.raises(NotAllowed):
        hierarchy.edit_party(family.actor("north", Role.SALES), family["alpha"], demanding, version=1, now=NOW)
    hierarchy.edit_party(family.actor("north"), family["alpha"], demanding, version=1, now=NOW)

    hierarchy.edit_party(family.actor("north", Role.SALES), family["alpha"], replace(demanding, city="Kiel"), version=2, now=NOW)
    assert hierarchy.party_page(family.actor("north"), family["alpha"]).facts.requires_two_factor


def test_a_list_is_searched_sorted_and_cut_by_the_database(family: Family) -> None:
    """A distributor with two thousand resellers sees fifty at a time, and finds the one it looks for."""
    actor = family.actor("south")
    for number in range(60):
        facts = replace(FACTS, legal_name=f"Haus {number:02}", city="Ulm" if number % 2 else "Aalen")
        hierarchy.create_party(actor, family["south"], facts, submission="", now=NOW)
    first = hierarchy.list_children(actor, family["south"], ListWish(sort="name", is_descending=True))
    second = hierarchy.list_children(actor, family["south"], ListWish(sort="name", is_descending=True, page=2))
    found = hierarchy.list_children(actor, family["south"], ListWish(search="AALEN", sort="city"))
    busiest = hierarchy.list_children(actor, family["south"], ListWish(sort="children", is_descending=True))

    assert (len(first.items), first.total, len(second.items)) == (50, 61, 11)
    assert first.items[0].legal_name == "Haus 59"
    assert {row.city for row in found.items} == {"Aalen"}
    assert found.total == 30
    assert (busiest.items[0].legal_name, busiest.items[0].children) == ("Gamma GmbH", 1)


def test_a_search_knows_upper_and_lower_case_of_every_letter(family: Family) -> None:
    """Umlauts too, in either database; so does the order of a list."""
    actor = family.actor("south")
    for name in ("Öllinger", "ölmühle", "ÖLWERK"):
        hierarchy.create_party(actor, family["south"], replace(FACTS, legal_name=name), submission="", now=NOW)
    found = hierarchy.list_children(actor, family["south"], ListWish(search="Öl", sort="name"))

    assert [row.legal_name for row in found.items] == ["Öllinger", "ölmühle", "ÖLWERK"]


@pytest.mark.parametrize(
    ("party", "changes"), [("anna", {"country": "US"}), ("anna", {"tax_status": "eu"}), ("alpha", {"country": "US"})]
)
def test_nobody_decides_which_vat_is_on_what_it_buys(party: str, changes: dict[str, str], family: Family) -> None:
    """Whoever sells to it may; everything else it changes itself."""
    own, above = family.actor(party), family.actor("alpha" if party == "anna" else "north")
    hierarchy.edit_party(own, family[party], FACTS, version=1, now=NOW)
    wanted = replace(FACTS, **changes)  # type: ignore[arg-type]
    with pytest.raises(RuleBroken, match="VAT") as refused:
        hierarchy.edit_party(own, family[party], wanted, version=2, now=NOW)
    assert refused.value.field in changes

    hierarchy.edit_party(above, family[party], wanted, version=2, now=NOW)
    assert hierarchy.party_page(own, family[party]).facts.country == wanted.country


@pytest.mark.parametrize("search", ["%", "_", "\\", "'", '"; DROP TABLE party; --'])
def test_what_a_database_gives_meaning_to_is_only_searched_for(search: str, family: Family) -> None:
    """A percent sign finds percent signs."""
    assert hierarchy.list_children(family.actor("north"), family["north"], ListWish(search=search)).total == 0


def test_counts_are_of_the_own_subtree(family: Family) -> None:
    """The overview counts what one can open."""
    assert hierarchy.count_below(family.actor("operator")) == (
        (PartyKind.DISTRIBUTOR, 2),
        (PartyKind.RESELLER, 3),
        (PartyKind.CUSTOMER, 4),
    )
    assert hierarchy.count_below(family.actor("alpha")) == ((PartyKind.CUSTOMER, 2),)
    assert hierarchy.count_below(family.actor("anna")) == ()


def test_a_party_knows_how_to_reach_the_one_above_and_nothing_else(family: Family) -> None:
    """A customer calls its reseller; what else the reseller is stays its own."""
    Party.update(phone="+49 40 1", email="post@alpha.example", creditor_id="DE98ZZZ09999999999").where(
        Party.id == family["alpha"]
    ).execute()

    assert hierarchy.supplier(family.actor("anna")) == PartyFacts(
        legal_name="Alpha GmbH", phone="+49 40 1", email="post@alpha.example"
    )
    assert hierarchy.supplier(family.actor("operator")) is None


def test_everything_wrong_is_said_at_once() -> None:
    """A form that names one mistake a try is filled in five times."""
    broken = mistakes(
        PartyKind.RESELLER,
        PartyFacts(
            country="XX", email="nobody", phone="call me", vat_id="DE1", creditor_id="DE00ZZZ1", brand_colour="red", mode="?"
        ),
    )

    assert {error.field for error in broken} == {
        "legal_name", "country", "email", "phone", "vat_id", "creditor_id", "brand_colour", "mode",
    }  # fmt: skip
    with pytest.raises(RuleBroken):
        checked(PartyKind.RESELLER, PartyFacts())


def test_customers_can_be_people_and_sellers_cannot() -> None:
    """What does not belong to a kind is not kept, whatever a form sends."""
    facts = replace(FACTS, is_person=True, brand_name="X", brand_colour="#AABBCC", mode=SalesMode.AGENCY)
    customer, distributor = checked(PartyKind.CUSTOMER, facts), checked(PartyKind.DISTRIBUTOR, facts)

    assert (customer.is_person, customer.brand_name, customer.creditor_id, customer.mode) == (True, "", "", "")
    assert (distributor.is_person, distributor.brand_colour, distributor.mode) == (False, "#aabbcc", "")
    assert customer.tax_status is TaxStatus.STANDARD


def test_twins_at_the_same_moment_create_one_party(family: Family) -> None:
    """Two clicks that two threads serve at once: one company, and both are told its id."""
    actor, parent = family.actor("north"), family["north"]
    begin, created = threading.Barrier(6), []

    def click() -> None:
        begin.wait()
        try:
            created.append(hierarchy.create_party(actor, parent, FACTS, submission="key", now=NOW))
        finally:
            database.close()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(created) == 6
    assert len(set(created)) == 1
    assert Party.select().where(Party.legal_name == "Datenhaus Nord GmbH").count() == 1


def test_of_two_changes_at_the_same_moment_one_is_refused(family: Family) -> None:
    """Two who save in the same instant: one is saved whole, the other learns of it."""
    actor = family.actor("north")
    begin, told = threading.Barrier(4), []

    def save(city: str) -> None:
        begin.wait()
        try:
            hierarchy.edit_party(actor, family["alpha"], replace(FACTS, city=city), version=1, now=NOW)
            told.append(city)
        except Conflict:
            told.append("")
        finally:
            database.close()

    threads = [threading.Thread(target=save, args=(city,)) for city in ("Kiel", "Bremen", "Husum", "Emden")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    saved = [city for city in told if city]

    assert len(told) == 4
    assert saved == [hierarchy.party_page(actor, family["alpha"]).facts.city]
