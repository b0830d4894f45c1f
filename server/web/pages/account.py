"""One's own access: password, second factor, where one is logged in."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from server.domain.errors import LoginRefused, RuleBroken, TooManyAttempts
from server.domain.password import LONGEST
from server.domain.sentence import N_
from server.language import translate
from server.services import login, memberships, twofactor
from server.web import visit
from server.web.forms import Field, Form

pages = Blueprint("account", __name__, url_prefix="/account")
Answer = str | Response | tuple[str, int]
REFUSALS = (LoginRefused, TooManyAttempts, RuleBroken)


@pages.get("")
def show() -> Answer:
    """Show how one gets in, and where one is in."""
    return _account()


@pages.post("/password")
def change_password() -> Answer:
    """Let the reader have another password."""
    form = _password_form()
    if not form.read(request.form):
        return _account(password=form), 422
    values = form.values
    try:
        login.change_password(visit.actor(), values["old_password"], values["password"], address=visit.address(), now=visit.now())
    except REFUSALS as error:
        form.refuse(error)
        return _account(password=form), error.http_status
    flash(translate(N_("The new password holds from now on.")), "good")
    return redirect(url_for("account.show"), 303)


@pages.get("/two-factor")
def two_factor() -> Answer:
    """Show the secret that the reader's app is to keep."""
    if twofactor.standing(visit.actor()).is_on:
        return redirect(url_for("account.show"))
    return _enrolment(_code_form(N_("Code")))


@pages.post("/two-factor")
def switch_on() -> Answer:
    """Switch the second factor on, and show the recovery codes, once."""
    form = _code_form(N_("Code"))
    if not form.read(request.form):
        return _enrolment(form), 422
    try:
        codes = twofactor.confirm(visit.actor(), form.values["code"], now=visit.now())
    except RuleBroken as error:
        if twofactor.standing(visit.actor()).is_on:
            return redirect(url_for("account.show"), 303)
        form.refuse(error)
        return _enrolment(form), 422
    return render_template("account/recovery_codes.html", codes=codes)


@pages.post("/two-factor/off")
def disable_two_factor() -> Answer:
    """Switch the second factor off."""
    form = _proof_form()
    if not form.read(request.form):
        return _account(disable=form), 422
    try:
        twofactor.disable(visit.actor(), form.values["code"], address=visit.address(), now=visit.now())
    except REFUSALS as error:
        form.refuse(error)
        return _account(disable=form), error.http_status
    flash(translate(N_("The second factor is off.")), "attention")
    return redirect(url_for("account.show"), 303)


@pages.post("/two-factor/codes")
def renew_codes() -> Answer:
    """Make new recovery codes, and show them, once."""
    form = _proof_form()
    if not form.read(request.form):
        return _account(renew=form), 422
    try:
        codes = twofactor.renew_codes(visit.actor(), form.values["code"], address=visit.address(), now=visit.now())
    except REFUSALS as error:
        form.refuse(error)
        return _account(renew=form), error.http_status
    return render_template("account/recovery_codes.html", codes=codes)


@pages.post("/sessions/<id:session_id>/end")
def end_session(session_id: int) -> Answer:
    """Log out elsewhere."""
    login.revoke_session(visit.actor(), session_id, now=visit.now())
    flash(translate(N_("That browser is logged out.")), "good")
    return redirect(url_for("account.show"), 303)


@pages.post("/workplaces/<id:party_id>")
def work_at(party_id: int) -> Answer:
    """Be at another party at which the reader works."""
    memberships.work_at(visit.actor(), party_id, now=visit.now())
    return redirect(url_for("dashboard.home"), 303)


def _account(password: Form | None = None, disable: Form | None = None, renew: Form | None = None) -> str:
    return render_template(
        "account/show.html",
        standing=twofactor.standing(visit.actor()),
        workplaces=memberships.workplaces(visit.actor()),
        sessions=login.list_sessions(visit.actor(), now=visit.now()),
        form=password or _password_form(),
        disable_form=disable or _proof_form(),
        renew_form=renew or _proof_form(),
    )


def _enrolment(form: Form) -> str:
    offer = twofactor.begin(visit.actor())
    secret = " ".join(offer.secret[at : at + 4] for at in range(0, len(offer.secret), 4))
    code = Markup(segno.make(offer.uri, error="m").svg_inline(scale=4, border=2, svgclass=None, lineclass=None))
    is_required = twofactor.standing(visit.actor()).is_required
    return render_template("account/two_factor.html", form=form, code=code, secret=secret, is_required=is_required)


def _password_form() -> Form:
    return Form(
        (
            Field(
                "old_password",
                N_("Present password"),
                kind="password",
                required=True,
                maximum=LONGEST,
                autocomplete="current-password",
            ),
            Field("password", N_("New password"), kind="password", required=True, maximum=LONGEST, autocomplete="new-password"),
        )
    )


def _proof_form() -> Form:
    return _code_form(N_("Code of the app, or a recovery code"))


def _code_form(label: str) -> Form:
    return Form((Field("code", label, required=True, maximum=40, autocomplete="one-time-code", short=True),))
