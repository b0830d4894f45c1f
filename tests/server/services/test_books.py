"""The books as DATEV takes them, read back by a reader of its own; what differs from the ledger is never exported."""

from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.datev_chart import AccountRole, Accounts, Chart, read_accounts
from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.invoice import InvoiceKind
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.month import Month
from server.domain.rights import Role
from server.domain.tax import TaxCategory, TaxGroup, TaxRule
from server.models.books import DebtorAccount
from server.models.money import LedgerEntry, Receivable
from server.models.party import Party
from server.models.terms import SellerTerms
from server.services import books
from tests.server.datev_reader import Sheet, read_datev
from tests.server.family import NOW, Family
from tests.server.services.books_world import BooksWorld, day

NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)


@pytest.fixture
def world(family: Family) -> BooksWorld:
    """Alpha's November."""
    made = BooksWorld(family)
    made.whole_month()
    return made


def exported(world: BooksWorld, month: Month = NOVEMBER) -> Sheet:
    """Return the file of a month, read back."""
    return read_datev(books.export_of(world.alpha, month, now=NOW).content)


def euros(text: str) -> Decimal:
    return Decimal(text)


def test_every_account_gets_what_happened(world: BooksWorld) -> None:
    """Added up from the rows of the file alone, each on both sides."""
    sheet = exported(world)

    assert sheet.balances == {
        1200: euros("39.26"),
        1210: euros("16.76"),
        2400: euros("2.67"),
        2406: euros("119.00"),
        2650: euros("-0.17"),
        2709: euros("-5.50"),
        4970: euros("3.62"),
        8336: euros("-32.26"),
        8400: euros("-134.57"),
        10000: euros("1.19"),
        10001: euros("-10.00"),
    }


def test_debtors_add_up_to_the_ledger(world: BooksWorld) -> None:
    """The month's entries, summed by this test itself."""
    wanted: Counter[int] = Counter()
    for entry in LedgerEntry.select(LedgerEntry, Receivable).join(Receivable):
        if Month.of(entry.booked_on) == NOVEMBER:
            wanted[entry.receivable.debtor_id] += entry.cents
    balances = exported(world).balances

    accounts = {row.debtor_id: row.account for row in DebtorAccount.select()}
    assert {debtor: balances[account] for debtor, account in accounts.items()} == {
        debtor: Decimal(cents) / 100 for debtor, cents in wanted.items()
    }


def test_rows_say_what_an_adviser_needs(world: BooksWorld) -> None:
    """Number, day, VAT id of who owes the tax, due day, and both sides of what was set off."""
    rows = exported(world).rows
    abroad = next(row for row in rows if row.number == "RE-2")

    assert (abroad.euros, abroad.side, abroad.counter, abroad.vat_id) == (euros("32.26"), "S", 8336, "ATU12345675")
    assert (abroad.day, abroad.due, abroad.text) == (day(15), "15112026", "Rechnung Axel GmbH")
    assert [(row.number, row.side) for row in rows if row.counter == 1590] == [("RE-3", "H"), ("RE-4", "S")]
    assert [(row.account, row.side, row.text) for row in rows if row.counter == 4970] == [
        (1200, "H", "Bankgebühr Rückgabe"),
        (1210, "H", "PayPal-Gebühr"),
    ]
    assert [row.day for row in rows] == sorted(row.day for row in rows)
    assert {row.number for row in rows}.isdisjoint({"RE-0"})


def test_debtors_keep_their_accounts(world: BooksWorld) -> None:
    """A month later, after others came."""
    exported(world)
    before = {row.debtor_id: row.account for row in DebtorAccount.select()}
    exported(world, Month(2026, 10))
    exported(world, DECEMBER)

    assert {row.debtor_id: row.account for row in DebtorAccount.select()} == before
    assert len(set(before.values())) == len(before) == 2


@pytest.mark.parametrize("harm", ["entry", "open", "document", "capture"])
def test_what_differs_is_told_and_nothing_is_exported(world: BooksWorld, harm: str) -> None:
    """Rows that somebody added or changed by hand, a document that nobody owes, a payment that was never entered."""
    if harm == "entry":
        owed = Receivable.get(Receivable.number == "RE.2")
        LedgerEntry.create(receivable=owed, kind=EntryKind.TRANSFER, cents=-1, booked_on=day(16), source="X", at=NOW)
    elif harm == "open":
        Receivable.update(open_cents=7).where(Receivable.number == "RE-5").execute()
    elif harm == "document":
        world.document("anna", "RE-9", 500, 95, on=day(3))
    else:
        world.capture(Receivable.get(Receivable.number == "RE-6").id, "anna", 119, 40, "LOST", on=day(30))

    with pytest.raises(RuleBroken, match="not what the ledger says") as refused:
        books.export_of(world.alpha, NOVEMBER, now=NOW)
    told = {"entry": "RE.2", "open": "RE-5", "document": "Invoices", "capture": "PayPal payments"}[harm]
    assert told in str(refused.value)
    assert books.compare(world.family.actor("alpha"), NOVEMBER)


def test_a_document_must_come_to_what_is_owed(world: BooksWorld) -> None:
    """Tax groups that add up to something else are no invoice's."""
    Receivable.update(kind=ReceivableKind.INVOICE, invoice=None).where(Receivable.number == "RE-6").execute()

    with pytest.raises(RuleBroken, match="RE-6 is owed without a document"):
        books.export_of(world.alpha, NOVEMBER, now=NOW)


def test_two_cents_at_home_are_taxed_though_the_tax_is_no_cent(world: BooksWorld) -> None:
    """Nobody declares them as sold to another country."""
    world.invoice("anna", "RE-8", 2, 0, on=day(29))

    assert [row.counter for row in exported(world).rows if row.number == "RE-8"] == [8400]


def test_commission_is_an_expense_with_input_tax(world: BooksWorld) -> None:
    """What a distributor owes its agent, by a document of its own."""
    paper = world.document("alpha", "P-1", 5000, 950, on=day(30), kind=InvoiceKind.COMMISSION, issuer="north")
    world.alpha = world.family["north"]
    SellerTerms.create(party=world.alpha, datev_consultant="1001", datev_client="1", datev_chart=Chart.SKR04)
    world.owe("alpha", "P-1", -5950, on=day(30), kind=ReceivableKind.COMMISSION, invoice=paper)
    sheet = exported(world)

    (booked,) = sheet.rows
    assert (booked.side, booked.counter, booked.key, booked.euros) == ("H", 6770, "0009", euros("59.50"))
    assert sheet.header[26] == "04"


def test_strange_names_and_texts_arrive(world: BooksWorld) -> None:
    """Windows-1252 has no Polish letters, a field no line breaks, and a quotation mark ends none."""
    Party.update(legal_name='Żółć "und" Söhne;\r\n€ GmbH ' + "x" * 80).where(Party.id == world.family["anna"]).execute()
    texts = [row.text for row in exported(world).rows if row.number == "RE-1"]

    assert texts[0].startswith('Rechnung Zó?c "und" Söhne;€ GmbH xxx')


def test_numbers_of_datev_are_asked_for(world: BooksWorld) -> None:
    """Without them the file is nobody's."""
    SellerTerms.update(datev_client="").where(SellerTerms.party == world.alpha).execute()

    with pytest.raises(RuleBroken, match="consultant and client"):
        books.export_of(world.alpha, NOVEMBER, now=NOW)


def test_only_who_manages_the_sellers_money_gets_books(world: BooksWorld) -> None:
    """Neither other roles, nor customers, nor who only works as the seller; a customer has no books."""
    family = world.family
    refused = (family.actor("alpha", Role.SALES), family.actor("anna"), family.actor("north", on_behalf_of="alpha"))
    for actor in refused:
        for ask in (lambda who: books.export(who, NOVEMBER, now=NOW), lambda who: books.look(who, NOVEMBER), books.accounts_page):
            with pytest.raises(NotAllowed):
                ask(actor)
    with pytest.raises(NotFound):
        books.export_of(family["anna"], NOVEMBER, now=NOW)
    assert books.export(family.actor("alpha", Role.BILLING), NOVEMBER, now=NOW).name == "EXTF_Buchungsstapel_55003_2026-11.csv"
    assert books.look(family.actor("north"), NOVEMBER).sums == ()


def test_other_accounts_hold_from_then_on(world: BooksWorld) -> None:
    """And two who change them at once do not overwrite each other."""
    actor = world.family.actor("alpha")
    seen = books.accounts_page(actor).seen
    wanted, broken = read_accounts({"chart": "04", "bank": "1801", "revenue": "4000", "revenue_key": "3", "commission_key": "9"})
    assert not broken
    books.set_accounts(actor, wanted, seen=seen, now=NOW)
    rows = exported(world).rows

    assert {row.counter for row in rows if row.text.startswith("Lastschrift")} == {1801}
    assert {(row.counter, row.key) for row in rows if row.number == "RE-1" and row.text.startswith("Rechnung")} == {
        (4000, "0003")
    }
    with pytest.raises(Conflict):
        books.set_accounts(actor, Accounts(), seen=seen, now=NOW)
    assert books.accounts_of(world.alpha)[AccountRole.BANK] == "1801"


def test_accounts_are_checked() -> None:
    """Each wrong field is named."""
    _accounts, broken = read_accounts({"chart": "99", "bank": "12", "paypal": "0123", "revenue_key": "x"})

    assert {error.field for error in broken} == {"chart", "bank", "paypal", "revenue_key"}


@given(net=st.integers(-10_000_000, 10_000_000))
def test_what_datev_computes_from_the_gross_is_the_vat_of_the_invoice(net: int) -> None:
    """The account takes 19/119 of the gross, and rounds: that must be the cent on the invoice."""
    vat = TaxGroup(TaxRule(TaxCategory.STANDARD, 19), net).vat
    gross = net + vat
    computed = (abs(gross) * 19 * 2 + 119) // (2 * 119) * (1 if gross >= 0 else -1)

    assert computed == vat


def test_months_are_offered_back_to_the_first_invoice(world: BooksWorld) -> None:
    """At least a year of them."""
    world.document("anna", "OLD", 100, 19, on=date(2024, 2, 29))
    offered = books.months(world.family.actor("alpha"), today_month=NOVEMBER)

    assert offered[0] == NOVEMBER
    assert offered[-1] == Month(2024, 2)
    assert len(books.months(world.family.actor("beta"), today_month=NOVEMBER)) == 12
