"""What comes back: photos and scans as people make them, and files as nobody should send them."""

import random
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from server.documents import scan
from server.documents.order_form import order_form
from server.documents.scan import MAX_BYTES, MAX_PAGES, ScanKind, kind_of, read_scan
from server.domain.errors import RuleBroken
from server.domain.order_mark import Part, Verdict
from server.language import hint_of, sentence_of, speaking
from tests.server.documents import paper_example

ORDER = paper_example.order(version=3)
DPI = 150


@pytest.fixture(scope="module")
def sheets() -> list[Image.Image]:
    """Return the order form as it comes out of the printer: one picture a page, at 150 dpi."""
    with speaking("de"):
        form = pypdfium2.PdfDocument(order_form(ORDER))
    return [page.render(scale=DPI / 72).to_pil().convert("RGB") for page in form]


def as_jpeg(picture: Image.Image, quality: int = 60) -> bytes:
    """Return a photo."""
    written = BytesIO()
    picture.save(written, "JPEG", quality=quality)
    return written.getvalue()


def as_png(picture: Image.Image) -> bytes:
    """Return a scan without loss."""
    written = BytesIO()
    picture.save(written, "PNG")
    return written.getvalue()


def as_pdf(pictures: list[Image.Image]) -> bytes:
    """Return a scan of several pages."""
    written = BytesIO()
    pictures[0].save(written, "PDF", save_all=True, append_images=pictures[1:], resolution=DPI)
    return written.getvalue()


def on_a_table(sheet: Image.Image, degrees: float) -> Image.Image:
    """Return a photo of a sheet that lies askew on a dark table."""
    return sheet.rotate(degrees, expand=True, fillcolor="#5A4632", resample=Image.Resampling.BICUBIC)


def dim(sheet: Image.Image) -> Image.Image:
    """Return it in bad light, a little out of focus, with noise."""
    dark = ImageEnhance.Contrast(ImageEnhance.Brightness(sheet).enhance(0.55)).enhance(0.7).filter(ImageFilter.GaussianBlur(0.8))
    return Image.blend(dark, Image.effect_noise(dark.size, 60).convert("RGB"), 0.12)


def seen_from_the_side(sheet: Image.Image) -> Image.Image:
    """Return it in perspective: the far edge is a tenth shorter."""
    width, height = sheet.size
    inset = width // 20
    return sheet.transform(
        sheet.size,
        Image.Transform.PERSPECTIVE,
        _perspective([(inset, 0), (width - inset, 0), (width, height), (0, height)], width, height),
        fillcolor="#5A4632",
        resample=Image.Resampling.BICUBIC,
    )


@pytest.mark.parametrize("degrees", [0, 3, -11, 90, 137, 180, 270])
def test_sheets_are_known_however_they_lie(sheets: list[Image.Image], degrees: float) -> None:
    """The rotated photo of several pages, at 150 dpi."""
    read = read_scan(as_pdf([on_a_table(sheet, degrees) for sheet in sheets]))

    assert read.kind is ScanKind.PDF
    assert read.marks == tuple(ORDER.mark(part) for part in (Part.SERVICE, Part.PRICES, Part.MANDATE, Part.PROCESSING))
    assert [page.page for page in read.pages if page.marks] == [1, 2, 3, 4, 5]


def faxed(sheet: Image.Image) -> Image.Image:
    """Return it in black and white alone, as offices scan, at 100 dpi."""
    smaller = sheet.resize((sheet.width * 2 // 3, sheet.height * 2 // 3)).convert("L")
    return smaller.point([0] * 140 + [255] * 116).convert("RGB")


def stained(sheet: Image.Image) -> Image.Image:
    """Return it with a blot over the lower right corner of the code."""
    per_mm = DPI / 25.4
    stain = sheet.copy()
    ImageDraw.Draw(stain).ellipse([value * per_mm for value in (184, 43, 194, 53)], fill="#3B2412")
    return stain


@pytest.mark.parametrize(
    "seen",
    [dim, seen_from_the_side, faxed, stained, lambda sheet: dim(seen_from_the_side(on_a_table(sheet, 8)))],
    ids=["dim", "side", "faxed", "stained", "all at once"],
)
def test_a_photo_as_people_make_it_is_read(sheets: list[Image.Image], seen: Callable[[Image.Image], Image.Image]) -> None:
    """Bad light, out of focus, from the side, coffee."""
    read = read_scan(as_jpeg(seen(sheets[2])))

    assert read.kind is ScanKind.JPEG
    assert read.marks == (ORDER.mark(Part.MANDATE),)


def test_two_sheets_on_one_photo_are_two(sheets: list[Image.Image]) -> None:
    """Who is in a hurry lays them side by side."""
    both = Image.new("RGB", (sheets[0].width * 2, sheets[0].height), "white")
    both.paste(sheets[0], (0, 0))
    both.paste(sheets[1], (sheets[0].width, 0))

    assert set(read_scan(as_png(both)).marks) == {ORDER.mark(Part.SERVICE), ORDER.mark(Part.PRICES)}


def test_a_sheet_of_an_older_version_is_recognised(sheets: list[Image.Image]) -> None:
    """What was signed is no longer what is ordered."""
    [mark] = read_scan(as_png(sheets[0])).marks

    assert mark.verdict(order=ORDER.number, version=3, content_hash=ORDER.content_hash) is Verdict.CURRENT
    assert mark.verdict(order=ORDER.number, version=4, content_hash=ORDER.content_hash) is Verdict.OUTDATED


def test_pages_without_a_code_of_ours_are_matched_by_hand() -> None:
    """An empty page, and a foreign code on another."""
    with speaking("de"):
        invoice = _transfer_invoice()
    page = pypdfium2.PdfDocument(invoice)[0].render(scale=2).to_pil().convert("RGB")
    read = read_scan(as_pdf([Image.new("RGB", (900, 1200), "white"), page]))

    assert read.marks == ()
    assert [one.foreign_codes for one in read.pages] == [0, 1]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\xff\xd8\xff\xe0rest", ScanKind.JPEG), (b"\x89PNG\r\n\x1a\nrest", ScanKind.PNG), (b"junk\n%PDF-1.4", ScanKind.PDF)],
)
def test_a_file_is_what_its_first_bytes_say(data: bytes, kind: ScanKind) -> None:
    """Names and media types are chosen by whoever uploads."""
    assert kind_of(data) is kind


def _locked() -> bytes:
    written = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(written, encryption=pikepdf.Encryption(owner="a", user="b"))
    return written.getvalue()


def _many_pages() -> bytes:
    written = BytesIO()
    with pikepdf.new() as pdf:
        for _ in range(MAX_PAGES + 1):
            pdf.add_blank_page()
        pdf.save(written)
    return written.getvalue()


def _huge_page() -> bytes:
    written = BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page(page_size=(14_400, 14_400))
        pdf.save(written)
    return written.getvalue()


HOSTILE = {
    "empty": (b"", "neither PDF nor JPEG nor PNG"),
    "html": (b"<html><script>alert(1)</script>", "neither PDF nor JPEG nor PNG"),
    "zip": (b"PK\x03\x04" + bytes(100), "neither PDF nor JPEG nor PNG"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither PDF nor JPEG nor PNG"),
    "too large": (b"%PDF-1.7" + bytes(MAX_BYTES), "larger than 25 MB"),
    "no pdf": (b"%PDF-1.7\nnothing of the kind", "cannot be read"),
    "cut jpeg": (b"\xff\xd8\xff\xe0" + random.Random(1).randbytes(5000), "cannot be read"),
    "cut png": (b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(5000), "cannot be read"),
    "locked": (_locked(), "locked by a password"),
    "many pages": (_many_pages(), "more than 40 pages"),
    "pixel bomb": (as_png(Image.new("1", (30_000, 30_000))), "too many pixels"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_used_is_refused_with_what_to_do(name: str) -> None:
    """Clear error, nothing lost."""
    data, said = HOSTILE[name]
    with pytest.raises(RuleBroken) as refused, speaking("en"):
        read_scan(data)

    with speaking("en"):
        assert said in sentence_of(refused.value)
        assert hint_of(refused.value)
    assert refused.value.field == "scan"


def test_a_page_that_claims_to_be_five_metres_wide_is_drawn_small() -> None:
    """What a PDF claims costs no memory."""
    assert read_scan(_huge_page()).marks == ()


READERS = {
    "hangs": "import time; time.sleep(600)",
    "dies": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "babbles": "print('[1, 2')",
    "hungers": "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**9, 10**9)); bytearray(2 * 10**9)",
}


@pytest.mark.parametrize("reader", READERS)
def test_a_reader_that_fails_is_a_file_that_cannot_be_read(reader: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile file costs a child and not the server."""
    (tmp_path / "a_reader.py").write_text(READERS[reader])
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(scan, "_READER", "a_reader")
    monkeypatch.setattr(scan, "TIMEOUT_SECONDS", 0.5 if reader == "hangs" else 60.0)

    with pytest.raises(RuleBroken, match="cannot be read"):
        read_scan(as_png(Image.new("L", (10, 10))))


def _transfer_invoice() -> bytes:
    from server.documents.invoice import invoice_pdf
    from tests.server.documents.test_example_on_paper import EXAMPLE

    return invoice_pdf(EXAMPLE["transfer"].invoice)


def _perspective(corners: list[tuple[int, int]], width: int, height: int) -> list[float]:
    """Return Pillow's eight numbers that put a page's corners (from top left, clockwise) at ``corners``."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(corners, [(0, 0), (width, 0), (width, height), (0, height)], strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    for column in range(8):
        pivot = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(8):
            if row != column:
                factor = rows[row][column]
                rows[row] = [one - factor * other for one, other in zip(rows[row], rows[column], strict=True)]
    return [row[8] for row in rows]
