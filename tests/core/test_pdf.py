"""The PDF files that we write: whole, and wrapped so that nothing leaves the paper."""

import re
import zlib

from hypothesis import given
from hypothesis import strategies as st

from gdp.core.pdf import Page, encode_pdf, mono, sans, wrap


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200),
    st.sampled_from([mono(9), sans(10), sans(22, bold=True)]),
)
def test_every_line_fits_and_nothing_is_lost(text: str, font: object) -> None:
    """A password or an address that leaves the paper is worth nothing."""
    lines = wrap(text, font, 100)  # type: ignore[arg-type]

    assert all(font.width(line) <= 100 or len(line) == 1 for line in lines)  # type: ignore[attr-defined]
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_the_table_points_to_every_object() -> None:
    """Readers that do not repair need it to be right to the byte."""
    page = Page()
    page.text(10, 20, "Schlüssel (\\) €", sans(10), "0B5D6B")
    page.box(1, 2, 3, 4)
    raw = encode_pdf([page, Page()], "Blatt", "de")
    start = int(re.findall(rb"startxref\n(\d+)\n", raw)[-1])
    places = [int(place) for place in re.findall(rb"\n(\d{10}) 00000 n", raw[start:])]
    stream = re.search(rb"stream\n(.*?)\nendstream", raw, re.DOTALL)

    assert raw[start:].startswith(b"xref")
    assert all(raw[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1))
    assert stream is not None
    assert b"(Schl\xfcssel \\(\\\\\\) \x80) Tj" in zlib.decompress(stream[1])
    assert b"/Count 2" in raw
