"""How the reader's party sells to those below it."""

from collections.abc import Iterable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import Conflict, RuleBroken
from server.domain.selling_terms import asked_of, read_terms
from server.domain.sentence import N_
from server.language import translate
from server.services import terms
from server.services.terms import TermsPage
from server.web import visit
from server.web.deeds import TERMS
from server.web.forms import Field, Form, number_sent

pages = Blueprint("terms", __name__, url_prefix="/terms")
Answer = str | Response | tuple[str, int]
_TEXTS = {"legal_notice", "contact_name", "invoice_prefix", "datev_consultant", "datev_client"}
_HINTS = {
    "legal_notice": N_("as the law wants it on letters: register, managers; a line each"),
    "contact_name": N_("who answers questions about an invoice"),
    "invoice_prefix": N_("before each number, such as RE-"),
    "prenotification_days": N_("so long before a debit its amount and day are told; usual are 14, agreed on with the mandate"),
    "payment_days": N_("in which a bank transfer is to arrive"),
    "notice_months": N_("before the end of a month, for contracts that are drawn up from now on"),
    "trial_days": N_("how long a trial costs nothing"),
    "kept_days": N_("at least 30; so long customers can still restore"),
    "commission_percent": N_("of what customers pay net, for resellers who sell in your name"),
}
GROUPS = (
    (N_("On letters"), ("legal_notice", "contact_name", "invoice_prefix")),
    (N_("Payment"), ("payment_days", "prenotification_days")),
    (N_("Contracts"), ("notice_months", "trial_days", "commission_percent")),
    (
        N_("When somebody does not pay: days after it fell due"),
        ("reminder_days", "blocked_days", "paused_days", "ended_days", "kept_days"),
    ),
    (N_("Bookkeeping"), ("datev_consultant", "datev_client")),
)
"""the form in its order"""


@pages.get("")
def show() -> Answer:
    """Show the form."""
    known = terms.terms_page(visit.actor())
    return _page(known, _form(known), known.version)


@pages.post("")
def save() -> Answer:
    """Let the terms of the form hold from now on, unless somebody else has changed them meanwhile."""
    known = terms.terms_page(visit.actor())
    form, seen = _form(known), number_sent(request.form, "version")
    form.read(request.form)
    wanted, broken = read_terms(known.kind, form.values, known.terms)
    form.refuse(*broken)
    if form.errors or form.refusal:
        return _page(known, form, seen), 422
    try:
        terms.set_terms(visit.actor(), wanted, version=seen, now=visit.now())
    except RuleBroken as error:
        form.refuse(error)
        return _page(known, form, seen), 422
    except Conflict as error:
        latest = terms.terms_page(visit.actor())
        form.refuse(error)
        form.show_theirs(latest.terms.texts())
        return _page(latest, form, latest.version), 409
    flash(translate(N_("Saved.")), "good")
    return redirect(url_for("terms.show"), 303)


def _form(known: TermsPage) -> Form:
    return Form(map(_field, asked_of(known.kind)), known.terms.texts())


def _field(name: str) -> Field:
    hint = _HINTS.get(name, "")
    if name == "legal_notice":
        return Field(name, TERMS[name], kind="lines", maximum=1000, hint=hint)
    if name in _TEXTS:
        return Field(name, TERMS[name], maximum=70, autocomplete="off", hint=hint, short=name != "contact_name")
    return Field(name, TERMS[name], required=True, maximum=6, autocomplete="off", inputmode="numeric", hint=hint, short=True)


def _page(known: TermsPage, form: Form, version: int) -> str:
    groups = [(legend, _asked(form, names)) for legend, names in GROUPS]
    shown = [(legend, names) for legend, names in groups if names]
    return render_template("terms.html", form=form, groups=shown, version=version, party_id=visit.actor().party_id)


def _asked(form: Form, names: Iterable[str]) -> list[str]:
    return [name for name in names if form.has(name)]
