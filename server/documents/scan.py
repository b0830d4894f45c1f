"""What comes back on paper: a scan or a photo of signed sheets, read for the QR codes on it.

A file from outside is opened by a process of its own with little memory and little time (scan_reader.py), so that a hostile one
costs a child and not the server. What a file is, is told by its first bytes, never by its name.
"""

import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from server.domain.errors import RuleBroken
from server.domain.order_mark import Mark
from server.language import N_

MAX_BYTES = 25_000_000
MAX_PAGES = 40
TIMEOUT_SECONDS = 60.0  # 40 pages take about ten
_READER = "server.documents.scan_reader"
_PNG = b"\x89PNG\r\n\x1a\n"
_PDF_WITHIN = 1024  # where a PDF's header may begin


class ScanKind(StrEnum):
    """What a file is, by its first bytes; the value is its media type."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


class PageRead(msgspec.Struct, frozen=True):
    """What the reader says of one page."""

    codes: list[str]
    """what its QR codes say, ours or not"""


class ScanRead(msgspec.Struct, frozen=True):
    """What the reader says of a file; exactly one of the two is given."""

    pages: list[PageRead] = []
    refused: str = ""
    """why it was not read: ``pages``, ``pixels``, ``locked`` or ``broken``"""


@dataclass(frozen=True, slots=True)
class ScannedPage:
    """One page, and the sheets whose QR codes are on it (a photo can show two)."""

    page: int
    """from 1"""
    marks: tuple[Mark, ...]
    foreign_codes: int
    """QR codes that are not ours"""


@dataclass(frozen=True, slots=True)
class Scan:
    """A file that was read."""

    kind: ScanKind
    pages: tuple[ScannedPage, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The sheets in it, each once, in order of pages."""
        return tuple(dict.fromkeys(mark for page in self.pages for mark in page.marks))


_REFUSALS = {
    "pages": (N_("The file has more than {pages} pages."), N_("Upload the signed sheets only.")),
    "pixels": (N_("The picture has too many pixels."), N_("Scan with 150 to 300 dpi.")),
    "locked": (N_("The PDF is locked by a password."), N_("Save it without one.")),
    "broken": (N_("The file cannot be read."), N_("Scan the sheets again as PDF, JPEG or PNG.")),
}


def kind_of(data: bytes) -> ScanKind:
    """Return what a file is. Raises RuleBroken: it is too large, empty, or none of the three."""
    if len(data) > MAX_BYTES:
        raise RuleBroken(N_("The file is larger than {megabytes} MB."), N_("Scan with 150 dpi, in grey."), field="scan",
                         megabytes=MAX_BYTES // 1_000_000)  # fmt: skip
    if data.startswith(b"\xff\xd8\xff"):
        return ScanKind.JPEG
    if data.startswith(_PNG):
        return ScanKind.PNG
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return ScanKind.PDF
    raise RuleBroken(
        N_("The file is neither PDF nor JPEG nor PNG."), N_("Scan the sheets again as PDF, JPEG or PNG."), field="scan"
    )


def read_scan(data: bytes) -> Scan:
    """Return which sheets a file shows. Blocks for up to ``TIMEOUT_SECONDS``.

    Raises:
        RuleBroken: it is none of the three kinds, is too large, or cannot be read; says which and what to do.
    """
    kind = kind_of(data)
    read = _ask_reader(kind, data)
    if read.refused:
        sentence, hint = _REFUSALS.get(read.refused, _REFUSALS["broken"])
        raise RuleBroken(sentence, hint, field="scan", pages=MAX_PAGES)
    return Scan(kind, tuple(_page(number, page) for number, page in enumerate(read.pages, 1)))


def draw_page(data: bytes, page: int) -> bytes:
    """Return one page of a file that was read, from 1, drawn anew as PNG in grey. Blocks for up to ``TIMEOUT_SECONDS``.

    Raises RuleBroken where it cannot be drawn.
    """
    kind = kind_of(data)
    command = [sys.executable, "-m", _READER, kind.name, str(MAX_PAGES), str(page)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_SECONDS, check=True)
    except subprocess.SubprocessError as error:
        raise RuleBroken(*_REFUSALS["broken"]) from error
    if not done.stdout.startswith(_PNG):
        raise RuleBroken(*_REFUSALS["broken"])
    return done.stdout


def _ask_reader(kind: ScanKind, data: bytes) -> ScanRead:
    command = [sys.executable, "-m", _READER, kind.name, str(MAX_PAGES)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=TIMEOUT_SECONDS, check=True)
        return msgspec.json.decode(done.stdout, type=ScanRead)
    except (subprocess.SubprocessError, msgspec.DecodeError):
        return ScanRead(refused="broken")


def _page(number: int, read: PageRead) -> ScannedPage:
    marks = [Mark.read(text) for text in read.codes]
    ours = tuple(dict.fromkeys(mark for mark in marks if mark is not None))
    return ScannedPage(number, ours, foreign_codes=sum(mark is None for mark in marks))
