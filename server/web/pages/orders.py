"""Orders: the list, one order with its history and its next step, drawing up, printing, withdrawing."""

import secrets

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.domain.errors import Conflict, NotFound, RuleBroken
from server.domain.order import OrderKind, OrderState, OrderStep
from server.domain.sentence import N_
from server.language import say, translate
from server.services import hierarchy, order_drawing, order_paper, orders
from server.services.order_choices import Changeable, Choices
from server.services.orders import OrderPage
from server.web import visit
from server.web.days import today
from server.web.forms import Form, number_sent
from server.web.lists import list_view, wish_of_request
from server.web.order_form import fill, order_form, texts_of, wish_of
from server.web.order_words import HEADINGS, SIGNS, TITLES, next_step

pages = Blueprint("orders", __name__)
Answer = str | AnyResponse | tuple[str, int]


@pages.get("/orders")
def show() -> str:
    """Show the orders within reach."""
    wanted = request.args.get("state", "")
    state = OrderState(wanted) if wanted in list(OrderState) else None
    wish = wish_of_request("")
    found = orders.list_orders(visit.actor(), wish, state=state)
    listed = list_view(wish, found, state=wanted if state else "")
    return render_template("orders/list.html", list=listed, state=state, states=OrderState, signs=SIGNS)


@pages.get("/orders/<id:order_id>")
def look(order_id: int) -> str:
    """Show an order."""
    return _page(orders.see(visit.actor(), order_id, today=today()))


@pages.get("/parties/<id:party_id>/orders/new")
def new(party_id: int) -> str:
    """Show the form of an order of a customer."""
    return _sheet(_known(party_id))


@pages.post("/parties/<id:party_id>/orders/new")
def draw_up(party_id: int) -> Answer:
    """Draw up an order."""
    kind, choices, contract, form = _known(party_id)
    if not form.read(request.form):
        return _sheet((kind, choices, contract, form)), 422
    try:
        made = order_drawing.create(
            visit.actor(), party_id, kind, wish_of(form, kind),
            contract_id=contract.id if contract else None, form_key=request.form.get("submission", ""),
            today=today(), now=visit.now(),
        )  # fmt: skip
    except RuleBroken as error:
        form.refuse(error)
        return _sheet((kind, choices, contract, form)), 422
    return redirect(url_for("orders.look", order_id=made), 303)


@pages.get("/orders/<id:order_id>/edit")
def edit(order_id: int) -> str:
    """Show the form of an order that can still be changed."""
    order, choices, contract = _to_edit(order_id)
    form = fill(order_form(order.kind, choices, contract, today=today()), texts_of(order))
    return _sheet((order.kind, choices, contract, form), order)


@pages.post("/orders/<id:order_id>/edit")
def save(order_id: int) -> Answer:
    """Change an order; what was printed of it is void."""
    order, choices, contract = _to_edit(order_id)
    form = order_form(order.kind, choices, contract, today=today())
    if not form.read(request.form):
        return _sheet((order.kind, choices, contract, form), order), 422
    try:
        order_drawing.edit(
            visit.actor(), order_id, wish_of(form, order.kind), revision=_revision(), today=today(), now=visit.now()
        )
    except (RuleBroken, Conflict) as error:
        form.refuse(error)
        if isinstance(error, Conflict):
            form.show_theirs(texts_of(order))
        return _sheet((order.kind, choices, contract, form), order), error.http_status
    flash(translate(N_("The order was changed. Print it anew: sheets of the older version are void.")), "good")
    return redirect(url_for("orders.look", order_id=order_id), 303)


@pages.post("/orders/<id:order_id>/withdraw")
def withdraw(order_id: int) -> AnyResponse:
    """Withdraw an order."""
    order_drawing.withdraw(visit.actor(), order_id, revision=_revision(), today=today(), now=visit.now())
    flash(translate(N_("The order was withdrawn.")), "good")
    return redirect(url_for("orders.look", order_id=order_id), 303)


@pages.post("/orders/<id:order_id>/print")
def print_order(order_id: int) -> AnyResponse:
    """Fix what stands on the sheets, and lead to them."""
    order_paper.print_order(visit.actor(), order_id, visit.files(), revision=_revision(), today=today(), now=visit.now())
    flash(translate(N_("The sheets are ready. Let the customer sign each of them.")), "good")
    return redirect(url_for("orders.look", order_id=order_id), 303)


@pages.get("/orders/<id:order_id>/paper.pdf")
def paper(order_id: int) -> Response:
    """Send the sheets of an order."""
    order = orders.see(visit.actor(), order_id, today=today())
    made = order_paper.sheets(visit.actor(), order_id, visit.files(), service_only=not order.sees_prices)
    headers = {"Content-Disposition": f'inline; filename="{made.file_name}"', "Cache-Control": "private, no-store"}
    return Response(made.pdf, mimetype="application/pdf", headers=headers)


def _page(order: OrderPage) -> str:
    actor = visit.actor()
    return render_template(
        "orders/look.html",
        order=order,
        title=translate(TITLES[order.kind]),
        sign=SIGNS[order.state],
        next_step=next_step(order, actor.kind),
        may=lambda step: OrderStep(step) in order.steps,
    )


def _known(party_id: int) -> tuple[OrderKind, Choices, Changeable | None, Form]:
    """Return what an order can be of, by the kind and the contract that the address names."""
    choices = order_drawing.choices(visit.actor(), party_id, today=today())
    wanted = request.args.get("kind", str(OrderKind.NEW))
    kind = OrderKind(wanted) if wanted in list(OrderKind) else OrderKind.NEW
    contract = next((one for one in choices.contracts if one.id == number_sent(request.args, "contract")), None)
    if kind is not OrderKind.NEW and contract is None:
        raise NotFound(N_("There is no such contract."))
    contract = None if kind is OrderKind.NEW else contract
    return kind, choices, contract, order_form(kind, choices, contract, today=today())


def _to_edit(order_id: int) -> tuple[OrderPage, Choices, Changeable | None]:
    order = orders.see(visit.actor(), order_id, today=today())
    choices = order_drawing.choices(visit.actor(), order.customer.id, today=today())
    contract_id = order.contract.id if order.contract else 0
    return order, choices, next((one for one in choices.contracts if one.id == contract_id), None)


def _sheet(known: tuple[OrderKind, Choices, Changeable | None, Form], order: OrderPage | None = None) -> str:
    kind, choices, contract, form = known
    back = url_for("orders.look", order_id=order.id) if order else url_for("parties.show", party_id=choices.customer_id)
    return render_template(
        "orders/form.html",
        heading=say(HEADINGS[kind], name=choices.customer),
        choices=choices,
        contract=contract,
        form=form,
        order=order,
        back_url=back,
        submission=request.form.get("submission") or secrets.token_urlsafe(),
        path=hierarchy.path(visit.actor(), choices.customer_id),
        has_packages=kind is OrderKind.CANCEL or bool(form.spec("version_id").choices),
    )


def _revision() -> int:
    return number_sent(request.form, "revision")
