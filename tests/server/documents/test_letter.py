"""The letter: where DIN 5008 wants things, a file for archives, and nothing from strangers."""

import re
from dataclasses import replace
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from server.documents.invoice import invoice_pdf
from server.documents.letter import _OwnFiles
from server.documents.order_form import order_form
from server.documents.pictures import LOGO_MAX_BYTES, checked_logo
from server.domain.errors import RuleBroken
from server.domain.invoice import Invoice
from server.domain.paper import Brand
from server.language import speaking
from tests.server.documents import paper_example
from tests.server.documents.read_back import pages_of

MM = 72 / 25.4
PAGE_HEIGHT = 297 * MM


def place(page: pypdfium2.PdfPage, text: str) -> tuple[float, float]:
    """Return where a text begins: millimetres from the left and from the top of the paper."""
    textpage = page.get_textpage()
    found = textpage.search(text).get_next()
    assert found is not None, text
    left, _bottom, _right, top = textpage.get_charbox(found[0])
    return left / MM, (PAGE_HEIGHT - top) / MM


def branded(brand: Brand) -> Invoice:
    """Return the second invoice in a reseller's dress."""
    return paper_example.second_invoice(seller=replace(paper_example.RESELLER, brand=brand))


def logo(width: int = 300, height: int = 100, kind: str = "PNG") -> bytes:
    """Return a picture."""
    written = BytesIO()
    Image.new("RGB", (width, height), "#8A1C3B").save(written, kind)
    return written.getvalue()


def test_window_and_information_block_are_where_din_5008_wants_them() -> None:
    """The address must show in the window: 20 to 105 mm from the left, 45 to 90 mm from the top; text from 98.5 mm."""
    with speaking("de"):
        page = pypdfium2.PdfDocument(invoice_pdf(paper_example.second_invoice()))[0]

    left, top = place(page, "Rheinwerk Systemhaus GmbH ·")
    assert 20 <= left <= 26
    assert 45 <= top <= 62.7
    left, top = place(page, "Tischlerei")
    assert 24.5 <= left <= 26
    assert 62.7 <= top <= 66
    assert place(page, "50667 Köln")[1] < 88
    left, top = place(page, "DE123456789")
    assert left > 105
    assert 50 <= top <= 97
    assert place(page, "Rechnung RW")[1] > 98


def test_folding_marks_are_where_the_paper_is_folded_and_punched() -> None:
    """105 and 210 mm from the top, the hole mark between at 148.5, all left of the text, on the first page alone."""
    with speaking("de"):
        first, second = pypdfium2.PdfDocument(invoice_pdf(paper_example.second_invoice()))

    assert _marked_rows(first) == [105.0, 148.5, 210.0]
    assert _marked_rows(second) == []


def _marked_rows(page: pypdfium2.PdfPage) -> list[float]:
    """Return at which millimetres from the top something is drawn between 5 and 9 mm from the left edge."""
    picture = page.render(scale=254 / 72).to_pil().convert("L")  # ten pixels a millimetre
    rows = [row for row in range(picture.height) if max(picture.crop((52, row, 88, row + 1)).tobytes()) < 245]
    starts = [row for row in rows if row - 1 not in rows]
    return [round(row / 10 * 2) / 2 for row in starts]


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_page_says_which_of_how_many_it_is(language: str) -> None:
    """A sheet that is missing is noticed."""
    with speaking(language):
        pages = pages_of(order_form(paper_example.order()))
    word = {"de": "Seite {0} von {1}", "en": "Page {0} of {1}"}[language]

    assert len(pages) == 5
    for number, page in enumerate(pages, 1):
        assert word.format(number, 5) in page


@pytest.mark.parametrize("what", ["invoice", "order"])
def test_the_file_is_made_for_archives(what: str) -> None:
    """PDF/A-3b: fonts in it, one colour profile, metadata that say so, no encryption, tagged and in a language."""
    with speaking("de"):
        written = invoice_pdf(paper_example.second_invoice()) if what == "invoice" else order_form(paper_example.order())

    with pikepdf.open(BytesIO(written)) as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode()
        fonts = [font for page in pdf.pages for font in page.Resources.Font.values()]
        descriptors = [
            font.DescendantFonts[0].FontDescriptor if "/DescendantFonts" in font else font.FontDescriptor for font in fonts
        ]

        assert not pdf.is_encrypted
        assert re.search(r'pdfaid:part(?:>|=")3', metadata)
        assert re.search(r'pdfaid:conformance(?:>|=")B', metadata)
        assert [str(one.S) for one in pdf.Root.OutputIntents] == ["/GTS_PDFA1"]
        assert fonts
        assert all("/FontFile2" in one or "/FontFile3" in one for one in descriptors)
        assert all("GDP-Paper" in str(font.BaseFont) for font in fonts)
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).startswith("de")
        assert not any(name in pdf.Root for name in ("/AcroForm", "/OpenAction", "/AA"))


def test_an_invoice_names_its_xml_as_zugferd_wants() -> None:
    """One file, associated with the document, and said so in the metadata."""
    with speaking("de"):
        written = invoice_pdf(paper_example.second_invoice())

    with pikepdf.open(BytesIO(written)) as pdf:
        metadata = pdf.Root.Metadata.read_bytes().decode()
        [associated] = pdf.Root.AF

        assert str(associated.AFRelationship) == "/Alternative"
        assert str(associated.UF) == "factur-x.xml"
        assert str(associated.EF.F.Subtype) == "/text/xml"
        for name, value in (("ConformanceLevel", "EN 16931"), ("DocumentFileName", "factur-x.xml"), ("DocumentType", "INVOICE")):
            assert f"<fx:{name}>{value}</fx:{name}>" in metadata


def test_a_reseller_s_logo_and_name_head_its_letters() -> None:
    """White label: its customers know nobody else."""
    with speaking("de"):
        with_logo = pypdfium2.PdfDocument(invoice_pdf(branded(Brand("Rheinwerk", "#8A1C3B", logo(kind="JPEG")))))
        without = pages_of(invoice_pdf(branded(Brand("Nur der Name"))))

    assert len([one for one in with_logo[0].get_objects() if one.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE]) == 1
    assert "Nur der Name" in without[0]


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"GIF89a" + bytes(50),
        logo()[:40],
        logo(9000, 1000),
        logo() + bytes(LOGO_MAX_BYTES),
    ],
    ids=["empty", "svg", "gif", "cut off", "pixels", "bytes"],
)
def test_a_logo_that_is_none_is_refused(picture: bytes) -> None:
    """What a reseller uploads is drawn on the server's paper."""
    with pytest.raises(RuleBroken):
        checked_logo(picture)


def test_a_colour_cannot_smuggle_a_style_in() -> None:
    """It stands in the style sheet."""
    with speaking("de"), pytest.raises(RuleBroken):
        invoice_pdf(branded(Brand("x", "red; } body { display: none")))


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://example.org/x.png", "paper:../style.css", "paper:/etc/passwd", "paper:OFL", "paper:"]
)
def test_nothing_is_fetched_but_the_fonts(url: str) -> None:
    """Neither the server's files nor the network end up on paper."""
    with pytest.raises(ValueError, match="not ours"):
        _OwnFiles().fetch(url)


def test_names_are_text_and_no_markup() -> None:
    """A customer may be called what it wants."""
    wild = replace(paper_example.CUSTOMER, name="<b>Müller</b> & {{ 7 * 7 }} <img src='file:///etc/passwd'>")
    with speaking("de"):
        [page, *_] = pages_of(invoice_pdf(paper_example.second_invoice(buyer=wild)))

    assert "<b>Müller</b> & {{ 7 * 7 }}" in page
