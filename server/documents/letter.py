"""The letter that every paper is: DIN 5008, form B, as PDF/A-3. A template, what stands in it, whose letter it is: bytes out.

Nothing is fetched: fonts lie beside this file, a logo is drawn anew, and whatever else a template might name is refused.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import ImageFile
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from server.documents import pictures, words
from server.domain.paper import PaperParty
from server.language import current_language, say

ImageFile.LOAD_TRUNCATED_IMAGES = False  # weasyprint lets half a picture pass for whole, in all of the process
PDF_VARIANT = "pdf/a-3b"  # and tagged, for those who have it read to them
_HERE = Path(__file__).resolve().parent
_FONTS = _HERE / "fonts"
_SCHEME = "paper:"
_ONE_AT_A_TIME = Lock()  # Pango's fonts are shared, and promise nothing to threads; who wants more speed takes processes
_HELPERS = (
    words.street, words.town, words.country, words.money, words.price, words.number, words.reached, words.registered,
    words.banked, words.agents, words.tax_name, words.tax_note, words.group_name, pictures.qr,
)  # fmt: skip


def write_letter(
    template: str,
    *,
    title: str,
    sender: PaperParty,
    to: PaperParty | None,
    facts: list[tuple[str, str]],
    content: Mapping[str, object],
) -> bytes:
    """Return a letter as PDF/A-3, in the language spoken now.

    Args:
        template: the name of one in ``templates/`` that extends ``letter.html``.
        title: what it is, for its pages' heads and the file's properties.
        sender: whose letter it is; name, logo and colour are its.
        to: who is in the window; None: nobody, the pages have no letterhead.
        facts: the information block, names and values.
        content: what else the template needs.

    Raises:
        RuleBroken: the sender's logo or colour cannot be used.
    """
    pictures.checked_colour(sender.brand.colour)
    page = (
        _environment()
        .get_template(template)
        .render(
            title=title,
            sender=sender,
            logo=pictures.logo_url(sender.brand.logo),
            to=to,
            facts=[(name, value) for name, value in facts if value],
            language=current_language(),
            **content,
        )
    )
    with _ONE_AT_A_TIME:
        style, fonts = _style()
        document = HTML(string=page, url_fetcher=_OwnFiles(), base_url=_SCHEME)
        written = document.write_pdf(stylesheets=[style], font_config=fonts, pdf_variant=PDF_VARIANT, pdf_tags=True)
    assert isinstance(written, bytes)
    return written


class _OwnFiles(URLFetcher):  # type: ignore[misc]
    """Serves the fonts, and data that stands in the page itself; refuses all else."""

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> Any:
        if url.startswith("data:"):
            return super().fetch(url, headers)
        path = _FONTS / url.removeprefix(_SCHEME)
        if not url.startswith(_SCHEME) or path.parent != _FONTS or not path.is_file():
            raise ValueError(f"{url} is not ours")
        return URLFetcherResponse(url, path.read_bytes(), {"Content-Type": "font/woff2"})


@cache
def _style() -> tuple[CSS, FontConfiguration]:
    fonts = FontConfiguration()
    text = (_HERE / "templates" / "style.css").read_text("utf-8")
    return CSS(string=text, font_config=fonts, url_fetcher=_OwnFiles(), base_url=_SCHEME), fonts


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=False
    )
    environment.globals.update({helper.__name__: helper for helper in _HELPERS}, _=say)
    return environment
