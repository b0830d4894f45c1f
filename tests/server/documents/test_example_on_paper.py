"""The acceptance example as it leaves the house: real PDFs, to the cent, with all variants, in both languages."""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from server.documents.invoice import invoice_pdf
from server.documents.invoice_xml import zugferd_xml
from server.domain.invoice import Invoice, PaidBy, Payment, cancellation
from server.domain.tax import TaxCategory, TaxFacts, TaxRule
from server.language import speaking
from tests.server.documents import paper_example
from tests.server.documents.en16931 import broken_rules
from tests.server.documents.read_back import amount_after, codes_of, pages_of, read_xml, text, xml_in

AUSTRIAN = replace(
    paper_example.CUSTOMER,
    vat_id="ATU12345678",
    address=replace(paper_example.CUSTOMER.address, postal_code="1010", country="AT"),
)
SWISS = replace(paper_example.CUSTOMER, vat_id="", address=replace(paper_example.CUSTOMER.address, country="CH"))
CONFIRMED = TaxFacts("AT", vat_id_confirmed=date(2026, 10, 1))
TRANSFER = Payment(PaidBy.TRANSFER, date(2026, 12, 15), paper_example.RESELLER.account)
PAYPAL = Payment(PaidBy.PAYPAL, date(2026, 12, 15), link="https://pay.example/RW-2026-00131")


@dataclass(frozen=True, slots=True)
class Expected:
    """What must stand on paper, in cents."""

    invoice: Invoice
    lines: tuple[int, ...]
    sums: tuple[int, int, int]
    """net, VAT, gross"""
    category: str = "S"
    kind: str = "380"


_SECOND = (-542, 1062, 190, 66, 2450)

EXAMPLE = {
    "first": Expected(paper_example.first_invoice(), (1208,), (1208, 230, 1438)),
    "second": Expected(paper_example.second_invoice(), _SECOND, (3226, 613, 3839)),
    "distributor": Expected(paper_example.upstream_invoice("distributor"), (421, 602, 110, 39), (1172, 223, 1395)),
    "operator": Expected(paper_example.upstream_invoice("operator"), (315, 423, 78, 26), (842, 160, 1002)),
    "transfer": Expected(paper_example.second_invoice(payment=TRANSFER), _SECOND, (3226, 613, 3839)),
    "paypal": Expected(paper_example.second_invoice(payment=PAYPAL), _SECOND, (3226, 613, 3839)),
    "austria": Expected(
        paper_example.second_invoice(buyer=AUSTRIAN, recipient_facts=CONFIRMED), _SECOND, (3226, 0, 3226), category="AE"
    ),
    "small": Expected(
        paper_example.second_invoice(issuer_facts=TaxFacts("DE", is_small_business=True)), _SECOND, (3226, 0, 3226), category="E"
    ),
    "switzerland": Expected(
        paper_example.second_invoice(buyer=SWISS, recipient_facts=TaxFacts("CH")), _SECOND, (3226, 0, 3226), category="O"
    ),
    "cancelled": Expected(
        cancellation(paper_example.second_invoice(), number="RW-2026-00132", issued=date(2026, 12, 3), reason="Doppelt"),
        tuple(-one for one in _SECOND),
        (-3226, -613, -3839),
        kind="384",
    ),
    "commission": Expected(paper_example.commission(), (133, 212, 32, 10), (387, 74, 461), kind="389"),
}


@pytest.fixture(scope="module", params=["de", "en"])
def issued(request: pytest.FixtureRequest) -> dict[str, bytes]:
    """Return every PDF of the example in one language."""
    with speaking(request.param):
        return {name: invoice_pdf(one.invoice) for name, one in EXAMPLE.items()}


def test_the_xml_in_every_pdf_has_the_cents_of_the_example(issued: dict[str, bytes]) -> None:
    """The e-invoice rules would let a euro pass."""
    for name, expected in EXAMPLE.items():
        read = read_xml(xml_in(issued[name]))
        net, vat, gross = expected.sums

        assert read.kind == expected.kind, name
        assert tuple(int(one.total * 100) for one in read.lines) == expected.lines, name
        assert tuple(int(one * 100) for one in read.sums) == (net, net, vat, gross, gross), name
        assert [(one[0], int(one[3] * 100)) for one in read.groups] == [(expected.category, vat)], name


def test_every_page_shows_the_same_cents(issued: dict[str, bytes]) -> None:
    """People pay what stands on paper."""
    german = ("Zu zahlender Betrag", "Betrag zu Ihren Gunsten", "Betrag, den wir zahlen")
    english = ("Amount to pay", "Amount in your favour", "Amount that we pay")
    for name, expected in EXAMPLE.items():
        page = pages_of(issued[name])[0]
        net, total = ("Nettobetrag", german) if "Nettobetrag" in page else ("Net ", english)
        [shown] = [one for one in total if one in page]

        assert amount_after(page, net) == expected.sums[0], name
        assert amount_after(page, shown) == expected.sums[2], name


def test_every_xml_keeps_the_rules_of_en_16931(issued: dict[str, bytes], tmp_path: Path) -> None:
    """Recipients' programs refuse what breaks them."""
    assert broken_rules({name: xml_in(pdf) for name, pdf in issued.items()}, tmp_path) == {name: [] for name in issued}


def test_two_rates_are_two_groups_each_rounded_once(tmp_path: Path) -> None:
    """A month's end at which the rate changes: 7.76 at 16 % and 24.50 at 19 %."""
    invoice = paper_example.second_invoice()
    lower = TaxRule(TaxCategory.STANDARD, 16)
    lines = tuple(replace(one, rule=lower) if one.first.month == 11 else one for one in invoice.lines)
    with speaking("en"):
        written = invoice_pdf(replace(invoice, lines=lines))
    page, read = pages_of(written)[0], read_xml(xml_in(written))

    assert [(int(one[1]), int(one[2] * 100), int(one[3] * 100)) for one in read.groups] == [(16, 776, 124), (19, 2450, 466)]
    assert "VAT 16 % on €7.76 €1.24 VAT 19 % on €24.50 €4.66 Amount to pay €38.16" in page
    assert broken_rules({"two": xml_in(written)}, tmp_path) == {"two": []}


def test_the_rules_are_really_tried(tmp_path: Path) -> None:
    """A total that is a euro off, a cancelled invoice's positive price below zero, a VAT id that must not be there."""
    with speaking("de"):
        good = zugferd_xml(paper_example.second_invoice()).decode()
        swiss = zugferd_xml(EXAMPLE["switzerland"].invoice).decode()
    wrong = {
        "total": good.replace(">38.39<", ">39.39<").encode(),
        "price": good.replace(">12.5<", ">-12.5<").encode(),
        "outside": swiss.replace('schemeID="FC"', 'schemeID="VA"').encode(),
    }

    found = broken_rules(wrong, tmp_path)
    assert "BR-CO-15" in " ".join(found["total"])
    assert "BR-27" in " ".join(found["price"])
    assert "BR-O-0" in " ".join(found["outside"])


def test_what_the_law_wants_is_said(issued: dict[str, bytes]) -> None:
    """Without it the recipient cannot deduct VAT, or owes what it does not know of."""
    said = {
        "austria": ("Steuerschuldnerschaft des Leistungsempfängers", "recipient owes the VAT"),
        "small": ("§ 19 UStG", "§ 19 UStG"),
        "switzerland": ("§ 3a UStG", "§ 3a UStG"),
        "cancelled": (
            "stornieren wir die Rechnung RW-2026-00131 vom 01.12.2026",
            "cancels the invoice RW-2026-00131 of 1 Dec 2026",
        ),
        "commission": ("Gutschrift NL-G-2026-0009", "self-billing"),
        "second": (
            "Mandat M-10017-1, Gläubiger-Identifikationsnummer DE98ZZZ09999999999",
            "creditor identifier DE98ZZZ09999999999",
        ),
    }
    for name, sentences in said.items():
        page = pages_of(issued[name])[0]
        assert any(one in page for one in sentences), name


def test_a_cancellation_refers_to_its_invoice_and_has_its_own_number(issued: dict[str, bytes]) -> None:
    """Both are in the books."""
    xml = xml_in(issued["cancelled"])

    assert read_xml(xml).corrects == "RW-2026-00131"
    assert text(etree.fromstring(xml), "//rsm:ExchangedDocument/ram:ID") == "RW-2026-00132"


def test_only_a_transfer_has_a_giro_code_and_it_pays_the_right_sum(issued: dict[str, bytes]) -> None:
    """Who scans it and also has a mandate would pay twice."""
    codes = {name: codes_of(pdf)[0] for name, pdf in issued.items()}
    [giro] = codes.pop("transfer")

    assert codes == {name: [] for name in codes}
    assert giro.splitlines()[:8] == [
        "BCD", "002", "1", "SCT", "SOGEDEFFXXX", "Rheinwerk Systemhaus GmbH", "DE75512108001245126199", "EUR38.39",
    ]  # fmt: skip
    assert "RW-2026-00131" in giro


def test_the_daily_table_shows_each_day_and_the_missing_one(issued: dict[str, bytes]) -> None:
    """The billed number can be argued about."""
    pages = " ".join(pages_of(issued["second"])[1:])

    assert pages.count(" S ") + pages.count(" M ") >= 29
    assert "nicht gemessen" in pages or "not measured" in pages
    assert "480 GB" in pages
    assert "200 GB" in pages


def test_no_document_names_the_number_that_a_partner_has_elsewhere(issued: dict[str, bytes]) -> None:
    """The reseller is P-204 to its distributor; its customers need not know."""
    assert b"P-204" not in xml_in(issued["second"])
    assert b"P-204" in xml_in(issued["distributor"])
