"""Parties: look at one with those below it, create, change."""

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain import party_sheet
from server.domain.errors import Conflict, NotAllowed, RuleBroken
from server.domain.party import PartyKind, SalesMode
from server.domain.party_sheet import PartyFacts
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import say, translate
from server.services import customers, hierarchy
from server.services.contracts import contracts_of
from server.services.hierarchy import PartyPage
from server.web import phrases, visit
from server.web.addresses import address_lines
from server.web.forms import Form, number_sent
from server.web.lists import list_view, wish_of_request
from server.web.party_form import facts_of, party_form

pages = Blueprint("parties", __name__, url_prefix="/parties")
Answer = str | Response | tuple[str, int]
_AFTER_CREATION = {
    False: (N_("{name} was created. Invite the people who work there now."), "team.show"),
    True: (N_("{name} was created. Add contacts, clients and the bank account now."), "parties.show"),
}
"""what is to be done next, and where: for a customer (True), and for everybody else"""


@pages.get("/<id:party_id>")
def show(party_id: int) -> Answer:
    """Show a party with those directly below it."""
    party = hierarchy.party_page(visit.actor(), party_id)
    wish = wish_of_request("name")
    return render_template(
        "parties/show.html",
        party=party,
        path=hierarchy.path(visit.actor(), party_id),
        child_kind=party.kind.below,
        children=list_view(wish, hierarchy.list_children(visit.actor(), party_id, wish)),
        record=customers.customer_page(visit.actor(), party_id) if party.kind is PartyKind.CUSTOMER else None,
        contracts=contracts_of(visit.actor(), party_id) if party.kind is PartyKind.CUSTOMER else (),
        may_order=visit.may(Right.MANAGE_ORDERS),
        may_import=party.may_create and party.kind is PartyKind.RESELLER,
        address=address_lines(party.facts),
        is_own=party_id == visit.actor().party_id,
        may_set_terms=_may_set_terms(party),
        may_see_audit=visit.may(Right.SEE_AUDIT),
    )


@pages.get("/<id:party_id>/new")
def create(party_id: int) -> Answer:
    """Show the empty form of a party below another."""
    parent, kind = _creatable(party_id)
    return _creation(parent, party_form(kind, PartyFacts()), secrets.token_urlsafe(16))


@pages.post("/<id:party_id>/new")
def save_new(party_id: int) -> Answer:
    """Create what the form says."""
    parent, kind = _creatable(party_id)
    form = party_form(kind, PartyFacts())
    submission = request.form.get("submission", "")
    facts = _read(form, kind, PartyFacts())
    if facts is None:
        return _creation(parent, form, submission), 422
    try:
        created = hierarchy.create_party(visit.actor(), party_id, facts, submission=submission, now=visit.now())
    except RuleBroken as error:
        form.refuse(error)
        return _creation(parent, form, submission), 422
    told, onward = _AFTER_CREATION[kind is PartyKind.CUSTOMER]
    flash(say(told, name=facts.legal_name), "good")
    return redirect(url_for(onward, party_id=created), 303)


@pages.get("/<id:party_id>/edit")
def edit(party_id: int) -> Answer:
    """Show a party's form."""
    party = _editable(party_id)
    return _change(party, party_form(party.kind, party.facts), party.version)


@pages.post("/<id:party_id>/edit")
def save(party_id: int) -> Answer:
    """Change a party to what the form says, unless somebody else has changed it meanwhile."""
    party = _editable(party_id)
    form = party_form(party.kind, party.facts)
    seen = number_sent(request.form, "version")
    facts = _read(form, party.kind, party.facts)
    if facts is None:
        return _change(party, form, seen), 422
    try:
        hierarchy.edit_party(visit.actor(), party_id, facts, version=seen, now=visit.now())
    except RuleBroken as error:
        form.refuse(error)
        return _change(party, form, seen), 422
    except Conflict as error:
        latest = hierarchy.party_page(visit.actor(), party_id)
        form.refuse(error)
        form.show_theirs(latest.facts.texts())
        return _change(latest, form, latest.version), 409
    flash(translate(N_("Saved.")), "good")
    return redirect(url_for("parties.show", party_id=party_id), 303)


def _may_set_terms(party: PartyPage) -> bool:
    is_own = party.id == visit.actor().party_id
    return is_own and visit.may(Right.MANAGE_MONEY) and party.facts.mode != SalesMode.AGENCY


def _creatable(party_id: int) -> tuple[PartyPage, PartyKind]:
    """Return the party below which something is to be created, and what kind that is."""
    parent = hierarchy.party_page(visit.actor(), party_id)
    kind = parent.kind.below
    if kind is None or not parent.may_create:
        raise NotAllowed(*hierarchy.NOTHING_TO_CREATE)
    return parent, kind


def _editable(party_id: int) -> PartyPage:
    party = hierarchy.party_page(visit.actor(), party_id)
    if not party.may_edit:
        raise NotAllowed(*hierarchy.NOT_TO_CHANGE)
    return party


def _read(form: Form, kind: PartyKind, before: PartyFacts) -> PartyFacts | None:
    """Return what was sent, or None where something is wrong with it; the form then says what."""
    form.read(request.form)
    facts = facts_of(form, before)
    form.refuse(*party_sheet.mistakes(kind, facts))
    return None if form.errors or form.refusal else facts


def _creation(parent: PartyPage, form: Form, submission: str) -> str:
    kind = str(parent.kind.below)
    return render_template(
        "parties/form.html",
        form=form,
        submission=submission,
        path=(),
        heading=translate(phrases.NEW[kind]),
        below=parent.facts.legal_name,
        button=translate(phrases.CREATE[kind]),
        back_url=url_for("parties.show", party_id=parent.id),
    )


def _change(party: PartyPage, form: Form, version: int) -> str:
    return render_template(
        "parties/form.html",
        form=form,
        version=version,
        path=hierarchy.path(visit.actor(), party.id),
        heading=say(N_("Change {name}"), name=party.facts.legal_name),
        below="",
        button=translate(N_("Save")),
        back_url=url_for("parties.show", party_id=party.id),
    )
