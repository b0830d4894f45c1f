"""The customer record: who reads and changes what, contacts, accounts, seats, the tax office's answer, end."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from server.domain.addresses import Address
from server.domain.bank_account import Account, masked, read_account
from server.domain.contacts import ContactDetails
from server.domain.customer_record import CustomerRecord
from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.rights import Role
from server.domain.seats import Seats
from server.models.audit import AuditEntry
from server.models.customer import BankAccount, VatConfirmation
from server.models.party import Party
from server.services import customer_changes as changes
from server.services import customers
from server.services.scope import Actor
from tests.server.family import NOW, Family
from tests.server.services.shop import TODAY

ANNA = ContactDetails("Anna Muster", "Einkauf", "anna@muster.de", "+49 30 1")
ACCOUNT = read_account("DE89370400440532013000", "Muster GmbH")
OTHER_ACCOUNT = read_account("DE02120300000000202051", "Muster GmbH")
SEATS = Seats.of(3, 1, {"postgresql": 2})
RECORD = CustomerRecord(
    False, "Neu GmbH", Address("Weg", "1", "10115", "Berlin"), "info@neu.de", account=ACCOUNT, contacts=(ANNA,), seats=SEATS
)


def version(family: Family, name: str = "anna") -> int:
    """Return the version of a party as a page would hand it back."""
    return int(Party.get_by_id(family[name]).version)


def page(family: Family, who: str, name: str = "anna", role: Role = Role.OWNER) -> customers.CustomerPage:
    """Return a customer's page as somebody sees it."""
    return customers.customer_page(family.actor(who, role), family[name])


EVERY_CHANGE: list[Callable[[Actor, int, int], Any]] = [
    lambda actor, customer, _version: changes.add_contact(actor, customer, ANNA, now=NOW),
    lambda actor, customer, version: changes.change_contact(actor, customer, 1, ANNA, version=version, now=NOW),
    lambda actor, customer, _version: changes.remove_contact(actor, customer, 1, now=NOW),
    lambda actor, customer, version: changes.set_account(actor, customer, ACCOUNT, version=version, now=NOW),
    lambda actor, customer, version: changes.set_seats(actor, customer, SEATS, version=version, now=NOW),
    lambda actor, customer, version: changes.confirm_vat_id(
        actor, customer, confirmed_on=TODAY, reference="", version=version, today=TODAY, now=NOW
    ),
    lambda actor, customer, version: customers.end_customer(actor, customer, version=version, now=NOW),
    lambda actor, customer, version: customers.resume_customer(actor, customer, version=version, now=NOW),
]


@pytest.mark.parametrize("change", EVERY_CHANGE)
@pytest.mark.parametrize("who", ["beta", "gamma", "axel", "south"])
def test_a_foreign_customer_does_not_exist(family: Family, change: Callable[[Actor, int, int], Any], who: str) -> None:
    """Neither for a neighbour nor for another customer."""
    with pytest.raises(NotFound):
        change(family.actor(who), family["anna"], 1)
    with pytest.raises(NotFound):
        page(family, who)


@pytest.mark.parametrize("change", EVERY_CHANGE)
@pytest.mark.parametrize(
    ("who", "role"),
    [("operator", Role.OWNER), ("north", Role.OWNER), ("alpha", Role.SUPPORT), ("alpha", Role.READ_ONLY), ("anna", Role.SUPPORT)],
)
def test_who_sees_a_customer_need_not_be_allowed_to_change_it(
    family: Family, change: Callable[[Actor, int, int], Any], who: str, role: Role
) -> None:
    """Those further up look; the seller and the customer itself change, by their roles."""
    before = list(AuditEntry.select().dicts())
    with pytest.raises(NotAllowed):
        change(family.actor(who, role), family["anna"], 1)

    assert page(family, who, role=role).may_change is False
    assert list(AuditEntry.select().dicts()) == before


def test_a_party_that_is_no_customer_has_no_record(family: Family) -> None:
    """A reseller has a page, but another one."""
    with pytest.raises(NotFound):
        page(family, "north", "alpha")


def test_a_customer_is_created_with_everything_that_is_known(family: Family) -> None:
    """From a form or from a line of a file."""
    number = customers.create_customer(family.actor("alpha"), RECORD, now=NOW)

    shown = customers.customer_page(family.actor("alpha"), number)
    assert (shown.legal_name, shown.account, shown.seats) == ("Neu GmbH", ACCOUNT, SEATS)
    assert [known.details for known in shown.contacts] == [ANNA]
    assert customers.record_of(Party.get_by_id(number)) == RECORD
    with pytest.raises(RuleBroken) as caught:
        customers.create_customer(family.actor("alpha"), RECORD, now=NOW)
    assert caught.value.field == "legal_name"
    customers.create_customer(family.actor("beta"), RECORD, now=NOW)
    for stranger in ("north", "operator", "anna"):
        with pytest.raises(NotAllowed):
            customers.create_customer(family.actor(stranger), RECORD, now=NOW)


def test_contacts_come_change_and_go(family: Family) -> None:
    """A form that was sent twice adds one; the log names fields, not people."""
    alpha = family.actor("alpha")
    number = changes.add_contact(alpha, family["anna"], ANNA, now=NOW)
    assert changes.add_contact(alpha, family["anna"], ANNA, now=NOW) == number
    moved = ContactDetails("Anna Muster", "Leitung", "anna@muster.de", "+49 30 2")
    changes.change_contact(family.actor("anna"), family["anna"], number, moved, version=version(family), now=NOW)

    assert [(known.id, known.details) for known in page(family, "north").contacts] == [(number, moved)]
    with pytest.raises(NotFound):
        changes.change_contact(alpha, family["axel"], number, ANNA, version=version(family, "axel"), now=NOW)
    changes.remove_contact(alpha, family["anna"], number, now=NOW)
    assert page(family, "alpha").contacts == ()
    with pytest.raises(NotFound):
        changes.remove_contact(alpha, family["anna"], number, now=NOW)
    told = " ".join(entry.details for entry in AuditEntry.select())
    assert '"role", "phone"' in told
    assert "Muster" not in told
    assert "Leitung" not in told


def test_whoever_saves_second_is_told(family: Family) -> None:
    """Nothing is overwritten that was not seen."""
    alpha, read = family.actor("alpha"), version(family)
    changes.set_seats(family.actor("anna"), family["anna"], SEATS, version=read, now=NOW)
    with pytest.raises(Conflict):
        changes.set_seats(alpha, family["anna"], Seats(9), version=read, now=NOW)
    with pytest.raises(Conflict):
        changes.set_account(alpha, family["anna"], ACCOUNT, version=read, now=NOW)

    assert page(family, "alpha").seats == SEATS
    assert page(family, "alpha").account is None


def test_a_new_account_replaces_the_old_which_stays(family: Family) -> None:
    """Debits were made from it."""
    alpha = family.actor("alpha")
    for account in (ACCOUNT, ACCOUNT, OTHER_ACCOUNT):
        changes.set_account(alpha, family["anna"], account, version=version(family), now=NOW)

    rows = [(row.iban, row.replaced_at is None) for row in BankAccount.select().order_by(BankAccount.id)]
    assert rows == [(ACCOUNT.iban, False), (OTHER_ACCOUNT.iban, True)]
    assert page(family, "alpha").account == OTHER_ACCOUNT
    assert all(account.iban not in entry.details for entry in AuditEntry.select() for account in (ACCOUNT, OTHER_ACCOUNT))


@pytest.mark.parametrize(
    ("who", "role", "iban"),
    [
        ("alpha", Role.OWNER, ACCOUNT.iban),
        ("anna", Role.BILLING, ACCOUNT.iban),
        ("alpha", Role.READ_ONLY, masked(ACCOUNT.iban)),
        ("anna", Role.SUPPORT, masked(ACCOUNT.iban)),
        ("north", Role.OWNER, None),
        ("operator", Role.OWNER, None),
    ],
)
def test_an_account_is_shown_to_whom_it_concerns(family: Family, who: str, role: Role, iban: str | None) -> None:
    """Whole to who works with it, masked to who need only recognise it, not at all further up."""
    changes.set_account(family.actor("alpha"), family["anna"], ACCOUNT, version=version(family), now=NOW)

    shown: Account | None = page(family, who, role=role).account
    assert (shown.iban if shown else None) == iban


def test_seats_are_agreed_and_the_log_says_what_was_before(family: Family) -> None:
    """Numbers of computers are nothing personal."""
    for seats in (SEATS, Seats.of(4, 1, {"mysql": 1})):
        changes.set_seats(family.actor("alpha"), family["anna"], seats, version=version(family), now=NOW)

    assert page(family, "anna").seats == Seats.of(4, 1, {"mysql": 1})
    last = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert last.details == '{"workstations": [3, 4], "postgresql": [2, 0], "mysql": [0, 1]}'


def test_the_seller_alone_records_what_the_tax_office_answered(family: Family) -> None:
    """A customer cannot grant itself reverse charge; a confirmation of the past stays on record when another comes."""
    Party.update(vat_id="ATU13585627").where(Party.id == family["anna"]).execute()

    def confirm(who: str, day: date) -> None:
        changes.confirm_vat_id(
            family.actor(who), family["anna"], confirmed_on=day, reference="A-1", version=version(family), today=TODAY, now=NOW
        )

    with pytest.raises(NotAllowed):
        confirm("anna", TODAY)
    with pytest.raises(RuleBroken):
        confirm("alpha", TODAY + timedelta(days=1))
    confirm("alpha", TODAY - timedelta(days=1))
    confirm("alpha", TODAY)

    shown = page(family, "alpha")
    assert shown.vat.confirmed_on == TODAY
    assert [(one.vat_id, one.confirmed_on) for one in shown.confirmations] == [
        ("ATU13585627", TODAY),
        ("ATU13585627", TODAY - timedelta(days=1)),
    ]
    assert VatConfirmation.select().count() == 2


def test_a_customer_without_a_vat_id_is_not_confirmed(family: Family) -> None:
    """There is nothing that the tax office could have said."""
    with pytest.raises(RuleBroken):
        changes.confirm_vat_id(
            family.actor("alpha"), family["anna"], confirmed_on=TODAY, reference="", version=1, today=TODAY, now=NOW
        )


def test_a_customer_that_has_ended_is_read_only_until_it_is_taken_up_again(family: Family) -> None:
    """Its page stays."""
    alpha = family.actor("alpha")
    customers.end_customer(alpha, family["anna"], version=version(family), now=NOW)

    assert page(family, "alpha").ended_at == NOW
    assert page(family, "alpha").may_change is False
    with pytest.raises(RuleBroken):
        changes.set_seats(alpha, family["anna"], SEATS, version=version(family), now=NOW)
    with pytest.raises(RuleBroken):
        customers.end_customer(alpha, family["anna"], version=version(family), now=NOW)
    customers.resume_customer(alpha, family["anna"], version=version(family), now=NOW)
    changes.set_seats(alpha, family["anna"], SEATS, version=version(family), now=NOW)
    assert page(family, "alpha").seats == SEATS
