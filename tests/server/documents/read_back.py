"""Reads what was issued, by nothing that wrote it: XML by its paths, PDF by its text and its codes."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from io import BytesIO

import pikepdf
import pypdfium2
import zxingcpp
from lxml import etree

_NAMES = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}
_AMOUNT = re.compile(r"[−-]?(?:€[\d,]+\.\d{2}|[\d.]+,\d{2}\s€)")


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One line of the XML."""

    quantity: Decimal
    unit: str
    price: Decimal
    price_for: Decimal
    total: Decimal

    @property
    def exact(self) -> Fraction:
        """Quantity times price, before it is rounded."""
        return Fraction(self.quantity) * Fraction(self.price) / Fraction(self.price_for)


@dataclass(frozen=True, slots=True)
class ReadInvoice:
    """The XML's figures."""

    kind: str
    lines: tuple[ReadLine, ...]
    groups: tuple[tuple[str, Decimal, Decimal, Decimal], ...]
    """category, percent, basis, tax"""
    sums: tuple[Decimal, ...]
    """lines, basis, tax, gross, due"""
    corrects: str


def read_xml(xml: bytes) -> ReadInvoice:
    """Return what an XML says."""
    root = etree.fromstring(xml)
    settlement = "//ram:ApplicableHeaderTradeSettlement"
    lines = root.xpath("//ram:IncludedSupplyChainTradeLineItem", namespaces=_NAMES)
    groups = root.xpath(f"{settlement}/ram:ApplicableTradeTax", namespaces=_NAMES)
    total = f"{settlement}/ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram"
    names = ("LineTotalAmount", "TaxBasisTotalAmount", "TaxTotalAmount", "GrandTotalAmount", "DuePayableAmount")
    return ReadInvoice(
        kind=text(root, "//rsm:ExchangedDocument/ram:TypeCode"),
        lines=tuple(_line(one) for one in lines),
        groups=tuple(_group(one) for one in groups),
        sums=tuple(Decimal(text(root, f"{total}:{name}")) for name in names),
        corrects=text(root, f"{settlement}/ram:InvoiceReferencedDocument/ram:IssuerAssignedID"),
    )


def text(node: etree._Element, path: str) -> str:
    """Return the text at a path, empty where nothing is."""
    found = node.xpath(path, namespaces=_NAMES)
    return (found[0].text or "") if found else ""


def xml_in(pdf: bytes) -> bytes:
    """Return the one XML that lies in a PDF."""
    with pikepdf.open(BytesIO(pdf)) as opened:
        [name] = opened.attachments
        assert name == "factur-x.xml"
        return opened.attachments[name].get_file().read_bytes()


def pages_of(pdf: bytes) -> list[str]:
    """Return the text of each page, blanks of any kind as one."""
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in pypdfium2.PdfDocument(pdf)]


def codes_of(pdf: bytes, dpi: int = 200) -> list[list[str]]:
    """Return what the QR codes on each page say."""
    pictures = [page.render(scale=dpi / 72).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    return [[one.text for one in zxingcpp.read_barcodes(picture)] for picture in pictures]


def amount_after(page: str, name: str) -> int:
    """Return the cents that follow a name on a page."""
    found = _AMOUNT.search(page, page.index(name) + len(name))
    assert found is not None, name
    return cents(found[0])


def cents(shown: str) -> int:
    """Return the cents of an amount as either language shows it."""
    digits = re.sub(r"\D", "", shown)
    return -int(digits) if shown[0] in "−-" else int(digits)


def _line(item: etree._Element) -> ReadLine:
    quantity = item.find(".//ram:BilledQuantity", _NAMES)
    assert quantity is not None
    return ReadLine(
        quantity=Decimal(quantity.text or ""),
        unit=quantity.get("unitCode") or "",
        price=Decimal(text(item, ".//ram:NetPriceProductTradePrice/ram:ChargeAmount")),
        price_for=Decimal(text(item, ".//ram:NetPriceProductTradePrice/ram:BasisQuantity")),
        total=Decimal(text(item, ".//ram:LineTotalAmount")),
    )


def _group(group: etree._Element) -> tuple[str, Decimal, Decimal, Decimal]:
    return (
        text(group, "ram:CategoryCode"),
        Decimal(text(group, "ram:RateApplicablePercent") or 0),
        Decimal(text(group, "ram:BasisAmount")),
        Decimal(text(group, "ram:CalculatedAmount")),
    )
