"""One-time links: into a party, or to a new password."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import NotFound, RuleBroken
from server.domain.password import LONGEST, SHORTEST
from server.domain.sentence import N_
from server.language import hint_of, say, sentence_of, translate
from server.models.people import Purpose
from server.services import invitations
from server.services.invitations import LONGEST_NAME, Offer
from server.web import cookies, visit
from server.web.errors import error_page
from server.web.forms import Field, Form

pages = Blueprint("invitation", __name__, url_prefix="/invitation")
Answer = str | Response | tuple[str, int]


@pages.get("/<token>")
def look(token: str) -> Answer:
    """Show what a link leads to. Looking uses nothing up: mail programs look at links, too."""
    try:
        offer = _offer(token)
    except NotFound as error:
        return _useless(error)
    return _page(offer, _form(offer))


@pages.post("/<token>")
def accept(token: str) -> Answer:
    """Use a link."""
    try:
        offer = _offer(token)
    except NotFound as error:
        return _useless(error)
    form = _form(offer)
    if not form.read(request.form):
        return _page(offer, form), 422
    try:
        invitations.accept(token, name=form.values.get("name", ""), password=form.values.get("password", ""), now=visit.now())
    except NotFound as error:
        return _useless(error)
    except RuleBroken as error:
        form.refuse(error)
        return _page(offer, form), 422
    done = N_("Your password is set. Log in with it now.") if offer.needs_password else N_("You are in. Log in now.")
    flash(translate(done), "good")
    return redirect(url_for("login.log_in"), 303)


def _offer(token: str) -> Offer:
    offer = invitations.look_at(token, now=visit.now())
    if not cookies.language() and visit.visitor() is None:
        visit.speak(offer.language)
    return offer


def _useless(error: NotFound) -> Answer:
    return error_page(404, translate(N_("This link does not work any more")), sentence_of(error), hint_of(error))


def _form(offer: Offer) -> Form:
    fields = []
    if offer.needs_name:
        fields.append(Field("name", N_("Your name"), required=True, maximum=LONGEST_NAME, autocomplete="name"))
    if offer.needs_password:
        fields.append(
            Field(
                "password",
                N_("New password"),
                kind="password",
                required=True,
                maximum=LONGEST,
                autocomplete="new-password",
                hint=say(N_("at least {count:character|characters}; four words will do"), count=SHORTEST),
            )
        )
    return Form(fields, {"name": offer.name} if offer.needs_name else {})


def _page(offer: Offer, form: Form) -> str:
    if offer.purpose is Purpose.RESET:
        heading, told = translate(N_("Choose a new password")), say(N_("for {email}"), email=offer.email)
        button = translate(N_("Save the password"))
    else:
        heading = say(N_("Welcome at {party}"), party=offer.party_name)
        told = say(N_("{email}, role {role}"), email=offer.email, role=offer.role)
        button = translate(N_("Accept the invitation"))
    return render_template("account/invitation.html", form=form, heading=heading, explanation=told, button=button)
