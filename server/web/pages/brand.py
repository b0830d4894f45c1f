"""How a party looks to those below it: its logo, and the login page with its brand."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import Conflict, RuleBroken
from server.domain.sentence import N_
from server.language import hint_of, sentence_of, translate
from server.services import brand
from server.web import visit
from server.web.forms import number_sent

pages = Blueprint("brand", __name__, url_prefix="/brand")
Answer = str | Response | tuple[str, int]


@pages.get("")
def show() -> Answer:
    """Show name, colour and logo as those below see them."""
    return _page()


@pages.post("/logo")
def set_logo() -> Answer:
    """Show another logo to those below, or none any more."""
    sent = request.files.get("logo")
    picture = None if request.form.get("deed") == "remove" else (sent.stream.read() if sent is not None else b"")
    version = number_sent(request.form, "version")
    try:
        brand.set_logo(visit.actor(), picture, visit.files(), version=version, now=visit.now())
    except (RuleBroken, Conflict) as error:
        return _page(error), error.http_status
    flash(translate(N_("Saved.")), "good")
    return redirect(url_for("brand.show"), 303)


@pages.post("/link")
def make_link() -> Answer:
    """Give the login page with this brand an address."""
    brand.make_link(visit.actor())
    return redirect(url_for("brand.show"), 303)


def _page(refusal: RuleBroken | Conflict | None = None) -> str:
    return render_template(
        "brand.html",
        page=brand.brand_page(visit.actor()),
        refusal=sentence_of(refusal) if refusal else "",
        advice=hint_of(refusal) if refusal else "",
        party_id=visit.actor().party_id,
    )
