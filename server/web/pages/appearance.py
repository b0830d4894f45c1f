"""How a house looks to those below it: its colour, a style sheet of one line, since pages may hold no styles; its logo."""

import re

from flask import Blueprint, Response, abort

from server.services import brand
from server.web import visit

pages = Blueprint("appearance", __name__)
_COLOUR = re.compile(r"[0-9a-f]{6}")
_LOGO = re.compile(r"[0-9a-f]{64}")


@pages.get("/colours/<colour>.css")
def colours(colour: str) -> Response:
    """Return the style sheet for a colour."""
    if not _COLOUR.fullmatch(colour):
        abort(404)
    return Response(f":root {{ --brand: #{colour}; }}\n", mimetype="text/css")


@pages.get("/logos/<name>.png")
def logo(name: str) -> Response:
    """Send a logo that is shown somewhere. Whoever has its address has seen the page on which it stands."""
    picture = brand.logo(name if _LOGO.fullmatch(name) else "", visit.files())
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, max-age=31536000, immutable"}
    return Response(picture, mimetype="image/png", headers=headers)
