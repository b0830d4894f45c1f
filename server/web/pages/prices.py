"""Sale prices: what the reader's party asks those below, from which day on."""

from collections.abc import Mapping
from datetime import date

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import NotAllowed, RuleBroken
from server.domain.prices import INCREASE_NOTICE_DAYS, Asked, read_price
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import say, translate
from server.services import prices
from server.services.prices import Offer
from server.web import visit
from server.web.days import read_day, today
from server.web.forms import Field, Form

pages = Blueprint("prices", __name__, url_prefix="/packages/versions/<id:version_id>")
Answer = str | Response | tuple[str, int]
MOST_BUYERS = 500  # in one choice
_EVERYBODY = ""


@pages.get("/price")
def ask(version_id: int) -> Answer:
    """Show the form of a price."""
    offer = _to_sell(version_id)
    return _sheet(offer, _price_form({}))


@pages.post("/price")
def save(version_id: int) -> Answer:
    """Ask a price from a day on."""
    offer, form = _to_sell(version_id), _price_form(request.form)
    if not form.read(request.form):
        return _sheet(offer, form), 422
    sent = form.values
    try:
        asked = Asked(read_price(sent["base"], field="base"), read_price(sent["overage"], field="overage"))
        prices.set_price(
            visit.actor(),
            version_id,
            asked,
            read_day(sent["valid_from"], field="valid_from"),
            buyer_id=_buyer(sent),
            accept_loss=bool(sent.get("accept_loss")),
            today=today(),
            now=visit.now(),
        )
    except RuleBroken as error:
        again = _price_form({"accept_loss": ""}) if error.field == "accept_loss" else form
        again.values.update(sent)
        again.refuse(error)
        return _sheet(offer, again), 422
    flash(translate(N_("The price is set. What was agreed before stays as it is.")), "good")
    return _back(offer)


@pages.get("/end")
def ending(version_id: int) -> Answer:
    """Show the form of a price's end."""
    return _ending(_to_sell(version_id), _end_form())


@pages.post("/end")
def end(version_id: int) -> Answer:
    """Let a price end."""
    offer, form = _to_sell(version_id), _end_form()
    if not form.read(request.form):
        return _ending(offer, form), 422
    try:
        ends = read_day(form.values["valid_to"], field="valid_to")
        prices.end_price(visit.actor(), version_id, ends, buyer_id=_buyer(form.values), today=today(), now=visit.now())
    except RuleBroken as error:
        form.refuse(error)
        return _ending(offer, form), 422
    flash(translate(N_("The price has an end. What was agreed before stays as it is.")), "good")
    return _back(offer)


@pages.post("/prices/<id:price_id>/withdraw")
def withdraw(version_id: int, price_id: int) -> Answer:
    """Take back a price that has not begun."""
    offer = _to_sell(version_id)
    prices.withdraw_price(visit.actor(), version_id, price_id, today=today(), now=visit.now())
    flash(translate(N_("The price was withdrawn.")), "good")
    return _back(offer)


def _price_form(known: Mapping[str, str]) -> Form:
    fields = [
        Field("buyer", N_("For"), kind="choice", choices=_buyers()),
        Field("base", N_("Euro a month"), required=True, maximum=16, inputmode="decimal", short=True, autocomplete="off"),
        Field(
            "overage", N_("Euro for each further GB and month"), required=True, maximum=16, inputmode="decimal", short=True,
            autocomplete="off",
        ),
        Field(
            "valid_from", N_("From"), kind="date", required=True, short=True,
            hint=say(N_("a price that goes up begins {days} days from now at the earliest"), days=INCREASE_NOTICE_DAYS),
        ),
    ]  # fmt: skip
    if "accept_loss" in known:
        fields.append(Field("accept_loss", N_("Sell it for less than it costs"), kind="check"))
    return Form(fields, {"valid_from": today().isoformat()})


def _end_form() -> Form:
    ends = Field("valid_to", N_("No longer from"), kind="date", required=True, short=True)
    return Form((Field("buyer", N_("For"), kind="choice", choices=_buyers()), ends))


def _buyers() -> tuple[tuple[str, str], ...]:
    found = prices.buyers(visit.actor(), most=MOST_BUYERS)
    everybody = translate(N_("everybody who has no price of its own"))
    return ((_EVERYBODY, everybody), *((str(one.id), one.legal_name) for one in found))


def _buyer(sent: Mapping[str, str]) -> int | None:
    return int(sent["buyer"]) if sent["buyer"] != _EVERYBODY else None


def _to_sell(version_id: int) -> Offer:
    actor = visit.actor()
    actor.need(Right.SET_PRICES)
    offer = prices.offer(actor, version_id)
    if actor.kind.below is None:
        raise NotAllowed(N_("A customer sells nothing."))
    return offer


def _sheet(offer: Offer, form: Form) -> str:
    return _page(offer, form, say(N_("What does {name} cost those below?"), name=offer.package.name), "")


def _ending(offer: Offer, form: Form) -> str:
    note = translate(
        N_("From that day on the price is no longer asked; a buyer with a price of its own then pays the common one.")
    )
    return _page(offer, form, say(N_("Until when is the price of {name} asked?"), name=offer.package.name), note)


def _page(offer: Offer, form: Form, heading: str, note: str) -> str:
    day: date = today()
    return render_template(
        "packages/price.html",
        offer=offer,
        form=form,
        heading=heading,
        note=note,
        cost=offer.buys_at(day),
        back_url=url_for("packages.look", package_id=offer.package.id),
    )


def _back(offer: Offer) -> Response:
    return redirect(url_for("packages.look", package_id=offer.package.id), 303)
