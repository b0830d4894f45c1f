"""Invoices: those received and those issued, one with its lines, its PDF and its XML; taking one back."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.documents import invoice_words
from server.domain.errors import RuleBroken
from server.domain.party import PartyKind
from server.domain.sentence import N_
from server.language import hint_of, say, sentence_of
from server.services import invoice_cancel, invoices
from server.services.invoices import File
from server.web import visit
from server.web.days import today
from server.web.lists import list_view, wish_of_request

pages = Blueprint("invoices", __name__, url_prefix="/invoices")
Answer = str | AnyResponse | tuple[str, int]


@pages.get("")
def show() -> str:
    """Show what was received; with ``which=issued``, what was issued."""
    kind = visit.actor().kind
    both = kind not in {PartyKind.OPERATOR, PartyKind.CUSTOMER}
    asked = request.args.get("which", "")
    received = kind is PartyKind.CUSTOMER or (both and asked == "received")
    wish = wish_of_request("issued", is_descending=True)
    part = invoices.list_invoices(visit.actor(), wish, received=received)
    which = "received" if both and received else ""
    return render_template("invoices/list.html", list=list_view(wish, part, which=which), received=received, both=both)


@pages.get("/<id:invoice_id>")
def look(invoice_id: int) -> str:
    """Show one document."""
    page = invoices.invoice_page(visit.actor(), invoice_id)
    document = page.document
    return render_template(
        "invoices/show.html",
        page=page,
        invoice=document,
        title=invoice_words.title(document),
        rows=invoice_words.rows(document),
        payment=invoice_words.payment_text(document),
    )


@pages.get("/<id:invoice_id>/pdf")
def pdf(invoice_id: int) -> Response:
    """Send a document as PDF."""
    return _send(invoices.pdf_of(visit.actor(), invoice_id, visit.files(), now=visit.now()), "application/pdf")


@pages.get("/<id:invoice_id>/xml")
def xml(invoice_id: int) -> Response:
    """Send a document as XML for programs."""
    return _send(invoices.xml_of(visit.actor(), invoice_id, visit.files(), now=visit.now()), "application/xml")


@pages.get("/<id:invoice_id>/cancel")
def cancel(invoice_id: int) -> str:
    """Ask whether an invoice is to be taken back."""
    return _question(invoice_id)


@pages.post("/<id:invoice_id>/cancel")
def do_cancel(invoice_id: int) -> Answer:
    """Take an invoice back."""
    try:
        made = invoice_cancel.cancel(
            visit.actor(), invoice_id, request.form.get("reason", ""), today=today(), now=visit.now()
        )  # fmt: skip
    except RuleBroken as error:
        return _question(invoice_id, error), 422
    flash(say(N_("The invoice is cancelled. What it billed is billed again with the next run.")), "good")
    return redirect(url_for("invoices.look", invoice_id=made), 303)


def _question(invoice_id: int, refusal: RuleBroken | None = None) -> str:
    row = invoice_cancel.to_cancel(visit.actor(), invoice_id)
    return render_template(
        "invoices/cancel.html",
        row=row,
        longest=invoice_cancel.REASON_LENGTH,
        reason=request.form.get("reason", ""),
        refusal=sentence_of(refusal) if refusal else "",
        advice=hint_of(refusal) if refusal else "",
    )


def _send(file: File, media_type: str) -> Response:
    disposition = f'attachment; filename="{file.name}"'
    return Response(file.content, content_type=media_type, headers={"Content-Disposition": disposition})
