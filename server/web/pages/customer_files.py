"""Customers in and out as CSV, for a reseller."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.domain.customer_row import COLUMNS
from server.domain.errors import RuleBroken
from server.domain.sentence import N_
from server.language import current_language, hint_of, say, sentence_of
from server.services import customer_files
from server.services.customer_files import ImportReport
from server.web import visit
from server.web.days import today

pages = Blueprint("customer_files", __name__, url_prefix="/customers")
Answer = str | AnyResponse | tuple[str, int]


@pages.get("/import")
def choose() -> Answer:
    """Show the form of a file."""
    return _choice()


@pages.post("/import")
def take_in() -> Answer:
    """Look at a file, and create its customers if that is wanted and every line is right."""
    sent = request.files.get("file")
    data = sent.stream.read() if sent is not None else b""
    check_only = request.form.get("deed") != "create"
    try:
        report = customer_files.import_customers(visit.actor(), data, check_only=check_only, now=visit.now())
    except RuleBroken as error:
        return _choice(refusal=error)
    if report.complaints or check_only:
        return _choice(report=report)
    flash(say(N_("{count:customer was|customers were} created."), count=report.created), "good")
    return redirect(url_for("parties.show", party_id=visit.actor().party_id), 303)


@pages.get("/export.csv")
def export() -> Answer:
    """Send the reseller's customers as a file."""
    body = customer_files.customers_as_csv(visit.actor(), language=current_language())
    name = f"customers-{today().isoformat()}.csv"
    return Response(body, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _choice(report: ImportReport | None = None, refusal: RuleBroken | None = None) -> Answer:
    customer_files.need_import(visit.actor())
    names = [
        (german if current_language() == "de" else english, column.is_needed) for column, (german, english) in COLUMNS.items()
    ]
    complaints = [
        (one.line, one.column, sentence_of(one.cause), hint_of(one.cause)) for one in (report.complaints if report else ())
    ]
    page = render_template(
        "customers/import.html",
        report=report,
        complaints=complaints,
        refusal=sentence_of(refusal) if refusal else "",
        advice=hint_of(refusal) if refusal else "",
        columns=names,
        party_id=visit.actor().party_id,
    )
    return (page, 422) if refusal or complaints else page
