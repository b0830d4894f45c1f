"""What is declared to the tax office: who owes the VAT, by month of delivery, in whole euro."""

import pytest

from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.month import Month
from server.domain.rights import Role
from server.domain.summary_declaration import DeclaredLine, Sale, Span, declared, write_declaration
from server.models.party import Party
from server.services import summary_declaration
from tests.server.family import Family
from tests.server.services.books_world import BooksWorld, day

NOVEMBER, QUARTER = Span(Month(2026, 11), 1), Span(Month(2026, 10), 3)


@pytest.fixture
def world(family: Family) -> BooksWorld:
    """Alpha's November."""
    made = BooksWorld(family)
    made.whole_month()
    return made


def test_a_month_is_declared_by_vat_id(world: BooksWorld) -> None:
    """The cancelled invoice is gone, German customers were never there."""
    made = summary_declaration.declaration(world.family.actor("alpha"), NOVEMBER)

    assert made.lines == (DeclaredLine("ATU12345675", "Axel GmbH", 3226),)
    assert (made.euros, made.lines[0].euros) == (32, 32)


def test_delivery_counts_not_the_invoices_day(world: BooksWorld) -> None:
    """What was delivered in September and invoiced in November belongs to the quarter before."""
    world.invoice("axel", "RE-7", 5050, 0, on=day(25), month="2026-09")

    assert summary_declaration.declaration_of(world.alpha, QUARTER).euros == 32
    assert summary_declaration.declaration_of(world.alpha, Span.parse("2026-Q3")).euros == 51


def test_small_business_and_the_world_outside_declare_nothing(world: BooksWorld) -> None:
    """Their invoices are without VAT for another reason."""
    Party.update(country="CH").where(Party.id == world.family["axel"]).execute()

    assert summary_declaration.declaration_of(world.alpha, NOVEMBER).lines == ()


def test_the_file_is_what_the_import_wants(world: BooksWorld) -> None:
    """Line by line, as Mein ELSTER's help gives it."""
    file = summary_declaration.declaration_file(world.family.actor("alpha"), QUARTER)

    assert file.name == "ZM_2026-Q4.csv"
    assert file.content.decode().split("\r\n") == [
        "#v3.0",
        "Umsatzsteuer-Identifikationsnummer (USt-IdNr.),Summe (Euro),Art der Leistung",
        "ATU12345675,32,S",
        "",
    ]


def test_who_owes_the_tax_needs_a_vat_id(world: BooksWorld) -> None:
    """Else the declaration would be wrong without a word."""
    Party.update(vat_id="").where(Party.id == world.family["axel"]).execute()

    with pytest.raises(RuleBroken, match=r"RE\.2 has no VAT id of Axel"):
        summary_declaration.declaration_of(world.alpha, NOVEMBER)


def test_only_who_manages_the_sellers_money_declares(world: BooksWorld) -> None:
    """And customers have nothing to declare."""
    for actor in (world.family.actor("alpha", Role.SALES), world.family.actor("axel")):
        with pytest.raises(NotAllowed):
            summary_declaration.declaration(actor, NOVEMBER)
    with pytest.raises(NotFound):
        summary_declaration.declaration_of(world.family["axel"], NOVEMBER)
    assert summary_declaration.declaration(world.family.actor("gamma"), NOVEMBER).lines == ()


@pytest.mark.parametrize(("cents", "euros"), [(49, 0), (50, 1), (-50, -1), (149, 1), (150, 2), (-149, -1)])
def test_whole_euro(cents: int, euros: int) -> None:
    """Half a euro goes away from zero; a line that comes to nothing is left out."""
    (line,) = declared([Sale("ATU12345675", "A", "1", cents)])

    assert line.euros == euros
    assert (b"ATU" in write_declaration([line])) == bool(euros)


def test_spans_are_months_or_quarters() -> None:
    """As they are written, and read back."""
    assert [str(Span.parse(text)) for text in ("2026-11", "2026-Q1", "2026-Q4")] == ["2026-11", "2026-Q1", "2026-Q4"]
    assert Span.parse("2026-Q4").months == (Month(2026, 10), Month(2026, 11), Month(2026, 12))
    for wrong in ("2026", "2026-Q5", "2026-13", "2026-q1", "0000-Q1"):
        with pytest.raises(RuleBroken):
            Span.parse(wrong)


def test_one_file_holds_so_many_lines() -> None:
    """More is refused, not cut."""
    lines = [DeclaredLine(f"ATU{number:08}", "A", 100) for number in range(1501)]
    with pytest.raises(RuleBroken, match="1,500 lines"):
        write_declaration(lines)
    assert len(write_declaration(lines[:1500]).split(b"\r\n")) == 1503
