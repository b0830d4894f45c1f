"""Working as a party below one's own, and back."""

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from server.services import impersonation
from server.web import visit

pages = Blueprint("support", __name__)


@pages.post("/parties/<id:party_id>/enter")
def enter(party_id: int) -> Response:
    """Work as a party below."""
    impersonation.begin(visit.actor(), party_id, now=visit.now())
    return redirect(url_for("dashboard.home"), 303)


@pages.post("/leave")
def leave() -> Response:
    """Work as oneself again, at the party where one was."""
    party_id = visit.actor().party_id
    impersonation.end(visit.actor(), now=visit.now())
    return redirect(url_for("parties.show", party_id=party_id), 303)
