"""CSV files of customers: every line that is wrong is told with line, column and cause; what is written is read again."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.domain.addresses import Address
from server.domain.bank_account import read_account
from server.domain.contacts import ContactDetails
from server.domain.customer_record import CustomerRecord
from server.domain.customer_sheet import MOST_BYTES, MOST_LINES, read_sheet, write_sheet
from server.domain.errors import RuleBroken
from server.domain.seats import Seats

HEADER = (
    "Art;Name;Straße;Hausnummer;PLZ;Ort;Land;E-Mail;USt-IdNr.;IBAN;Kontoinhaber;Ansprechpartner;Arbeitsplätze;Server;PostgreSQL"
)
GOOD = "Firma;Muster GmbH;Hauptstraße;12;10115;Berlin;DE;info@muster.de;DE136695976;DE89370400440532013000;;Anna Muster;3;1;1"
NAMES = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=30).filter(
    lambda text: bool(text.strip())
)
RECORDS = st.builds(
    CustomerRecord,
    st.booleans(),
    NAMES,
    st.builds(Address, NAMES, st.sampled_from(["", "12", "12 a", "3-5"]), st.just("10115"), NAMES),
    st.sampled_from(["", "info@muster.de", "=cmd@muster.de"]),
    st.sampled_from(["", "+49 30 123456"]),
    st.sampled_from(["", "-12/345", "'12"]),
    st.sampled_from(["", "DE136695976"]),
    st.sampled_from([None, read_account("DE89370400440532013000", '@Muster; "GmbH"')]),
    st.sampled_from([(), (ContactDetails("Anna", "Einkauf", "a@muster.de", "+49 30 1"),)]),
    st.builds(
        lambda workstations, servers, agents: Seats.of(workstations, servers, {"mysql": agents}),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
)


def file_of(*lines: str) -> bytes:
    """Return a file as a spreadsheet on Windows saves it."""
    return "\r\n".join((HEADER, *lines, "")).encode("utf-8-sig")


def test_a_line_becomes_a_customer() -> None:
    """The account is the customer's own unless the file says otherwise; its bank is found."""
    sheet = read_sheet(file_of(GOOD))

    assert sheet.complaints == ()
    ((line, record),) = sheet.records
    assert line == 2
    assert record.address == Address("Hauptstraße", "12", "10115", "Berlin")
    assert record.account == read_account("DE89370400440532013000", "Muster GmbH")
    assert record.contacts == (ContactDetails("Anna Muster"),)
    assert record.seats == Seats.of(3, 1, {"postgresql": 1})


def test_every_wrong_cell_is_told_with_line_and_column() -> None:
    """Two in one line, one after a cell of two lines, one with too few cells: all at once, in the order of the file."""
    wrong = (
        GOOD,
        "Firma;Bäcker Blau;Weg;1;1011;Potsdam;DE;info;;DE00370400440532013000;;;x;;",
        '"Firma";"Zwei\nZeilen";Weg;2;14467;Potsdam;DE;;;;;;;;',
        "Verein;Verein e. V.;Weg;3;14467;Potsdam;DE;;DE136695977;;;;;;",
        "Firma;Zu kurz;Weg",
        ";;;;;;;;;;;;;;",
        "Firma;;;4;1;;DE;;;;Jemand;;;;",
    )
    sheet = read_sheet(file_of(*wrong))

    told = [(one.line, one.column, one.cause.field) for one in sheet.complaints]
    assert told == [
        (3, "PLZ", "postal_code"),
        (3, "E-Mail", "email"),
        (3, "IBAN", "iban"),
        (3, "Arbeitsplätze", "workstations"),
        (6, "Art", "kind"),
        (6, "USt-IdNr.", "vat_id"),
        (7, "", ""),
        (9, "Name", "legal_name"),
        (9, "Straße", "street"),
        (9, "PLZ", "postal_code"),
        (9, "Ort", "city"),
        (9, "IBAN", "iban"),
    ]
    assert [line for line, _record in sheet.records] == [2, 4]


def test_a_customer_that_stands_there_twice_is_told() -> None:
    """Whatever the case of its letters."""
    sheet = read_sheet(file_of(GOOD, GOOD.replace("Muster GmbH", "MUSTER GMBH"), GOOD.replace("12;10115", "14;10115")))

    assert [(one.line, one.cause.facts) for one in sheet.complaints] == [(3, {"first": 2})]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"\r\n\r\n", "empty"),
        (b"PK\x03\x04\x00\x00", "no CSV"),
        ("Name;Straße;PLZ\r\nA;B;C".encode(), "Ort"),
        ("Name;Straße;PLZ;Ort;Schuhgröße".encode(), "Schuhgröße"),
        ("Name;Straße;PLZ;Ort;name".encode(), "twice"),
        (f'{HEADER}\n{GOOD}\n"offen;'.encode(), "line 3"),
        (b"x" * (MOST_BYTES + 1), "5 MB"),
        ("\n".join(["Name;Straße;PLZ;Ort"] + ["A;B;C;D"] * (MOST_LINES + 1)).encode(), str(MOST_LINES)),
    ],
)
def test_what_is_no_file_of_customers_is_refused_as_a_whole(data: bytes, word: str) -> None:
    """A workbook, a column too many or too few, a quotation mark that never ends, a flood."""
    with pytest.raises(RuleBroken, match=word) as caught:
        read_sheet(data)

    assert caught.value.field == "file"


@pytest.mark.parametrize("divider", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_files_of_every_spreadsheet_are_read(divider: str, encoding: str) -> None:
    """Also with English columns, in another order."""
    text = "Town;Name;Street;Postal code\nKöln;Bäcker;Große Straße;50667\n".replace(";", divider)

    ((_line, record),) = read_sheet(text.encode(encoding)).records
    assert (record.legal_name, record.address) == ("Bäcker", Address("Große Straße", "", "50667", "Köln"))


@given(st.lists(RECORDS, max_size=5, unique_by=lambda record: record.likeness), st.sampled_from(["de", "en"]))
@example([CustomerRecord(False, "=1+1", Address("'t Hart", "", "10115", "+Berlin"))], "de")
def test_what_is_written_is_read_again(records: list[CustomerRecord], language: str) -> None:
    """Whatever the signs in it."""
    sheet = read_sheet(write_sheet(records, language=language))

    assert sheet.complaints == ()
    assert [record for _line, record in sheet.records] == records


@given(st.lists(RECORDS, min_size=1, max_size=3))
def test_no_cell_is_a_formula(records: list[CustomerRecord]) -> None:
    """A spreadsheet executes cells that begin with one of these."""
    text = write_sheet(records, language="en").decode("utf-8-sig")

    assert not any(cell.strip('"').startswith(("=", "+", "-", "@")) for line in text.splitlines() for cell in line.split(";"))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """They are refused, or every line is."""
    with suppress(RuleBroken):
        assert read_sheet(data).records == ()


@given(st.text(max_size=200))
def test_no_line_breaks_the_reader(line: str) -> None:
    """Under a right header."""
    with suppress(RuleBroken):
        assert all(one.line >= 2 for one in read_sheet(file_of(line)).complaints)
