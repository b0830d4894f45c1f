"""Signed sheets that come back: uploaded as scans or photos, matched by their QR, else by the code beneath it."""

from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.domain.errors import NotFound, RuleBroken
from server.domain.sentence import N_
from server.language import hint_of, sentence_of, translate
from server.services import order_signing
from server.services.order_signing import ScanPage
from server.web import visit
from server.web.forms import number_sent

pages = Blueprint("scans", __name__)
Answer = str | AnyResponse | tuple[str, int]
MOST_FILES = 20  # at once
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not taken in, and why."""

    name: str
    reason: str
    advice: str


@pages.get("/scans")
def show() -> str:
    """Show where signed sheets are brought back, and the pages that nobody knows yet."""
    return _desk()


@pages.post("/scans")
def upload() -> Answer:
    """Take in files; one that cannot be read does not hold up the others."""
    actor, files = visit.actor(), visit.files()
    order_signing.unmatched(actor, most=1)  # may the visitor do this at all? before anything is read
    taken: list[ScanPage] = []
    refused: list[Refused] = []
    for sent in request.files.getlist("files")[:MOST_FILES]:
        if not sent.filename:
            continue
        name = sent.filename[-_LONGEST_NAME:]
        try:
            scan_id = order_signing.upload(actor, sent.read(), name, files, now=visit.now())
        except RuleBroken as error:
            refused.append(Refused(name, sentence_of(error), hint_of(error)))
        else:
            taken.append(order_signing.scan_page(actor, scan_id))
    if not taken and not refused:
        refused.append(Refused("", translate(N_("No file was chosen.")), ""))
    return _desk(tuple(taken), tuple(refused)), 200 if taken else 422


@pages.get("/scans/<id:scan_id>/pages/<int:page>.png")
def picture(scan_id: int, page: int) -> Response:
    """Send a page of a scan, drawn anew."""
    drawn = order_signing.page_picture(visit.actor(), scan_id, page, visit.files())
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-store"}
    return Response(drawn, mimetype="image/png", headers=headers)


@pages.post("/scans/sheets/<id:sheet_id>/match")
def match(sheet_id: int) -> Answer:
    """Say what a page is, by the code beneath its QR."""
    if sheet_id not in {one.id for one in order_signing.unmatched(visit.actor())}:
        raise NotFound(N_("There is no such page."))
    try:
        order_id = order_signing.match_typed(visit.actor(), sheet_id, request.form.get("typed", "")[:100], now=visit.now())
    except RuleBroken as error:
        return _desk(wrong={sheet_id: f"{sentence_of(error)} {hint_of(error)}".strip()}), error.http_status
    flash(translate(N_("The page was matched.")), "good")
    return redirect(url_for("orders.look", order_id=order_id), 303)


@pages.post("/scans/sheets/<id:sheet_id>/dismiss")
def dismiss(sheet_id: int) -> AnyResponse:
    """Say that a page is no sheet of an order."""
    order_signing.dismiss(visit.actor(), sheet_id, now=visit.now())
    flash(translate(N_("The page was put aside.")), "good")
    return redirect(url_for("scans.show"), 303)


@pages.post("/orders/<id:order_id>/paper-received")
def receive_paper(order_id: int) -> AnyResponse:
    """Say that the signed paper is there."""
    order_signing.receive_paper(visit.actor(), order_id, revision=number_sent(request.form, "revision"), note="", now=visit.now())
    flash(translate(N_("The signed paper is noted. The order waits for its release.")), "good")
    return redirect(url_for("orders.look", order_id=order_id), 303)


def _desk(taken: tuple[ScanPage, ...] = (), refused: tuple[Refused, ...] = (), wrong: dict[int, str] | None = None) -> str:
    return render_template(
        "scans/show.html",
        taken=taken,
        refused=refused,
        wrong=wrong or {},
        unmatched=order_signing.unmatched(visit.actor()),
    )
