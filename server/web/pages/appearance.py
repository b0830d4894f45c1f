"""The colour of the house above: a style sheet of one line, since pages may hold no styles."""

import re

from flask import Blueprint, Response, abort

pages = Blueprint("appearance", __name__)
_COLOUR = re.compile(r"[0-9a-f]{6}")


@pages.get("/colours/<colour>.css")
def colours(colour: str) -> Response:
    """Return the style sheet for a colour."""
    if not _COLOUR.fullmatch(colour):
        abort(404)
    return Response(f":root {{ --brand: #{colour}; }}\n", mimetype="text/css")
