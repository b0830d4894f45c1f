"""Reads the QR codes of one file, in a process of its own.

::

    python -m server.documents.scan_reader KIND MAX_PAGES [PAGE] < file

Writes one JSON object (``ScanRead``); with PAGE, that page as PNG in grey, for eyes. It limits its own memory and processor time
before it looks at a byte of the file.
"""

import io
import resource
import sys
from collections.abc import Iterator

import msgspec
import pypdfium2
import zxingcpp
from PIL import Image, ImageOps

from server.documents.scan import PageRead, ScanKind, ScanRead

MEMORY_BYTES = 2_000_000_000
CPU_SECONDS = 50
MAX_PIXELS = 60_000_000  # A3 at 600 dpi has 70, A4 at 600 has 35
PDF_DPI = 200
FINER_DPI = 350  # where the first look finds nothing
ENLARGED_MAX_PIXELS = 10_000_000  # beyond, a code is large enough as it is
SHOWN_DPI = 110  # A4 is as wide as a page of ours
SHOWN_SIDE = 1400  # pixels
MAX_SIDE = 6000  # pixels of a drawn page, whatever size the PDF claims


class Refused(Exception):
    """The file is not read; the argument is the word for ``ScanRead.refused``."""


def main(arguments: list[str]) -> int:
    """Read standard input; write what was found. Returns the exit code."""
    kind, max_pages = ScanKind[arguments[0]], int(arguments[1])
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    data = sys.stdin.buffer.read()
    if arguments[2:]:
        _page(kind, data, int(arguments[2])).save(sys.stdout.buffer, "PNG")
        return 0
    try:
        read = ScanRead(pages=list(_pages(kind, data, max_pages)))
    except Refused as refused:
        read = ScanRead(refused=str(refused))
    sys.stdout.buffer.write(msgspec.json.encode(read))
    return 0


def _pages(kind: ScanKind, data: bytes, max_pages: int) -> Iterator[PageRead]:
    if kind is not ScanKind.PDF:
        yield PageRead(codes=_codes(_picture(data)))
        return
    document = _opened(data)
    if len(document) > max_pages:
        raise Refused("pages")
    for page in document:
        codes = _codes(_drawn(page, PDF_DPI)) or _codes(_drawn(page, FINER_DPI))
        yield PageRead(codes=codes)


def _page(kind: ScanKind, data: bytes, number: int) -> Image.Image:
    if kind is ScanKind.PDF:
        return _drawn(_opened(data)[number - 1], SHOWN_DPI)
    picture = _picture(data)
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    return picture


def _opened(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise Refused("locked" if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD else "broken") from error


def _picture(data: bytes) -> Image.Image:
    Image.MAX_IMAGE_PIXELS = None  # ours is checked below, before a pixel is decoded
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Refused("pixels")
            return ImageOps.exif_transpose(picture).convert("L")
    except (OSError, ValueError, SyntaxError, MemoryError) as error:
        raise Refused("broken") from error


def _drawn(page: pypdfium2.PdfPage, dpi: int) -> Image.Image:
    scale = min(dpi / 72, MAX_SIDE / max(*page.get_size(), 1.0))
    try:
        drawn: Image.Image = page.render(scale=scale, grayscale=True).to_pil().convert("L")
    except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
        raise Refused("broken") from error
    return drawn


def _codes(picture: Image.Image) -> list[str]:
    """Return what the QR codes say; looks again with more contrast, and enlarged, where none is found."""
    for look in _looks(picture):
        if found := zxingcpp.read_barcodes(look, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)):
            return [one.text for one in found]
    return []


def _looks(picture: Image.Image) -> Iterator[Image.Image]:
    yield picture
    yield ImageOps.autocontrast(picture, cutoff=2)
    if picture.width * picture.height <= ENLARGED_MAX_PIXELS:
        yield picture.resize((picture.width * 2, picture.height * 2))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
