"""Import and export of customers, transfer to another reseller, what the law gives a customer."""

import json
import threading
from datetime import date

import pytest

from server.domain.customer_sheet import read_sheet
from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.rights import Role
from server.models.audit import AuditEntry
from server.models.catalogue import Price
from server.models.customer import BankAccount, Contact, Seat, VatConfirmation
from server.models.database import connected
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.models.people import Membership, User
from server.models.sessions import LoginAttempt, Session
from server.services import audit, customer_files, customers, prices
from server.services import customer_changes as changes
from server.services.customer_privacy import erase_customer, export_customer
from server.services.customer_transfer import targets, transfer_customer
from tests.server.family import NOW, Family
from tests.server.services.shop import NEXT_YEAR, TODAY, TOMORROW, euro, open_shop
from tests.server.services.test_customers import ACCOUNT, ANNA, SEATS, version

FILE = """Name;Straße;Hausnummer;PLZ;Ort;IBAN;Arbeitsplätze
Bäcker Blau;Weg;1;10115;Berlin;DE89370400440532013000;2
Café Céline;Gasse;2;10115;Berlin;;
""".encode()


def names(family: Family, reseller: str) -> list[str]:
    """Return the names of a reseller's customers that came later than the family."""
    own = (Party.parent == family[reseller]) & ~Party.legal_name.endswith("GmbH")
    return [row.legal_name for row in Party.select().where(own).order_by(Party.legal_name)]


def test_a_file_is_taken_in_once(family: Family) -> None:
    """A look first changes nothing; the same file a second time is refused line by line."""
    alpha = family.actor("alpha")
    looked = customer_files.import_customers(alpha, FILE, check_only=True, now=NOW)
    assert (looked.lines, looked.created, names(family, "alpha")) == (2, 0, [])
    done = customer_files.import_customers(alpha, FILE, check_only=False, now=NOW)
    assert (done.created, done.complaints) == (2, ())
    again = customer_files.import_customers(alpha, FILE, check_only=False, now=NOW)

    assert (again.created, [(one.line, one.column) for one in again.complaints]) == (0, [(2, ""), (3, "")])
    assert names(family, "alpha") == ["Bäcker Blau", "Café Céline"]
    assert BankAccount.select().count() == 1


def test_a_file_that_is_sent_twice_at_once_is_taken_in_once(family: Family) -> None:
    """A double click on a large file."""
    actor = family.actor("alpha")
    created: list[int] = []
    barrier = threading.Barrier(2)

    def run() -> None:
        with connected():
            barrier.wait(20)
            created.append(customer_files.import_customers(actor, FILE, check_only=False, now=NOW).created)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(created) == [0, 2]
    assert names(family, "alpha") == ["Bäcker Blau", "Café Céline"]


def test_nothing_of_a_file_is_taken_in_while_a_line_is_wrong(family: Family) -> None:
    """Every wrong line is told; the right ones wait for them."""
    report = customer_files.import_customers(family.actor("alpha"), FILE + b"Dorf;;;1;;;x\n", check_only=False, now=NOW)

    assert (report.lines, report.created, names(family, "alpha")) == (2, 0, [])
    assert [(one.line, one.column) for one in report.complaints] == [(4, "Straße"), (4, "PLZ"), (4, "Ort"), (4, "Arbeitsplätze")]


@pytest.mark.parametrize(
    ("who", "role"), [("north", Role.OWNER), ("anna", Role.OWNER), ("alpha", Role.SUPPORT), ("alpha", Role.BILLING)]
)
def test_only_a_reseller_imports(family: Family, who: str, role: Role) -> None:
    """Customers stand below nobody else; and it takes the right to create them."""
    with pytest.raises(NotAllowed):
        customer_files.import_customers(family.actor(who, role), FILE, check_only=False, now=NOW)


def test_what_is_exported_can_be_imported_elsewhere(family: Family) -> None:
    """Own customers only, the ended left out."""
    for reseller in ("alpha", "beta"):
        Party.delete().where(Party.parent == family[reseller]).execute()
    alpha = family.actor("alpha")
    customer_files.import_customers(alpha, FILE, check_only=False, now=NOW)
    text = customer_files.customers_as_csv(alpha, language="de")
    assert [record.legal_name for _line, record in read_sheet(text).records] == ["Bäcker Blau", "Café Céline"]
    customer_files.import_customers(family.actor("beta"), text, check_only=False, now=NOW)

    assert customer_files.customers_as_csv(family.actor("beta"), language="de") == text
    blue = Party.get(Party.parent == family["alpha"], Party.legal_name == "Bäcker Blau")
    customers.end_customer(alpha, blue.id, version=blue.version, now=NOW)
    assert b"Blau" not in customer_files.customers_as_csv(alpha, language="de")
    with pytest.raises(NotAllowed):
        customer_files.customers_as_csv(family.actor("alpha", Role.READ_ONLY), language="de")


@pytest.mark.parametrize(("who", "to"), [("north", "beta"), ("operator", "gamma")])
def test_a_customer_goes_to_another_reseller(family: Family, who: str, to: str) -> None:
    """The old reseller sees it no longer, the new one sees all of it, and a price of its own has ended."""
    shop = open_shop(family)
    alpha = family.actor("alpha")
    changes.add_contact(alpha, family["anna"], ANNA, now=NOW)
    prices.set_price(alpha, shop.version_id, euro("12.00"), TODAY, buyer_id=family["anna"], today=TODAY, now=NOW)
    prices.set_price(alpha, shop.version_id, euro("12.40"), NEXT_YEAR, buyer_id=family["anna"], today=TODAY, now=NOW)
    prices.set_price(alpha, shop.version_id, euro("12.00"), TODAY, buyer_id=family["axel"], today=TODAY, now=NOW)
    transfer_customer(family.actor(who), family["anna"], family[to], version=version(family), today=TODAY, now=NOW)

    with pytest.raises(NotFound):
        customers.customer_page(alpha, family["anna"])
    shown = customers.customer_page(family.actor(to), family["anna"])
    assert ([known.details for known in shown.contacts], shown.may_change) == ([ANNA], True)
    rows = Price.select().where(Price.seller == family["alpha"], Price.buyer.is_null(False)).order_by(Price.buyer)
    ends = {(row.buyer_id, row.valid_from): row.valid_to for row in rows}
    assert ends == {(family["anna"], TODAY): TOMORROW, (family["axel"], TODAY): None}
    assert prices.offers(family.actor("anna")) == ()
    told = [entry.action for entry in audit.entries(alpha).items]
    assert told[0] == "customer.left"


@pytest.mark.parametrize("who", ["alpha", "beta", "anna"])
def test_who_does_not_stand_above_both_transfers_nothing(family: Family, who: str) -> None:
    """A reseller can neither give a customer away nor take one."""
    with pytest.raises((NotAllowed, NotFound)):
        transfer_customer(family.actor(who), family["anna"], family["beta"], version=1, today=TODAY, now=NOW)

    assert Party.get_by_id(family["anna"]).parent_id == family["alpha"]


@pytest.mark.parametrize("to", ["gamma", "south", "axel", "north", "operator"])
def test_a_customer_goes_nowhere_but_to_a_reseller_within_reach(family: Family, to: str) -> None:
    """Another distributor's resellers do not exist for north."""
    with pytest.raises(NotFound):
        transfer_customer(family.actor("north"), family["anna"], family[to], version=1, today=TODAY, now=NOW)


def test_a_transfer_is_refused_where_it_makes_no_sense(family: Family) -> None:
    """To where the customer is, after somebody else's change, of who has ended."""
    north = family.actor("north")
    assert [target.id for target in targets(north, family["anna"])] == [family["beta"]]
    assert targets(north, family["anna"], search="nobody") == ()
    with pytest.raises(RuleBroken):
        transfer_customer(north, family["anna"], family["alpha"], version=1, today=TODAY, now=NOW)
    with pytest.raises(Conflict):
        transfer_customer(north, family["anna"], family["beta"], version=7, today=TODAY, now=NOW)
    customers.end_customer(family.actor("alpha"), family["anna"], version=1, now=NOW)
    with pytest.raises(RuleBroken):
        transfer_customer(north, family["anna"], family["beta"], version=2, today=TODAY, now=NOW)


def fill(family: Family) -> User:
    """Let much be known of anna, and return a user who belongs to it alone."""
    alpha = family.actor("alpha")
    changes.add_contact(alpha, family["anna"], ANNA, now=NOW)
    changes.set_account(alpha, family["anna"], ACCOUNT, version=version(family), now=NOW)
    changes.set_seats(alpha, family["anna"], SEATS, version=version(family), now=NOW)
    Party.update(vat_id="ATU13585627", street="Weg", email="info@muster.de").where(Party.id == family["anna"]).execute()
    changes.confirm_vat_id(
        alpha, family["anna"], confirmed_on=date(2026, 11, 1), reference="A-1", version=version(family), today=TODAY, now=NOW
    )
    user = family.user("anna")
    Session.create(
        token_hash="x", user=user, party=family["anna"], created_at=NOW, last_seen_at=NOW, address="192.0.2.7", agent="Browser"
    )
    LoginAttempt.create(subject=f"email:{user.email}", at=NOW)
    OutgoingMail.create(
        recipient=user.email, subject="Muster", text="Muster", language="de", party=family["anna"], created_at=NOW, not_before=NOW
    )
    return user


def test_everything_that_is_known_is_exported(family: Family) -> None:
    """For the customer and its reseller; the log says that it was."""
    fill(family)
    for who in ("alpha", "anna"):
        told = json.loads(export_customer(family.actor(who), family["anna"], now=NOW))

        assert told["customer"]["email"] == "info@muster.de"
        assert told["contacts"] == [{"name": "Anna Muster", "role": "Einkauf", "email": "anna@muster.de", "phone": "+49 30 1"}]
        assert told["bank_accounts"][0]["iban"] == ACCOUNT.iban
        assert {(seat["kind"], seat["count"]) for seat in told["seats"]} == {("workstation", 3), ("server", 1), ("agent", 2)}
        assert told["vat_confirmations"][0]["confirmed_on"] == "2026-11-01"
        assert told["users"][0]["email"] == "owner@anna.example"
        assert told["mails"][0]["subject"] == "Muster"
        assert "contact.added" in {change["action"] for change in told["changes"]}
    assert AuditEntry.select().where(AuditEntry.action == "customer.exported").count() == 2
    for stranger, error in (("north", NotAllowed), ("operator", NotAllowed), ("beta", NotFound), ("axel", NotFound)):
        with pytest.raises(error):
            export_customer(family.actor(stranger), family["anna"], now=NOW)


def test_a_customer_is_erased_when_it_has_ended(family: Family) -> None:
    """Of its people nothing is left anywhere in the database; what was done when stays, and so does everybody else."""
    user = fill(family)
    both = User.create(email="both@example.com", name="Both", language="de", created_at=NOW)
    for party in ("anna", "axel"):
        Membership.create(user=both, party=family[party], role=Role.OWNER)
    alpha = family.actor("alpha")
    entries = AuditEntry.select().count()
    with pytest.raises(RuleBroken):
        erase_customer(alpha, family["anna"], version=version(family), now=NOW)
    customers.end_customer(alpha, family["anna"], version=version(family), now=NOW)
    erase_customer(alpha, family["anna"], version=version(family), now=NOW)

    erased = Party.get_by_id(family["anna"])
    assert (erased.legal_name, erased.street, erased.vat_id, erased.vat_id_confirmed_on) == (f"#{erased.id}", "", "", None)
    for model in (Contact, BankAccount, Seat, VatConfirmation, OutgoingMail, Session, LoginAttempt):
        assert model.select().count() == 0
    gone = User.get_by_id(user.id)
    assert (gone.email, gone.name, gone.password_hash) == (f"#{user.id}", f"#{user.id}", None)
    assert gone.disabled_at is not None
    assert User.get_by_id(both.id).email == "both@example.com"
    assert [one.party_id for one in Membership.select().where(Membership.user == both.id)] == [family["axel"]]
    assert AuditEntry.select().count() == entries + 2
    told = " ".join(f"{row}" for row in AuditEntry.select(AuditEntry.details).tuples())
    assert "anna" not in told.casefold()
    assert customers.customer_page(alpha, family["anna"]).contacts == ()


@pytest.mark.parametrize(
    ("who", "role"), [("anna", Role.OWNER), ("north", Role.OWNER), ("alpha", Role.BILLING), ("alpha", Role.SUPPORT)]
)
def test_nobody_but_the_seller_erases(family: Family, who: str, role: Role) -> None:
    """And there only who may also create."""
    customers.end_customer(family.actor("alpha"), family["anna"], version=1, now=NOW)

    with pytest.raises(NotAllowed):
        erase_customer(family.actor(who, role), family["anna"], version=2, now=NOW)
