"""The door: log in, second factor, log out, a new password for one that was forgotten."""

import flask
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import LoginRefused, NotFound, RuleBroken, TooManyAttempts
from server.domain.password import LONGEST
from server.domain.sentence import N_
from server.services import brand, login
from server.web import cookies, visit
from server.web.addresses import own_address
from server.web.forms import Field, Form

pages = Blueprint("login", __name__)
Answer = str | Response | tuple[str, int]


@pages.get("/login")
def log_in() -> Answer:
    """Show the form, or the overview to whoever is logged in."""
    if visit.visitor() is not None:
        return redirect(url_for("dashboard.home"))
    return _door(_form())


@pages.get("/login/at/<key>")
def log_in_at(key: str) -> Answer:
    """Show the login page with the brand that has a key, from now on in this browser."""
    if brand.house_at(key if cookies.HOUSE_KEY.fullmatch(key) else "") == brand.NO_HOUSE:
        raise NotFound(N_("There is no such page."))
    return cookies.keep_house(redirect(url_for("login.log_in")), key)


@pages.post("/login")
def try_log_in() -> Answer:
    """Let somebody in who knows the password; a second factor is asked for next."""
    form = _form()
    if not form.read(request.form):
        return _door(form), 422
    try:
        entry = login.log_in(
            form.values["email"],
            form.values["password"],
            address=visit.address(),
            agent=request.user_agent.string,
            now=visit.now(),
        )
    except (LoginRefused, TooManyAttempts) as error:
        form.refuse(error)
        return _door(form), error.http_status
    flask.session.clear()  # forms that were opened before are no longer valid
    onward = own_address(request.form.get("next", ""))
    target = url_for("login.code", next=onward) if entry.needs_code else onward
    return cookies.keep_session(redirect(target, 303), entry.token)


@pages.get("/login/code")
def code() -> Answer:
    """Ask for the second factor."""
    return _ask_code(_code_form())


@pages.post("/login/code")
def try_code() -> Answer:
    """Let somebody in whose second factor is right."""
    form = _code_form()
    if not form.read(request.form):
        return _ask_code(form), 422
    try:
        login.confirm_code(cookies.session_token(), form.values["code"], address=visit.address(), now=visit.now())
    except (LoginRefused, TooManyAttempts, RuleBroken) as error:
        form.refuse(error)
        return _ask_code(form), error.http_status
    return redirect(own_address(request.args.get("next", "")), 303)


@pages.post("/logout")
def log_out() -> Answer:
    """End this session."""
    login.log_out(cookies.session_token(), now=visit.now())
    flask.session.clear()
    return cookies.drop_session(redirect(url_for("login.log_in"), 303))


@pages.get("/forgotten")
def forgotten() -> Answer:
    """Ask for the address to which a link is to be sent."""
    return render_template("account/forgotten.html", form=_email_form(), is_sent=False)


@pages.post("/forgotten")
def send_link() -> Answer:
    """Send a link, if the address has access; the answer is the same if it has not."""
    form = _email_form()
    if not form.read(request.form):
        return render_template("account/forgotten.html", form=form, is_sent=False), 422
    try:
        login.request_reset(form.values["email"], address=visit.address(), now=visit.now())
    except TooManyAttempts as error:
        form.refuse(error)
        return render_template("account/forgotten.html", form=form, is_sent=False), error.http_status
    return render_template("account/forgotten.html", form=form, is_sent=True)


def _door(form: Form) -> str:
    wanted = request.form.get("next", "") or request.args.get("next", "")
    return render_template("account/login.html", form=form, next=own_address(wanted))


def _ask_code(form: Form) -> str:
    return render_template("account/code.html", form=form)


def _form() -> Form:
    return Form(
        (
            Field("email", N_("E-mail"), kind="email", required=True, maximum=254, autocomplete="username"),
            Field(
                "password",
                N_("Password"),
                kind="password",
                required=True,
                maximum=LONGEST,
                autocomplete="current-password",
            ),
        )
    )


def _code_form() -> Form:
    label = N_("Code")
    return Form((Field("code", label, required=True, maximum=30, autocomplete="one-time-code", short=True),))


def _email_form() -> Form:
    return Form((Field("email", N_("E-mail"), kind="email", required=True, maximum=254, autocomplete="username"),))
