"""Pictures on paper: QR codes as SVG, logos made harmless."""

import base64
import io
import re

import segno
import segno.helpers
from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from server.domain.errors import RuleBroken
from server.domain.money import euros
from server.domain.paper import Account
from server.language import N_

LOGO_MAX_BYTES = 2_000_000
LOGO_MAX_PIXELS = 8_000_000
LOGO_WIDTH = 1200  # pixels: 75 mm at 400 dpi
_FORMATS = ("PNG", "JPEG")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def qr(text: str) -> Markup:
    """Return a QR code that survives a coffee stain: a quarter of it may be lost."""
    return _svg(segno.make(text, error="q", boost_error=False, micro=False))


def giro_code(payee: Account, cents: int, purpose: str) -> Markup:
    """Return the code that a banking app makes a transfer of (EPC069-12)."""
    code = segno.helpers.make_epc_qr(
        name=payee.holder[:70], iban=payee.iban, bic=payee.bic or None, amount=euros(cents), text=purpose[:140], encoding="utf-8"
    )
    return _svg(code)


def logo_url(logo: bytes | None) -> str:
    """Return a logo as a data URL, drawn anew from its pixels; empty where there is none. Raises RuleBroken."""
    return "" if logo is None else "data:image/png;base64," + base64.b64encode(checked_logo(logo)).decode()


def checked_logo(logo: bytes) -> bytes:
    """Return a logo as a PNG of our own. Raises RuleBroken where it is none, or too large."""
    if len(logo) > LOGO_MAX_BYTES:
        raise RuleBroken(N_("The logo is larger than {megabytes} MB."), field="brand_logo", megabytes=LOGO_MAX_BYTES // 1_000_000)
    try:
        with Image.open(io.BytesIO(logo), formats=_FORMATS) as picture:
            if picture.width * picture.height > LOGO_MAX_PIXELS:
                raise RuleBroken(N_("The logo has too many pixels."), field="brand_logo")
            drawn = picture.convert("RGBA")
    except Image.DecompressionBombError as error:
        raise RuleBroken(N_("The logo has too many pixels."), field="brand_logo") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise RuleBroken(N_("The logo cannot be read."), N_("Save it as PNG or JPEG."), field="brand_logo") from error
    drawn.thumbnail((LOGO_WIDTH, LOGO_WIDTH))
    paper = Image.new("RGB", drawn.size, "white")
    paper.paste(drawn, mask=drawn.getchannel("A"))
    written = io.BytesIO()
    paper.save(written, "PNG", optimize=True)
    return written.getvalue()


def checked_colour(colour: str) -> str:
    """Return a colour that may stand in a style sheet. Raises RuleBroken."""
    if _COLOUR.fullmatch(colour) is None:
        raise RuleBroken(N_("{colour} is no colour; write it like #0B5D6B."), field="brand_colour", colour=colour)
    return colour


def _svg(code: segno.QRCode) -> Markup:
    return Markup(code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None))
