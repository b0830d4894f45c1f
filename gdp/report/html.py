"""A report as HTML for mail readers: one column of 600 px, styles in the elements, light and dark, nothing from elsewhere. Pure.

Everything that comes from a page is escaped by the template engine; a page holds no markup.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gdp.core.language import N_, speaking, translate
from gdp.report.page import Page, Tone

TEMPLATES = Path(__file__).resolve().parent / "templates"
INK = {Tone.GOOD: "#1B7F4B", Tone.ATTENTION: "#9A6700", Tone.ERROR: "#B42318", Tone.IDLE: "#667085"}
"""on paper; what takes their place on a dark ground stands in the template"""


def as_html(page: Page) -> str:
    """Return the whole document."""
    with speaking(page.language):
        return _environment().get_template("report.html").render(page=page, ink=INK, what_to_do=translate(N_("What to do:")))


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
