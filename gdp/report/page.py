"""A report as it is read, before it is text or HTML: plain words in one language, in order. Values only.

Nothing in it is markup, and no line of it holds a control character: names of files are escaped where they come in.
"""

from enum import StrEnum

import msgspec


class Tone(StrEnum):
    """What a colour means; a word or a sign always says the same."""

    GOOD = "good"
    ATTENTION = "attention"
    ERROR = "error"
    IDLE = "idle"

    @property
    def sign(self) -> str:
        """One character for it."""
        return _SIGNS[self]


_SIGNS = {Tone.GOOD: "●", Tone.ATTENTION: "▲", Tone.ERROR: "■", Tone.IDLE: "○"}


class Line(msgspec.Struct, frozen=True):
    """One file or folder, or a remark alone."""

    path: str = ""
    remark: str = ""


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """One cause."""

    tone: Tone
    title: str
    step: str
    lines: tuple[Line, ...] = ()
    more: str = ""
    """how many lines were left out"""


class Row(msgspec.Struct, frozen=True):
    """One line of a table."""

    label: str
    value: str
    tone: Tone | None = None
    """None: ink"""


class Section(msgspec.Struct, frozen=True):
    """A list of files or folders."""

    title: str
    lines: tuple[Line, ...] = ()
    more: str = ""
    """what was left out"""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it."""

    language: str
    subject: str
    tone: Tone
    notice: str = ""
    """above everything, such as that this is a test"""
    headline: str
    """the verdict as a sentence"""
    detail: str = ""
    boxes: tuple[Box, ...] = ()
    rows: tuple[Row, ...] = ()
    outlook: str = ""
    """when the next run is"""
    sections: tuple[Section, ...] = ()
    footer: str = ""


def shown(text: str) -> str:
    """Return a name as it can stand in a line: whatever is not printable is escaped, directions of writing included."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    number = ord(letter)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is no UTF-8
        return f"\\x{number - 0xDC00:02x}"
    return ascii(letter)[1:-1]
