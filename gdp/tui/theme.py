"""The colours of the UI, light and dark: the tokens that pages, mails and paper have too. Contrast is at least 4.5 to 1."""

import os
from collections.abc import Mapping

from textual.theme import Theme

LIGHT = Theme(
    name="gdp-light",
    primary="#0B5D6B",
    secondary="#0B5D6B",
    accent="#0B5D6B",
    foreground="#101828",
    background="#FFFFFF",
    surface="#FFFFFF",
    panel="#F2F4F7",
    success="#1B7F4B",
    warning="#8A5D00",
    error="#B42318",
    dark=False,
    variables={
        "idle": "#5D6675",
        "good": "#1B7F4B",
        "attention": "#8A5D00",
        "bad": "#B42318",
        "busy": "#0B5D6B",
        "rule": "#98A2B3",
        "footer-background": "#F2F4F7",
        "footer-key-foreground": "#0B5D6B",
        "footer-description-foreground": "#101828",
        "block-cursor-background": "#0B5D6B",
        "block-cursor-foreground": "#FFFFFF",
        "block-cursor-text-style": "none",
        "input-selection-background": "#0B5D6B 25%",
    },
)
DARK = Theme(
    name="gdp-dark",
    primary="#4FB3C1",
    secondary="#4FB3C1",
    accent="#4FB3C1",
    foreground="#E6EAF0",
    background="#0F1720",
    surface="#0F1720",
    panel="#1A2430",
    success="#5CC98F",
    warning="#E3B341",
    error="#F28B82",
    dark=True,
    variables={
        "idle": "#98A2B3",
        "good": "#5CC98F",
        "attention": "#E3B341",
        "bad": "#F28B82",
        "busy": "#4FB3C1",
        "rule": "#667085",
        "footer-background": "#1A2430",
        "footer-key-foreground": "#4FB3C1",
        "footer-description-foreground": "#E6EAF0",
        "block-cursor-background": "#4FB3C1",
        "block-cursor-foreground": "#0F1720",
        "block-cursor-text-style": "none",
        "input-selection-background": "#4FB3C1 25%",
    },
)
_LIGHT_BACKGROUNDS = ("7", "15")  # of the sixteen colours: white, and bright white


def named_theme(configured: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Return the name of the theme for ``light``, ``dark`` or ``auto``: as the terminal says of its background, else dark."""
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    is_light = configured == "light" or (configured in {None, "auto"} and background in _LIGHT_BACKGROUNDS)
    return LIGHT.name if is_light else DARK.name
