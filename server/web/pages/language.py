"""The language switch at the foot of every page."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from server.language import LANGUAGES
from server.services import who
from server.web import cookies, visit
from server.web.addresses import own_address

pages = Blueprint("language", __name__)


@pages.post("/language")
def choose() -> Response:
    """Speak another language from now on, and go back to where the switch was."""
    wanted = request.form.get("language", "")
    response = redirect(own_address(request.form.get("back", "")), 303)
    if wanted not in LANGUAGES:
        return response
    if visit.visitor() is not None:
        who.choose_language(visit.actor(), wanted)
    return cookies.keep_language(response, wanted)
