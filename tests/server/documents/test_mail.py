"""A mail's page says what its text says, in parts that fit a phone, with nothing fetched and nothing smuggled in."""

from html.parser import HTMLParser

import pytest

from server.documents.mail import OUR_COLOUR, as_page, signed_by
from server.language import speaking

TEXT = """Hello,

Invoice <b>R-1</b> & others:

https://gdpac.example.com/login?next=/a&b=1

Invoice: R-1
Amount: €14.38
Due: 2 Nov 2026

1. Download the program: https://gdpac.example.com/get.
2. Install it.

Note: one line with a colon is a sentence.

--\x20
This mail was written by GlobalDataProtect. Nobody reads answers to it.
"""


class Page(HTMLParser):
    """What a reader finds in a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        named = dict(attrs)
        if tag == "a":
            self.links.append(named["href"] or "")
        assert not {"src", "onclick", "background"} & set(named)

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(text: str = TEXT, **looks: str) -> Page:
    """Return the page of a text."""
    with speaking("en"):
        return Page(as_page("Your invoice", text, **looks))


def test_every_word_of_the_text_stands_on_the_page() -> None:
    """Both parts tell the same, whatever a reader's program shows."""
    page = read()

    for word in TEXT.replace("-- ", "").split():
        assert word.rstrip(":.") in page.text, word
    assert "b" not in page.tags


def test_an_address_is_a_button_facts_are_a_list_and_no_table_holds_it() -> None:
    """Addresses within a sentence are links as well, without the full stop."""
    page = read()

    assert page.links == ["https://gdpac.example.com/login?next=/a&b=1"] * 2 + ["https://gdpac.example.com/get"]
    assert page.tags.count("dt") == page.tags.count("dd") == 3
    assert not {"table", "img", "script", "link"} & set(page.tags)


def test_a_house_has_its_name_and_colour() -> None:
    """Its customers read of nobody else."""
    text = signed_by(TEXT, "Muster & Söhne")
    page = as_page("Hello", text, house="Muster & Söhne", colour="#ffcc00")

    assert "GlobalDataProtect" not in text
    assert "GlobalDataProtect" not in page
    assert "Muster &amp; Söhne" in page
    assert "background:#ffcc00;color:#101828" in page
    assert "background:#0B5D6B;color:#FFFFFF" in as_page("Hello", TEXT)


@pytest.mark.parametrize("colour", ["", "red", "#fff", "#000000;x:y", '"><script>'])
def test_only_a_colour_is_taken_for_one(colour: str) -> None:
    """It stands in the middle of a style."""
    page = as_page("Hello", TEXT, colour=colour)

    assert f"solid {OUR_COLOUR}" in page
    assert "<script" not in page


def test_only_the_foot_is_signed_by_the_house() -> None:
    """What the text says of the program stays."""
    text = "GlobalDataProtect saves your data.\n\n-- \nWritten by GlobalDataProtect."

    assert signed_by(text, "Muster") == "GlobalDataProtect saves your data.\n\n-- \nWritten by Muster."
    assert signed_by(text, "") == text
