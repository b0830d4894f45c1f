"""Outgoing mail: which are on their way, and, where no mail server is set up, what stands in them."""

from flask import Blueprint, render_template

from server.domain.listing import ListWish
from server.services import mails
from server.web import visit
from server.web.lists import list_view, wish_of_request

pages = Blueprint("outbox", __name__, url_prefix="/mail")


@pages.get("")
def show() -> str:
    """Show the mails, newest first."""
    part = mails.list_mails(visit.actor(), page=wish_of_request("").page)
    return render_template("outbox/list.html", list=list_view(ListWish(page=part.number), part), folder=visit.outbox())


@pages.get("/<id:mail_id>")
def read(mail_id: int) -> str:
    """Show one mail."""
    return render_template("outbox/read.html", mail=mails.read_mail(visit.actor(), mail_id))
