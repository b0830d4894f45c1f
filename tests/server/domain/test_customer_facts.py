"""Addresses, contacts, bank accounts, VAT ids, seats: what is taken in, and what is refused with its field."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty import IBAN

from server.domain.addresses import COUNTRIES, Address
from server.domain.bank_account import grouped, masked, read_account, read_iban
from server.domain.contacts import ContactDetails, read_email, read_phone
from server.domain.errors import RuleBroken
from server.domain.seats import AgentKind, Seats, read_count
from server.domain.vat_id import VatId, read_vat_id

TODAY = date(2026, 11, 24)
GERMAN_IBAN = "DE89370400440532013000"


def test_an_address_is_cleaned() -> None:
    """Blanks from a spreadsheet are nobody's street."""
    address = Address("  Hauptstraße ", "12 a", " 10115", "Berlin \n", "de")

    assert address == Address("Hauptstraße", "12 a", "10115", "Berlin", "DE")


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        (("", "1", "10115", "Berlin", "DE"), "street"),
        (("Hauptstraße", "1", "10115", " ", "DE"), "city"),
        (("Hauptstraße", "1", "1011", "Berlin", "DE"), "postal_code"),
        (("Hauptstraße", "1", "", "Berlin", "DE"), "postal_code"),
        (("Hauptstraße", "1", "١٠١١٥", "Berlin", "DE"), "postal_code"),
        (("Rennweg", "1", "10300", "Wien", "AT"), "postal_code"),
        (("Damrak", "1", "1012", "Amsterdam", "NL"), "postal_code"),
        (("Hauptstraße", "1", "10115", "Berlin", "Deutschland"), "country"),
        (("Hauptstraße", "1", "10115", "Berlin", "EU"), "country"),
        (("H" * 71, "1", "10115", "Berlin", "DE"), "street"),
        (("Hauptstraße", "1" * 17, "10115", "Berlin", "DE"), "house_number"),
        (("Hauptstraße", "1", "10115", "B" * 36, "DE"), "city"),
        (("Haupt\x00straße", "1", "10115", "Berlin", "DE"), "street"),
    ],
)
def test_a_wrong_address_names_its_part(parts: tuple[str, str, str, str, str], field: str) -> None:
    """The message stands beside the field, and nothing is found out by the bank."""
    with pytest.raises(RuleBroken) as caught:
        Address(*parts)

    assert caught.value.field == field


@pytest.mark.parametrize(
    ("code", "country"), [("1012 ab", "NL"), ("110 00", "CZ"), ("00-950", "PL"), ("D02 AF30", "IE"), ("", "AE")]
)
def test_postal_codes_of_other_countries_pass(code: str, country: str) -> None:
    """Where no form is known, any goes; some countries have none."""
    assert Address("Street", "", code, "Town", country).postal_code == code.upper()


def test_every_country_has_two_letters() -> None:
    """A slip in the list would refuse a whole country."""
    assert len(COUNTRIES) == 250
    assert all(len(code) == 2 and code.isupper() for code in COUNTRIES)


def test_bank_and_bic_are_found() -> None:
    """Nobody types them."""
    account = read_account("de89 3704 0044 0532 0130 00", " Muster GmbH ")

    assert (account.iban, account.holder) == (GERMAN_IBAN, "Muster GmbH")
    assert account.bic == "COBADEFFXXX"
    assert account.bank_name.startswith("Commerzbank")


def test_a_bank_that_no_register_knows_has_no_bic() -> None:
    """An unknown bank code is no wrong IBAN."""
    unknown = str(IBAN.generate("DE", bank_code="99999999", account_code="1"))
    account = read_account(unknown, "Muster GmbH")

    assert (account.iban, account.bic, account.bank_name) == (unknown, "", "")


@pytest.mark.parametrize(
    "text",
    ["", "DE", "DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "370400440532013000", "DE89 3704 Ä"],
)
def test_a_wrong_iban_is_refused(text: str) -> None:
    """With its field, and with what to compare it with."""
    with pytest.raises(RuleBroken) as caught:
        read_iban(text)

    assert caught.value.field == "iban"
    assert caught.value.hint


def test_accounts_that_no_debit_reaches_are_refused() -> None:
    """A right IBAN of Brazil is of no use."""
    with pytest.raises(RuleBroken, match="BR"):
        read_iban("BR1800360305000010009795493C1")


@given(st.integers(0, 21), st.integers(1, 9))
def test_one_wrong_digit_is_always_seen(position: int, step: int) -> None:
    """That is what the check digits are for."""
    if not GERMAN_IBAN[position].isdigit():
        return
    wrong = GERMAN_IBAN[:position] + str((int(GERMAN_IBAN[position]) + step) % 10) + GERMAN_IBAN[position + 1 :]

    with pytest.raises(RuleBroken):
        read_iban(wrong)


def test_an_account_needs_its_holder() -> None:
    """The bank asks for it."""
    with pytest.raises(RuleBroken) as caught:
        read_account(GERMAN_IBAN, " ")

    assert caught.value.field == "holder"


def test_an_iban_is_shown_whole_or_masked() -> None:
    """In groups on a page; in a log never whole."""
    assert grouped(GERMAN_IBAN) == "DE89 3704 0044 0532 0130 00"
    assert masked(GERMAN_IBAN) == "DE89 … 3000"
    assert grouped(masked(GERMAN_IBAN)) == "DE89 … 3000"


@pytest.mark.parametrize(
    ("text", "number"), [("", ""), ("  ", ""), ("de 136 695 976", "DE136695976"), ("ATU 13585627", "ATU13585627")]
)
def test_vat_ids_are_written_in_one_way(text: str, number: str) -> None:
    """So the same is the same."""
    assert read_vat_id(text) == number


@pytest.mark.parametrize("text", ["DE136695977", "136695976", "XX123456789", "GB980780684", "DE"])
def test_wrong_vat_ids_are_refused(text: str) -> None:
    """Check digit, country, and the Union's members."""
    with pytest.raises(RuleBroken) as caught:
        read_vat_id(text)

    assert caught.value.field == "vat_id"


def test_a_confirmation_is_dated_and_belongs_to_one_number() -> None:
    """No reverse charge on the word of another number, or of a day to come."""
    confirmed = VatId("DE136695976").confirmed(TODAY, today=TODAY)

    assert confirmed.confirmed_on == TODAY
    assert confirmed.changed("DE 136 695 976") == confirmed
    assert confirmed.changed("ATU13585627").confirmed_on is None
    with pytest.raises(RuleBroken):
        VatId("DE136695976").confirmed(date(2026, 11, 25), today=TODAY)
    with pytest.raises(RuleBroken):
        VatId("").confirmed(TODAY, today=TODAY)


@pytest.mark.parametrize(
    "text", ["a@b", "a b@example.com", "@example.com", "a@example.com, b@example.com", "a@.com", "<a@example.com>"]
)
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    """Where it is typed in, not by a mail server next month."""
    with pytest.raises(RuleBroken) as caught:
        read_email(text)

    assert caught.value.field == "email"


def test_contacts_are_cleaned() -> None:
    """The part before the at sign stays as it is."""
    contact = ContactDetails(" Anna  Muster", "Einkauf", "Anna.Muster@Example.COM", "+49 30  123456")

    assert contact == ContactDetails("Anna Muster", "Einkauf", "Anna.Muster@example.com", "+49 30 123456")
    with pytest.raises(RuleBroken):
        ContactDetails(" ")
    with pytest.raises(RuleBroken):
        read_phone("call me")


def test_seats_are_counted_by_kind() -> None:
    """Kinds of which there is none are not kept; their order does not matter."""
    seats = Seats.of(3, 1, {"postgresql": 2, "mysql": 0})

    assert seats == Seats(3, 1, ((AgentKind.POSTGRESQL, 2),))
    assert seats.clients == 4
    assert seats.beyond(Seats(5, 0, ((AgentKind.POSTGRESQL, 1),))) == Seats(0, 1, ((AgentKind.POSTGRESQL, 1),))
    assert Seats(agents=((AgentKind.POSTGRESQL, 1), (AgentKind.MYSQL, 1))) == Seats(
        agents=((AgentKind.MYSQL, 1), (AgentKind.POSTGRESQL, 1))
    )


@pytest.mark.parametrize(("workstations", "agents"), [(-1, {}), (100_001, {}), (0, {"oracle": 1}), (0, {"mysql": -1})])
def test_impossible_seats_are_refused(workstations: int, agents: dict[str, int]) -> None:
    """Also a kind of agent that we do not have."""
    with pytest.raises(RuleBroken):
        Seats.of(workstations, 0, agents)


@pytest.mark.parametrize("text", ["-1", "1.5", "two", "100001", "٣", "9" * 5000])
def test_what_is_no_number_of_seats_is_refused(text: str) -> None:
    """Whatever the digits are in other scripts, and however many."""
    with pytest.raises(RuleBroken) as caught:
        read_count(text, field="servers")

    assert caught.value.field == "servers"
