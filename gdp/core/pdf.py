"""A PDF file of A4 pages with text, rules and filled boxes: what a sheet of paper from us needs, and nothing else.

Lengths are points (1/72 inch), measured from the page's upper left corner. The fonts are those that every reader has, in Windows'
Western encoding; other characters become ``?``. A PDF library with font handling and pictures would more than double the program.
"""

import zlib
from typing import NamedTuple

WIDTH, HEIGHT = 595.28, 841.89
MILLIMETRE = 72 / 25.4
_ENCODING = "cp1252"
_COURIER_WIDTH = 0.6
_HELVETICA_WIDTHS = (  # of the characters 32 to 126, in thousandths of the size (Adobe's font metrics)
    "278 278 355 556 556 889 667 191 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 278 "
    "584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 667 944 "
    "667 667 611 278 278 278 469 556 333 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 556 333 500 "
    "278 556 500 722 500 500 500 334 260 334 584"
)
_WIDTHS = {chr(code): int(width) for code, width in enumerate(_HELVETICA_WIDTHS.split(), 32)}
_WIDEST_OTHER = 778  # thousandths; a guess that never lets text run out of its column


class Font(NamedTuple):
    """A font and its size."""

    name: str
    """as the PDF calls it"""
    size: float

    def width(self, text: str) -> float:
        """Return how wide a text is; of a bold one a little too much."""
        if self.name.startswith("Courier"):
            return len(text) * _COURIER_WIDTH * self.size
        heavier = 1.08 if self.name.endswith("Bold") else 1.0
        return sum(_WIDTHS.get(character, _WIDEST_OTHER) for character in text) * heavier * self.size / 1000


def sans(size: float, *, bold: bool = False) -> Font:
    """Return the font of sentences."""
    return Font("Helvetica-Bold" if bold else "Helvetica", size)


def mono(size: float, *, bold: bool = False) -> Font:
    """Return the font of what is typed."""
    return Font("Courier-Bold" if bold else "Courier", size)


_FONTS = ("Helvetica", "Helvetica-Bold", "Courier", "Courier-Bold")


class Page:
    """One page, drawn on from the back to the front."""

    def __init__(self) -> None:
        self._drawn: list[bytes] = []

    def text(self, x: float, y: float, text: str, font: Font, colour: str = "000000") -> None:
        """Write a line; ``y`` is where its letters stand."""
        raw = text.encode(_ENCODING, "replace")
        escaped = raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        number = _FONTS.index(font.name)
        head = f"BT {_colour(colour)} rg /F{number} {font.size:.2f} Tf {x:.2f} {HEIGHT - y:.2f} Td (".encode()
        self._drawn.append(head + escaped.replace(b"\r", b" ").replace(b"\n", b" ") + b") Tj ET")

    def box(self, x: float, y: float, width: float, height: float, colour: str = "000000") -> None:
        """Fill a rectangle; ``x`` and ``y`` are its upper left corner."""
        self._drawn.append(f"{_colour(colour)} rg {x:.3f} {HEIGHT - y - height:.3f} {width:.3f} {height:.3f} re f".encode())

    @property
    def content(self) -> bytes:
        """What was drawn."""
        return b"\n".join(self._drawn)


def fits(text: str) -> bool:
    """Say whether the fonts have every character."""
    try:
        text.encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def wrap(text: str, font: Font, width: float) -> list[str]:
    """Return the lines of a text in a column; a word that is too long is broken."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if font.width(longer) <= width:
            line = longer
            continue
        if line:
            lines.append(line)
        while font.width(word) > width:
            end = next(end for end in range(len(word) - 1, 0, -1) if end == 1 or font.width(word[:end]) <= width)
            lines.append(word[:end])
            word = word[end:]
        line = word
    return [*lines, line]


def encode_pdf(pages: list[Page], title: str, language: str) -> bytes:
    """Return the file."""
    first_page = 3 + len(_FONTS)
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    fonts = " ".join(f"/F{number} {3 + number} 0 R" for number in range(len(_FONTS)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R /Lang ({language}) /ViewerPreferences << /DisplayDocTitle true >> >>".encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        *(
            f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode()
            for name in _FONTS
        ),
    ]  # fmt: skip
    for number, page in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Resources << /Font << {fonts} >> >> "
            f"/Contents {first_page + 2 * number + 1} 0 R >>".encode()
        )
        packed = zlib.compress(page.content, 9)
        objects.append(f"<< /Length {len(packed)} /Filter /FlateDecode >>\nstream\n".encode() + packed + b"\nendstream")
    objects.append(b"<< /Title <" + ("\ufeff" + title).encode("utf-16-be").hex().encode() + b"> >>")
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R >>\n".encode()
    return bytes(out + f"startxref\n{table}\n%%EOF\n".encode())


def _colour(text: str) -> str:
    return " ".join(f"{int(text[start : start + 2], 16) / 255:.3f}" for start in (0, 2, 4))
