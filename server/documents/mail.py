"""A mail as a page: made from the text that is sent with it, so that the two never say different things.

The text is paragraphs with an empty line between them. One that is an address becomes a button, one of lines ``Label: value``
a list of facts, and what follows the line ``-- `` the foot. Nothing is fetched when it is read, and no table holds it together,
so that it fits a phone; it turns dark where the reader's program does.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from server.domain.sentence import N_
from server.language import current_language, translate

OUR_HOUSE, OUR_COLOUR = "GlobalDataProtect", "#0B5D6B"
_FOOT = "\n-- \n"
_ADDRESS = re.compile(r"(https?://[^\s<>\"]*[^\s<>\".,;:!?)])")
_FACT = re.compile(r"([^:\n]{1,40}): (?!//)(\S.*)")
_FEWEST_FACTS = 2  # one line with a colon is a sentence
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")
_HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a line."""

    text: str
    is_link: bool


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph."""

    lines: tuple[tuple[Part, ...], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    link: str = ""


def signed_by(text: str, house: str) -> str:
    """Return a mail's text whose foot names a house in place of ours."""
    body, mark, foot = text.partition(_FOOT)
    return body + mark + foot.replace(OUR_HOUSE, house) if house else text


def as_page(subject: str, text: str, *, house: str = "", colour: str = "") -> str:
    """Return a mail's text as HTML, in the language that is spoken.

    Args:
        subject: of the mail; the headline.
        text: see above.
        house: whose name stands on top; empty: ours.
        colour: of the house, as ``#rrggbb``; anything else is ours.
    """
    body, _mark, foot = text.partition(_FOOT)
    paper = colour if _COLOUR.fullmatch(colour) else OUR_COLOUR
    return _template().render(
        language=current_language(),
        subject=subject,
        house=house or OUR_HOUSE,
        colour=paper,
        on_colour="#101828" if _is_light(paper) else "#FFFFFF",
        blocks=[_block(one) for one in body.split("\n\n") if one.strip()],
        foot=foot.split("\n") if (foot := foot.strip()) else [],
        open_it=translate(N_("Open the page")),
    )


def _block(text: str) -> Block:
    lines = text.strip("\n").split("\n")
    if len(lines) == 1 and _ADDRESS.fullmatch(lines[0]):
        return Block(link=lines[0])
    facts = [_FACT.fullmatch(line) for line in lines]
    if len(lines) >= _FEWEST_FACTS and all(facts):
        return Block(facts=tuple((one[1], one[2]) for one in facts if one))
    return Block(lines=tuple(map(_parts, lines)))


def _parts(line: str) -> tuple[Part, ...]:
    """Return a line cut at its addresses: every second piece is one."""
    pieces = _ADDRESS.split(line)
    return tuple(Part(piece, is_link=place % 2 == 1) for place, piece in enumerate(pieces) if piece)


def _is_light(colour: str) -> bool:
    """Say whether dark letters are read better on a colour (WCAG 2: the middle of the two contrasts)."""
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.19


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


@cache
def _template() -> Template:
    loader = FileSystemLoader(_HERE / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template("mail.html")
