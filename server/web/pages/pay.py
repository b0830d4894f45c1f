"""The page on which a customer pays by PayPal: reached by the address in a mail, without logging in."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.domain.errors import RuleBroken
from server.domain.paypal import OrderState
from server.domain.sentence import N_
from server.gateways.paypal.transport import PayPalError
from server.language import hint_of, sentence_of, translate
from server.services import pay_links, paypal_orders
from server.services.pay_links import PayPage
from server.services.paypal_orders import Now
from server.web import visit
from server.web.days import today

pages = Blueprint("pay", __name__, url_prefix="/pay")
Answer = str | AnyResponse | tuple[str, int]
_LONGEST_ID = 100
_LOCALES = {"de": "de-DE", "en": "en-GB"}


@pages.get("/<token>")
def show(token: str) -> Answer:
    """Show what is to be paid."""
    page = pay_links.look_at(token)
    return _page(page, is_cancelled="cancelled" in request.args and bool(page.parts))


@pages.post("/<token>")
def begin(token: str) -> Answer:
    """Lead to PayPal, where the payer agrees."""
    page = pay_links.look_at(token)
    saves = bool(request.form.get("saves"))
    try:
        url = paypal_orders.begin(visit.paypal(), token, saves=saves, locale=_LOCALES[visit.language()], at=_now())
    except RuleBroken as error:
        return _page(page, refusal=sentence_of(error), advice=hint_of(error)), error.http_status
    except PayPalError as error:
        return _page(page, refusal=sentence_of(error), advice=hint_of(error)), 502
    # A page instead of a redirect: the policy for forms lets none of them lead elsewhere, and it shall stay so.
    answer = Response(render_template("pay/onward.html", url=url, **_look(page)))
    answer.headers["Refresh"] = f"0; url={url}"
    return answer


@pages.get("/<token>/return")
def come_back(token: str) -> Answer:
    """Take what the payer has agreed to. Called again, it does nothing again."""
    paypal_id = request.args.get("token", "")[:_LONGEST_ID]
    try:
        state = paypal_orders.come_back(visit.paypal(), token, paypal_id, at=_now())
    except PayPalError:
        told = N_("PayPal has not answered yet. Do not pay again: this page shows in a few minutes whether it is paid.")
        flash(translate(told), "attention")
        return redirect(url_for("pay.show", token=token), 303)
    if state is OrderState.OPEN:
        flash(translate(N_("You have not agreed at PayPal yet. Nothing was taken.")), "attention")
    return redirect(url_for("pay.show", token=token), 303)


def _page(page: PayPage, *, refusal: str = "", advice: str = "", is_cancelled: bool = False) -> str:
    return render_template("pay/show.html", page=page, refusal=refusal, advice=advice, is_cancelled=is_cancelled, **_look(page))


def _look(page: PayPage) -> dict[str, str]:
    """Return whose name, colour and logo stand on the page: the seller's, whoever else is logged in."""
    brand = url_for("appearance.colours", colour=page.colour[1:]) if page.colour else ""
    logo = url_for("appearance.logo", name=page.logo) if page.logo else ""
    return {"house": page.seller, "brand_url": brand, "logo_url": logo}


def _now() -> Now:
    return Now(visit.now(), today())
