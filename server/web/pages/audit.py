"""The list of changes."""

from flask import Blueprint, render_template

from server.domain.listing import ListWish
from server.services import audit, hierarchy
from server.web import visit
from server.web.lists import list_view, wish_of_request

pages = Blueprint("audit", __name__)


@pages.get("/parties/<id:party_id>/changes")
def show(party_id: int) -> str:
    """Show who changed what with a party; one's own with everything below it."""
    actor = visit.actor()
    path = hierarchy.path(actor, party_id)
    only = party_id if party_id != actor.party_id else None
    part = audit.entries(actor, party_id=only, page=wish_of_request("").page)
    return render_template(
        "audit/show.html",
        list=list_view(ListWish(page=part.number), part),
        path=path,
        party=path[-1].legal_name,
        is_own=only is None,
    )
