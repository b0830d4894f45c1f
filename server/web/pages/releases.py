"""The distributor's desk: signed orders that wait, the signed sheet beside the data, release or back with a reason."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import RuleBroken
from server.domain.order import OrderState, OrderStep
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import say, translate
from server.services import order_release, orders
from server.web import visit
from server.web.days import today
from server.web.forms import Field, Form, number_sent
from server.web.lists import list_view, wish_of_request
from server.web.order_words import TITLES

pages = Blueprint("releases", __name__)
Answer = str | Response | tuple[str, int]
LONGEST_REASON = 500


@pages.get("/releases")
def show() -> str:
    """Show the orders that wait, those signed first first."""
    visit.actor().need(Right.RELEASE_ORDERS)
    wish = wish_of_request("")
    found = orders.list_orders(visit.actor(), wish, waiting=True)
    return render_template("releases/list.html", list=list_view(wish, found))


@pages.get("/orders/<id:order_id>/release")
def look(order_id: int) -> str:
    """Show the signed sheet beside the data."""
    return _desk(order_id, _form())


@pages.post("/orders/<id:order_id>/release")
def release(order_id: int) -> Answer:
    """Release an order: it becomes a contract."""
    visit.actor().need(Right.RELEASE_ORDERS)
    try:
        done = order_release.release(
            visit.actor(), order_id, revision=number_sent(request.form, "revision"), today=today(), now=visit.now()
        )
    except RuleBroken as error:
        form = _form()
        form.refuse(error)
        return _desk(order_id, form), error.http_status
    waits = done.state is OrderState.AWAITING_PAYMENT
    told = (
        N_("Released: contract {contract}. It becomes active by itself once the first payment has arrived.")
        if waits
        else N_("Released: contract {contract}.")
    )
    flash(say(told, contract=done.contract_number), "good")
    return redirect(url_for("releases.show"), 303)


@pages.post("/orders/<id:order_id>/reject")
def reject(order_id: int) -> Answer:
    """Send an order back with a reason."""
    visit.actor().need(Right.RELEASE_ORDERS)
    form = _form()
    if not form.read(request.form):
        return _desk(order_id, form), 422
    order_release.reject(
        visit.actor(), order_id, form.values["reason"], revision=number_sent(request.form, "revision"), now=visit.now()
    )
    flash(translate(N_("The order was sent back. The reseller reads the reason.")), "good")
    return redirect(url_for("releases.show"), 303)


def _form() -> Form:
    return Form((Field("reason", N_("What has to be put right?"), required=True, maximum=LONGEST_REASON),))


def _desk(order_id: int, form: Form) -> str:
    visit.actor().need(Right.RELEASE_ORDERS)
    order = orders.see(visit.actor(), order_id, today=today())
    return render_template(
        "releases/look.html",
        order=order,
        form=form,
        title=translate(TITLES[order.kind]),
        may_release=OrderStep.RELEASE in order.steps,
        sheets=[one for one in order.sheets if one.may_see],
    )
