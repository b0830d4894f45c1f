"""A seller's PayPal: the account, what came by it, what is paid back."""

import re
import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import Conflict, RuleBroken
from server.domain.listing import ListWish
from server.domain.money import euros
from server.domain.paypal import RefundState
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.paypal.transport import PayPalError
from server.language import translate
from server.services import paypal_accounts, paypal_refunds
from server.services.paypal_accounts import AccountFacts, AccountPage
from server.services.paypal_refunds import PaymentRow
from server.web import visit
from server.web.days import today
from server.web.forms import Field, Form, number_sent
from server.web.lists import list_view, wish_of_request

pages = Blueprint("paypal", __name__, url_prefix="/paypal")
Answer = str | Response | tuple[str, int]
_LONGEST_KEY = 200  # characters; PayPal's have eighty
_AMOUNT = re.compile(r"(\d{1,7})(?:[.,](\d{1,2}))?")
_AFTER_REFUND = {
    RefundState.COMPLETED: N_("The amount was paid back."),
    RefundState.FAILED: N_("PayPal has refused to pay it back. The list says why."),
}
_ON_ITS_WAY = N_("PayPal was told to pay it back. The list shows when it is done.")


@pages.get("/payments")
def payments() -> Answer:
    """Show what came by PayPal, and what did not."""
    part = paypal_refunds.payments(visit.actor(), page=wish_of_request("").page)
    return render_template(
        "paypal/payments.html",
        list=list_view(ListWish(page=part.number), part),
        may_manage=visit.may(Right.MANAGE_MONEY),
    )


@pages.get("/account")
def account() -> Answer:
    """Show the account."""
    page = paypal_accounts.account_page(visit.actor())
    return _account(page, _form(page), page.version)


@pages.post("/account")
def set_account() -> Answer:
    """Keep the account, once PayPal knows it."""
    page = paypal_accounts.account_page(visit.actor())
    form = _form(page)
    seen = number_sent(request.form, "version")
    if not form.read(request.form):
        return _account(page, form, seen), 422
    typed = form.values
    facts = AccountFacts(
        typed["client_id"], typed["secret"], typed["webhook_id"], bool(typed["saves_methods"]), bool(typed["is_on"])
    )
    try:
        paypal_accounts.set_account(visit.actor(), visit.paypal(), facts, version=seen, now=visit.now())
    except (RuleBroken, PayPalError) as error:
        form.refuse(error)
        return _account(page, form, seen), error.http_status
    except Conflict as error:
        latest = paypal_accounts.account_page(visit.actor())
        form.refuse(error)
        form.show_theirs({"client_id": latest.client_id, "webhook_id": latest.webhook_id})
        return _account(latest, form, latest.version), 409
    flash(translate(N_("PayPal knows this account. What was entered is saved.")), "good")
    return redirect(url_for("paypal.account"), 303)


@pages.post("/orders/<id:order_id>/nothing")
def nothing_came(order_id: int) -> Answer:
    """Say that no money came of an attempt that is unclear."""
    paypal_refunds.nothing_came(visit.actor(), order_id, now=visit.now())
    flash(translate(N_("Noted. It is asked for anew.")), "good")
    return redirect(url_for("paypal.payments"), 303)


@pages.get("/payments/<id:capture_id>/refund")
def refund(capture_id: int) -> Answer:
    """Ask how much is to be paid back."""
    actor = visit.actor()
    actor.need(Right.MANAGE_MONEY)
    row = paypal_refunds.payment(actor, capture_id)
    return _refund(row, _refund_form(row), secrets.token_urlsafe(16))


@pages.post("/payments/<id:capture_id>/refund")
def do_refund(capture_id: int) -> Answer:
    """Pay something back."""
    actor = visit.actor()
    actor.need(Right.MANAGE_MONEY)
    row = paypal_refunds.payment(actor, capture_id)
    form, submission = _refund_form(row), request.form.get("submission", "")
    if not form.read(request.form):
        return _refund(row, form, submission), 422
    try:
        state = paypal_refunds.refund(
            actor, visit.paypal(), capture_id, _cents(form.values["amount"]), submission=submission, now=visit.now(), day=today()
        )
    except RuleBroken as error:
        form.refuse(error)
        return _refund(row, form, submission), 422
    flash(translate(_AFTER_REFUND.get(state, _ON_ITS_WAY)), "attention" if state is RefundState.FAILED else "good")
    return redirect(url_for("paypal.payments"), 303)


def _cents(text: str) -> int:
    """Return the cents of ``17,38``. Raises RuleBroken."""
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise RuleBroken(N_("“{text}” is no amount."), N_("Write it like 17.38."), field="amount", text=text)
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _form(page: AccountPage) -> Form:
    kept = N_("stored, and never shown again; empty: it stays") if page.has_secret else ""
    fields = (
        Field("client_id", N_("Client ID"), required=True, maximum=_LONGEST_KEY, autocomplete="off"),
        Field(
            "secret", N_("Secret"), kind="password", required=not page.has_secret, depends=page.has_secret,
            maximum=_LONGEST_KEY, autocomplete="off", hint=kept,
        ),
        Field("webhook_id", N_("Webhook ID"), maximum=_LONGEST_KEY, autocomplete="off"),
        Field(
            "saves_methods", N_("Customers may let following invoices be charged"), kind="check",
            hint=N_("PayPal must have switched on “Vault” for this account"),
        ),
        Field("is_on", N_("Customers can pay by PayPal"), kind="check"),
    )  # fmt: skip
    said = {"client_id": page.client_id, "webhook_id": page.webhook_id}
    said |= {"saves_methods": "yes" if page.saves_methods else "", "is_on": "yes" if page.is_on else ""}
    return Form(fields, said)


def _account(page: AccountPage, form: Form, version: int) -> str:
    return render_template("paypal/account.html", page=page, form=form, version=version, events=paypal_accounts.EVENTS)


def _refund_form(row: PaymentRow) -> Form:
    field = Field("amount", N_("Euro"), required=True, maximum=12, inputmode="decimal", short=True, autocomplete="off")
    return Form((field,), {"amount": f"{euros(row.refundable_cents):.2f}".replace(".", "," if visit.language() == "de" else ".")})


def _refund(row: PaymentRow, form: Form, submission: str) -> str:
    return render_template("paypal/refund.html", row=row, form=form, submission=submission)
