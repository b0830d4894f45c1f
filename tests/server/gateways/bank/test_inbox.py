"""What the bank delivers: read to the cent, or refused as a whole."""

import io
import warnings
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from mockbank import schema

from server.domain.debits import DebitBatch
from server.domain.statement import Direction, Statement, StatementKind, StatusReport
from server.gateways.bank import unpack
from server.gateways.bank.inbox import read_bank_file
from server.gateways.bank.pain008 import write_pain008
from server.gateways.bank.refused import BankFileRefused
from tests.server.gateways.bank.messages import Booking, Payment, Told, notice, statement
from tests.server.gateways.bank.samples import CREDITOR_IBAN, DEBTOR_IBANS, MONDAY, debit, file_of
from tests.server.gateways.bank.simulator import Bank

LATER = date(2026, 11, 9)


def busy_bank() -> Bank:
    """Return a bank that has done all it can: a batch, a return, a charge apart, a transfer, a reject."""
    bank = Bank()
    bank.take(write_pain008(file_of(debit(1, 1438), debit(2, 2000, iban=DEBTOR_IBANS[1]), debit(3, 500))))
    bank.reject("R-000003-1")
    bank.settle(MONDAY)
    bank.send_back("R-000001-1", LATER)
    bank.send_back("R-000002-1", LATER, apart=True)
    bank.transfer(LATER, 777, "Ümit Straßer", DEBTOR_IBANS[2], "Rechnung R-2026-0001")
    return bank


def statements(*files: bytes) -> list[Statement]:
    """Return the statements and notices in some files."""
    return [told for xml in files for told in read_bank_file("x.xml", xml) if isinstance(told, Statement)]


def zipped(**files: bytes) -> bytes:
    """Return a ZIP archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("_", "."), data)
    return packed.getvalue()


def test_the_simulated_bank_writes_what_banks_write() -> None:
    """Else the other tests would prove nothing. The judge is of another maker."""
    bank = busy_bank()

    for message in (bank.statement(MONDAY), bank.statement(LATER), bank.notice(LATER), bank.notice(MONDAY), *bank.report(MONDAY)):
        root = etree.fromstring(message)
        assert [one for one in schema.check(schema.identify(root), root) if one.level == "error"] == []


def test_a_statement_is_read_to_the_cent() -> None:
    """A batch as one sum, returns with their charge, within or apart, a transfer."""
    bank = busy_bank()
    (batch,), (returned, alone, charge, transfer) = (
        one.entries for one in statements(bank.statement(MONDAY), bank.statement(LATER))
    )

    assert (batch.cents, batch.direction, batch.payment_id, batch.count, batch.details) == (
        3438,
        Direction.CREDIT,
        "GDP-000001-1",
        2,
        (),
    )
    assert (returned.cents, returned.direction, returned.family) == (1738, Direction.DEBIT, "PMNT/IDDT/UPDD")
    (detail,) = returned.details
    assert (detail.instructed_cents, detail.charges, detail.return_code) == (1438, 300, "MS03")
    assert (detail.end_to_end_id, detail.mandate, detail.iban) == ("R-000001-1", "M-000001", DEBTOR_IBANS[0])
    assert [(one.cents, one.details[0].charges) for one in (alone, charge)] == [(2000, 0), (300, 0)]
    assert (transfer.cents, transfer.details[0].text, transfer.details[0].name) == (777, "Rechnung R-2026-0001", "Ümit Straßer")
    assert transfer.details[0].end_to_end_id == ""  # the bank wrote NOTPROVIDED


def test_an_archive_gives_its_messages_in_order() -> None:
    """Whatever kinds they are."""
    bank = busy_bank()
    packed = zipped(a_xml=bank.statement(MONDAY), b_xml=bank.notice(MONDAY), c_XML=bank.report(MONDAY)[0])

    first, second, third = read_bank_file("archive.zip", packed)

    assert isinstance(first, Statement)
    assert isinstance(second, Statement)
    assert isinstance(third, StatusReport)
    assert (first.kind, second.kind) == (StatementKind.STATEMENT, StatementKind.NOTICE)
    assert third.original_message_id == "GDP-000001"
    assert [(one.end_to_end_id, one.status, one.reason) for one in third.batches[0].debits] == [("R-000003-1", "RJCT", "AC04")]


def test_a_report_tells_of_each_batch_its_own() -> None:
    """Two days, a reject in each."""
    one_day = file_of(debit(1, 1438))
    two_days = replace(one_day, batches=(*one_day.batches, DebitBatch("GDP-2", LATER, (debit(2, 500),))))
    bank = Bank()
    bank.take(write_pain008(two_days))
    bank.reject("R-000001-1", "AC04")
    bank.reject("R-000002-1", "MD01")

    (told,) = read_bank_file("p.xml", bank.report(MONDAY)[0])

    assert isinstance(told, StatusReport)
    assert [(one.payment_id, [(debit.end_to_end_id, debit.reason) for debit in one.debits]) for one in told.batches] == [
        ("GDP-000001-1", [("R-000001-1", "AC04")]),
        ("GDP-2", [("R-000002-1", "MD01")]),
    ]


def test_a_booking_told_again_has_its_key() -> None:
    """In the same statement, in a copy of it, in a notice."""
    bank = busy_bank()
    told = [bank.statement(LATER), bank.statement(LATER), bank.statement(LATER, copy=True), bank.notice(LATER)]

    keys = [[one.key for one in message.entries] for message in statements(*told)]

    assert keys == [keys[0]] * 4
    assert len(set(keys[0])) == 4


def _twins(number: str, reference: str) -> bytes:
    paid = Payment(1000, "Meier", DEBTOR_IBANS[1], "Danke")
    booking = Booking(MONDAY, 1000, reference, ("RCDT", "ESCT"), "NTRF+166+9", (paid,))
    return statement(number, CREDITOR_IBAN, MONDAY, 0, [booking, booking])


@pytest.mark.parametrize("reference", ["", "NONREF", "B1"])
def test_two_who_pay_alike_on_one_day_stay_two(reference: str) -> None:
    """With a reference or without; and the same statement again brings no third."""
    first, again = ([one.key for one in told.entries] for told in statements(*[_twins("7", reference)] * 2))

    assert len(set(first)) == 2
    assert first == again


def test_without_a_reference_the_next_statement_tells_other_bookings() -> None:
    """The same payer pays the same each day."""
    first, second = statements(_twins("7", ""), _twins("8", ""))

    assert {one.key for one in first.entries}.isdisjoint(one.key for one in second.entries)


def _changed(old: bytes, new: bytes) -> bytes:
    xml = busy_bank().statement(LATER)
    assert old in xml
    return xml.replace(old, new, 1)


LAUGHS = b'<!DOCTYPE Document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = b'<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
HEAD = b"<Document "


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no well-formed XML"),
        (b"%PDF-1.7", "no well-formed XML"),
        (b":20:STARTUMS\r\n:25:", "MT940"),
        (b"<html/>", "no ISO 20022 message"),
        (write_pain008(file_of(debit(1, 1))), "pain.008.001.08"),
        (_changed(b"camt.053.001.08", b"camt.053.001.02"), "camt.053.001.02"),
        (_changed(HEAD, LAUGHS + HEAD), "document type"),
        (_changed(HEAD, OUTSIDE + HEAD), "document type"),
        (_changed(HEAD, b"<!DOCTYPE Document>" + HEAD), "document type"),
        (_changed(b"Rechnung", b"&nbsp;"), "no well-formed XML"),
        (busy_bank().statement(LATER)[:-200], "no well-formed XML"),
        (_changed(b">17.38<", b">17.39<"), "does not add up"),
        (_changed(b">17.38<", b">17,38<"), "an amount that is none"),
        (_changed(b">17.38<", b">-17.38<"), "an amount that is none"),
        (_changed(b">17.38<", b">17.385<"), "an amount that is none"),
        (_changed(b">17.38<", ">١٧.٣٨<".encode()), "an amount that is none"),
        (_changed(b">17.38<", b">" + b"9" * 5000 + b"<"), "an amount that is none"),
        (_changed(b"Rechnung", b"<a>" * 300), "no well-formed XML"),
        (_changed(b"Rechnung", b"A" * 11_000_000), "no well-formed XML"),
        (_changed(b"<BookgDt><Dt>2026-11-09<", b"<BookgDt><Dt>2026-11-31<"), "a date that is none"),
        (_changed(b"DBIT", b"SOLL"), "neither credit nor debit"),
        (_changed(b"<IBAN>DE89370400440532013000</IBAN>", b""), "without a number or an account"),
        (b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt/></Document>', "no statement"),
        (busy_bank().report(LATER)[0].replace(b"OrgnlMsgId>", b"Other>"), "which file"),
        (busy_bank().report(LATER)[0].replace(b"OrgnlEndToEndId>", b"Other>"), "does not name"),
        (busy_bank().report(LATER)[0].replace(b"OrgnlPmtInfId>", b"Other>"), "does not name"),
    ],
)  # fmt: skip
def test_what_cannot_be_trusted_is_refused_and_said_so(data: bytes, said: str) -> None:
    """With the file's name; nothing of it is taken."""
    with pytest.raises(BankFileRefused) as refused:
        read_bank_file("inbox/file.xml", data)

    assert said in str(refused.value)
    assert len(str(refused.value)) < 250
    assert "inbox/file.xml" in str(refused.value)


def test_files_outside_are_not_read_even_without_the_refusal() -> None:
    """A message must not be able to show what lies on this computer."""
    with pytest.raises(BankFileRefused) as refused:
        read_bank_file("x.xml", _changed(HEAD, OUTSIDE + HEAD).replace(b"Rechnung", b"&a;"))

    assert "root:" not in str(refused.value)


def test_nothing_is_included_and_no_number_is_too_large() -> None:
    """What an XInclude points at stays where it is; a count of thousands of digits is no count."""
    include = b'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
    bank = busy_bank()
    (told,) = statements(bank.statement(MONDAY).replace(b"<NbOfTxs>2<", b"<NbOfTxs>" + b"9" * 5000 + b"<"))
    (included,) = statements(_changed(b"Rechnung", include))

    assert told.entries[0].count is None
    assert "root:" not in repr(included)


def test_an_archive_is_taken_whole_or_not_at_all() -> None:
    """One damaged file in it refuses all, by its name."""
    with pytest.raises(BankFileRefused, match=r"day\.zip/b\.xml"):
        read_bank_file("day.zip", zipped(a_xml=busy_bank().statement(MONDAY), b_xml=b"<Document"))


def _damaged() -> bytes:
    data = bytearray(zipped(a_xml=busy_bank().statement(LATER)))
    data[200] ^= 0xFF
    return bytes(data)


def _encrypted() -> bytes:
    data = bytearray(zipped(a_xml=b"<a/>"))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (zipped(), "empty ZIP"),
        (zipped(readme_txt=b"hello"), "no XML file"),
        (zipped(inner_zip=zipped(a_xml=b"<a/>")), "no XML file"),
        (_damaged(), "damaged ZIP"),
        (_encrypted(), "encrypted"),
        (zipped(a_xml=busy_bank().statement(LATER))[:-30], "damaged ZIP"),
        (b"PK\x03\x04 and then nothing", "damaged ZIP"),
    ],
)
def test_archives_that_are_none_are_refused(data: bytes, said: str) -> None:
    """By what they are, not by what they are called."""
    with pytest.raises(BankFileRefused, match=said):
        read_bank_file("day.xml", data)


def test_a_bomb_is_stopped_while_it_unpacks(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a header says about the size is not believed, and all files of an archive share one limit."""
    monkeypatch.setattr(unpack, "MOST_XML_BYTES", 3 * 2**20)
    one = zipped(a_xml=b" " * 2**22)
    lying = bytearray(one)
    for start in (lying.index(b"PK\x03\x04") + 22, lying.index(b"PK\x01\x02") + 24):
        lying[start : start + 4] = (100).to_bytes(4, "little")

    padded = busy_bank().statement(MONDAY) + b" " * 2**21
    for bomb in (one, zipped(a_xml=padded, b_xml=padded)):
        with pytest.raises(BankFileRefused, match="larger than 3 MiB"):
            read_bank_file("bomb.zip", bomb)
    with pytest.raises(BankFileRefused):
        read_bank_file("bomb.zip", bytes(lying))


def test_limits_hold_for_plain_files_and_for_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its own message."""
    monkeypatch.setattr(unpack, "MOST_FILES", 2)
    with pytest.raises(BankFileRefused, match="holds 3 files"):
        read_bank_file("x.zip", zipped(a_xml=b"", b_xml=b"", c_xml=b""))
    monkeypatch.setattr(unpack, "MOST_PACKED_BYTES", 10)
    with pytest.raises(BankFileRefused, match="larger"):
        read_bank_file("x.zip", zipped(a_xml=b""))
    monkeypatch.setattr(unpack, "MOST_XML_BYTES", 10)
    with pytest.raises(BankFileRefused, match="larger"):
        read_bank_file("x.xml", b"<a>         </a>")


@settings(max_examples=300)
@given(st.data())
def test_damage_anywhere_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    """A line that garbles a file must not stop the import of the others."""
    bank = busy_bank()
    whole = data.draw(st.sampled_from([bank.statement(LATER), bank.report(LATER)[0], zipped(a_xml=bank.statement(LATER))]))
    at = data.draw(st.integers(0, len(whole) - 1))
    put = data.draw(st.binary(max_size=4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            messages = read_bank_file("x.xml", whole[:at] + put + whole[at + data.draw(st.integers(0, 4)) :])
        except BankFileRefused:
            return

    assert messages


def test_pages_of_a_statement_need_not_add_up_alone() -> None:
    """A page ends in the middle; its bookings keep keys of their own."""
    page = b"<StmtPgntn><PgNb>%d</PgNb><LastPgInd>%s</LastPgInd></StmtPgntn>"
    whole = _twins("7", "").replace(b">20.00<", b">1.00<", 1)
    pages = [whole.replace(b"</Id><CreDtTm>", b"</Id>" + page % told + b"<CreDtTm>", 1) for told in ((1, b"false"), (2, b"true"))]

    assert [(one.opening, one.closing) for one in statements(*pages)] == [(0, None), (None, 100)]
    keys = [one.key for told in statements(*pages) for one in told.entries]
    assert len(set(keys)) == 4


def test_a_statement_that_is_missing_shows() -> None:
    """By the balance at which the next one begins; a page or a notice says nothing."""
    bank = busy_bank()
    between = date(2026, 11, 5)
    bank.transfer(between, 100, "Meier", DEBTOR_IBANS[1], "Danke")
    first, second, third = statements(*map(bank.statement, (MONDAY, between, LATER)))

    assert (first.opening, first.closing) == (100_000, 103_438)
    assert second.continues(first.closing)
    assert third.continues(second.closing)
    assert not third.continues(first.closing)
    assert third.continues(None)
    assert statements(bank.notice(LATER))[0].continues(first.closing)


def test_a_notice_of_a_sum_tells_its_payments() -> None:
    """Each with its amount and names; the sum stands beside them."""
    (told,) = statements(busy_bank().notice(MONDAY))

    assert [(one.cents, one.end_to_end_id) for one in told.entries[0].details] == [(1438, "R-000001-1"), (2000, "R-000002-1")]


def test_told_kinds_are_all_read() -> None:
    """A sum without any name has none; pending bookings are marked."""
    booking = Booking(MONDAY, 3438, "B1", ("IDDT", "ESDD"), "NDDT+192+9", (), told=Told.BARE_SUM)
    pending = notice("N1", CREDITOR_IBAN, MONDAY, [booking]).replace(b"<Cd>BOOK<", b"<Cd>PDNG<")
    (told,) = statements(pending)

    (entry,) = told.entries
    assert (entry.is_booked, entry.payment_id, entry.count, entry.details) == (False, "", None, ())
