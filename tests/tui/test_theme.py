"""Colours that everybody can read, in both themes."""

import pytest
from textual.color import Color
from textual.theme import Theme

from gdp.tui.theme import DARK, LIGHT

MEANINGS = ("idle", "good", "attention", "bad", "busy")
LEAST = 4.5  # WCAG AA for text


@pytest.mark.parametrize("name", [*MEANINGS, "foreground", "primary"])
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_stands_out_from_what_is_behind_it(theme: Theme, name: str) -> None:
    """A state that cannot be read is not told."""
    colour = theme.variables.get(name) or getattr(theme, name)
    for behind in (theme.background, theme.panel):
        assert contrast(colour, str(behind)) >= LEAST


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_text_on_buttons_can_be_read(theme: Theme) -> None:
    """What does something must say what."""
    for colour in (theme.primary, theme.variables["bad"]):
        assert contrast(str(theme.background), colour) >= LEAST


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance, 0 to 1."""
    parts = [part / 255 for part in Color.parse(colour).rgb]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
