"""The files of debits: valid, readable for somebody who did not write them, and the same whenever they are made."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from mockbank.validate import validate

from server.domain.debits import Debit, DebitBatch, DebitFile
from server.domain.errors import RuleBroken
from server.domain.mandate import Scheme
from server.gateways.bank.latin import latin
from server.gateways.bank.pain008 import write_pain008
from server.gateways.bank.refused import BankFileRefused
from tests.server.gateways.bank.samples import CREDITOR, DEBTOR_IBANS, MADE, MONDAY, TOWN, debit, file_of
from tests.server.gateways.bank.simulator import Bank

TUESDAY = date(2026, 11, 3)
SEPA = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-?:().,'+ ")


def test_a_file_says_what_it_is_given_and_nothing_that_was_drawn() -> None:
    """Identifiers are ours, so that the bank's answers are understood; sums are right; the first debit is RCUR as well."""
    file = DebitFile(
        "GDP-7", MADE, CREDITOR, Scheme.B2B,
        (DebitBatch("GDP-7-1", MONDAY, (debit(1, 1438), debit(2, 2000))), DebitBatch("GDP-7-2", TUESDAY, (debit(3, 7),))),
    )  # fmt: skip

    document = etree.fromstring(write_pain008(file))

    def texts(name: str) -> list[str]:
        return [one.text or "" for one in document.iter("{*}" + name)]

    assert document.nsmap[None] == "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
    assert (texts("MsgId"), texts("CreDtTm")) == (["GDP-7"], ["2026-10-30T14:05:09+00:00"])
    assert texts("PmtInfId") == ["GDP-7-1", "GDP-7-2"]
    assert texts("ReqdColltnDt") == ["2026-11-02", "2026-11-03"]
    assert texts("EndToEndId") == ["R-000001-1", "R-000002-1", "R-000003-1"]
    assert (texts("NbOfTxs"), texts("CtrlSum")) == (["3", "2", "1"], ["34.45", "34.38", "0.07"])
    assert texts("InstdAmt") == ["14.38", "20.00", "0.07"]
    assert (set(texts("SeqTp")), set(texts("BtchBookg"))) == ({"RCUR"}, {"true"})
    assert [one.text for one in document.iterfind(".//{*}LclInstrm/{*}Cd")] == ["B2B", "B2B"]


def test_the_same_file_is_the_same_bytes() -> None:
    """Nothing depends on the clock or on chance."""
    assert write_pain008(file_of(debit(1, 1438))) == write_pain008(file_of(debit(1, 1438)))


def test_addresses_are_structured_and_umlauts_written_out() -> None:
    """Banks refuse free lines of address, and letters that they do not know."""
    document = etree.fromstring(write_pain008(file_of(debit(1, 1438))))

    debtor = document.find(".//{*}Dbtr")
    assert debtor is not None
    assert [(etree.QName(one).localname, one.text) for one in debtor.iter() if (one.text or "").strip()] == [
        ("Nm", "Juergen Gross"), ("StrtNm", "Koenigsallee"), ("BldgNb", "12a"), ("PstCd", "40212"), ("TwnNm", "Duesseldorf"),
        ("Ctry", "DE"),
    ]  # fmt: skip
    assert document.findtext(".//{*}Cdtr/{*}Nm") == "Systemhaus Mueller + Soehne GmbH"


def test_a_bank_of_another_maker_reads_it_without_a_complaint() -> None:
    """Its only remark is that our day is past for it."""
    remarks = validate(write_pain008(file_of(debit(1, 1438), debit(2, 2000, iban=DEBTOR_IBANS[2]))))

    assert {one.path.rpartition("/")[2] for one in remarks} <= {"ReqdColltnDt"}
    assert {one.level for one in remarks} <= {"warning"}


@settings(max_examples=40)
@given(st.lists(st.integers(1, 99_999_999_999), min_size=1, max_size=6), st.text(max_size=200), st.text(max_size=200))
def test_whatever_debtors_are_called_the_file_is_valid_or_refused(cents: list[int], name: str, text: str) -> None:
    """Never something that the bank rejects as a whole. What it reads is what was meant, to the cent."""
    debits = [replace(debit(number, one), name=name, text=text) for number, one in enumerate(cents)]
    bank = Bank()
    try:
        exported = write_pain008(file_of(*debits))
    except BankFileRefused:
        assert not latin(name, 70).strip(".") or not latin(text, 140).strip(".")
        return
    bank.take(exported)

    assert [one.cents for one in bank.batches[0].payments.values()] == cents
    assert all(set(one.name + one.text) <= SEPA for one in bank.batches[0].payments.values())


@given(st.text(max_size=300), st.integers(1, 140))
def test_text_for_banks_holds_only_their_letters(text: str, most: int) -> None:
    """And none too many; once written so, it stays so."""
    written = latin(text, most)

    assert set(written) <= SEPA
    assert len(written) <= most
    assert written == written.strip(" /")
    assert latin(written, most) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Äpfel & Öl, Straße 5", "Aepfel + Oel, Strasse 5"),
        ("Łukasz  Dvořák\n\tÇelik", "Lukasz Dvorak Celik"),
        ("Smørrebrød – „Bar“ A//B/", "Smoerrebroed - 'Bar' A/B"),
        ("a\u0308", "ae"),
        ("東京 GmbH", ".. GmbH"),
        ("info@example.org_1", "info(at)example.org-1"),
    ],
)
def test_letters_are_written_as_germans_would(text: str, written: str) -> None:
    """A holder must recognize its name."""
    assert latin(text, 70) == written


@pytest.mark.parametrize(
    "file",
    [
        file_of(debit(1, 1438, iban="DE02120300000000202052")),
        file_of(debit(1, 1438, iban="DE02 1203 0000 0000 2020 51")),
        replace(file_of(debit(1, 1438)), creditor=replace(CREDITOR, creditor_id="DE97ZZZ09999999999")),
        replace(file_of(debit(1, 1438)), creditor=replace(CREDITOR, name="東京")),
        replace(file_of(debit(1, 1438)), creditor=replace(CREDITOR, bic="nonsense")),
        file_of(replace(debit(1, 1438), address=replace(TOWN, city="東京"))),
    ],
)
def test_what_the_bank_would_reject_is_not_written(file: DebitFile) -> None:
    """Wrong check digits, spaces, a name or a town of which nothing is left, a BIC that is none."""
    with pytest.raises(BankFileRefused):
        write_pain008(file)


@pytest.mark.parametrize("account", ["DE02120300000000202052", "DE02 1203 0000 0000 2020 51"])
def test_an_account_is_not_in_the_message_that_refuses_it(account: str) -> None:
    """Only its ends are: messages may be logged."""
    with pytest.raises(BankFileRefused, match="no IBAN") as refused:
        write_pain008(file_of(debit(1, 1438, iban=account)))

    assert account[:4] in str(refused.value)
    assert "0000" not in str(refused.value)


@pytest.mark.parametrize("cents", [0, -1, 100_000_000_000])
def test_a_debit_is_more_than_nothing_and_not_more_than_the_scheme_allows(cents: int) -> None:
    """Refused where it is made."""
    with pytest.raises(RuleBroken):
        debit(1, cents)


@pytest.mark.parametrize("name", ["", "/R-1", "R-1/", "R//1", " R-1", "R_1", "Ä-1", "R" * 36])
def test_identifiers_are_those_that_banks_carry(name: str) -> None:
    """Any other would come back changed, or not at all."""
    with pytest.raises(RuleBroken):
        replace(debit(1, 100), end_to_end_id=name)
    with pytest.raises(RuleBroken):
        replace(debit(1, 100), mandate=name or "M 1")


@pytest.mark.parametrize(
    "debits", [(), (debit(1, 100), debit(1, 200))], ids=["none", "twins"]
)  # fmt: skip
def test_no_file_without_debits_or_with_twins(debits: tuple[Debit, ...]) -> None:
    """Two debits of one name could not be told apart."""
    with pytest.raises(RuleBroken):
        file_of(*debits)


def test_nothing_falls_due_on_a_day_without_settlement() -> None:
    """The bank would move it, and the debtor was told another day."""
    with pytest.raises(RuleBroken):
        file_of(debit(1, 100), due=date(2026, 11, 1))
