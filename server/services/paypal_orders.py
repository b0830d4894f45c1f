"""Lets a payer pay: an order at PayPal, the way there and back, the capture. We take it, and only what is still owed.

PayPal is never asked within a transaction. What we are about to do is written before; what PayPal says is written after, by
``paypal_booking``, from our own questions. Whoever is killed in between leaves a row that ``paypal_work`` takes up again.
"""

import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.errors import RuleBroken
from server.domain.paypal import APPROVAL_WORKS, KEY_WORKS, OrderState, invoice_mark, next_look
from server.domain.sentence import N_
from server.gateways.paypal.client import PayPal, PayPalClient, Visit, Wanted
from server.gateways.paypal.shapes import SeenOrder
from server.gateways.paypal.transport import PayPalRefused
from server.models.base import database
from server.models.money import Receivable
from server.models.party import Party
from server.models.paypal import PaypalOrder, PaypalShare, PaypalToken
from server.services import links, paypal_accounts
from server.services.pay_links import Payable, payables, receivable_of
from server.services.paypal_booking import captures_of, hold_order, hold_shares, note_capture, note_refund, note_token

REUSED = timedelta(hours=2)  # after three, PayPal no longer shows an order that nobody has agreed to
NOT_APPROVED = {"ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED"}
GONE = {"RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID", "ORDER_EXPIRED", "ORDER_VOIDED"}
TOKEN_DEAD = {
    "TOKEN_NOT_FOUND", "INVALID_TOKEN", "VAULT_ID_NOT_FOUND", "AGREEMENT_ALREADY_CANCELLED", "BILLING_AGREEMENT_NOT_FOUND",
    "PAYER_ACCOUNT_LOCKED_OR_CLOSED", "RESOURCE_NOT_FOUND",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Now:
    """The moment, and the day on which money that arrives is booked."""

    moment: datetime
    day: date


def begin(paypal: PayPal, token: str, *, saves: bool, locale: str, at: Now) -> str:
    """Return the address at PayPal where a payer agrees to what a page asks for.

    Args:
        paypal: PayPal.
        token: of the page.
        saves: whether following invoices may be charged.
        locale: ``de-DE``.
        at: when.

    Raises: NotFound, RuleBroken where nothing is open or a payment is on its way, PayPalError.
    """
    row = receivable_of(token)
    if not paypal_accounts.takes_paypal(row.creditor_id):
        raise RuleBroken(N_("{number} cannot be paid by PayPal just now."), number=row.number)
    _settle_unfinished(paypal, row.id, at)
    order = _prepare(row.id, saves=saves and paypal_accounts.saves_methods(row.creditor_id), at=at)
    if order.approve_url:
        return order.approve_url
    client = paypal_accounts.client_of(paypal, order.creditor_id)
    try:
        seen = client.create_order(wanted(order), _visit(order, token, locale))
    except PayPalRefused as error:
        _refused(order, error)
        raise RuleBroken(
            N_("PayPal does not take this payment ({issue})."), N_("Ask {seller} for another way to pay."),
            issue=error.issue, seller=Party.get_by_id(order.creditor_id).legal_name,
        ) from error  # fmt: skip
    with database.atomic():
        mine = (PaypalOrder.id == order.id) & (PaypalOrder.state == OrderState.NEW)
        opened = {"paypal_id": seen.id, "approve_url": seen.approve_url, "state": OrderState.OPEN}
        PaypalOrder.update(opened).where(mine).execute()
    return seen.approve_url


def come_back(paypal: PayPal, token: str, paypal_id: str, *, at: Now) -> OrderState | None:
    """Take what a payer has agreed to who comes back from PayPal; None where this page knows no such order.

    Raises: NotFound, PayPalError where PayPal cannot be asked: the work goes on by itself.
    """
    row = receivable_of(token)
    order = PaypalOrder.get_or_none((PaypalOrder.receivable == row.id) & (PaypalOrder.paypal_id == paypal_id))
    return None if order is None else take(paypal, order.id, at=at)


def take(paypal: PayPal, order_id: int, *, at: Now) -> OrderState:
    """Capture an order if what it is for is still owed, then look. Return how it stands. Any number of times, by any number.

    Raises: PayPalError.
    """
    order = _claim_capture(order_id)
    if order.state is OrderState.OPEN and order.paypal_id:
        client = paypal_accounts.client_of(paypal, order.creditor_id)
        try:
            client.capture(order.paypal_id, order.key)
        except PayPalRefused as error:
            if error.issue in NOT_APPROVED:
                return order.state
            if error.issue != "ORDER_ALREADY_CAPTURED":
                _refused(order, error)
        look(paypal, order, at=at)
    return PaypalOrder.get_by_id(order_id).state


def look(paypal: PayPal, order: PaypalOrder, *, at: Now) -> SeenOrder | None:
    """Ask PayPal for an order and all that came of it, and enter that. Raises PayPalError.

    Returns:
        What PayPal says of the order; None where it does not know it.
    """
    client = paypal_accounts.client_of(paypal, order.creditor_id)
    try:
        seen = client.order(str(order.paypal_id))
    except PayPalRefused as error:
        if error.status != 404:
            raise
        return None
    enter(client, order, seen, at=at)
    return seen


def enter(client: PayPalClient, order: PaypalOrder, seen: SeenOrder, *, at: Now) -> None:
    """Ask for each payment and repayment of an order, and enter them."""
    for capture_id in seen.captures:
        note_capture(order.creditor_id, client.captured(capture_id), day=at.day, now=at.moment)
    for refund_id in seen.refunds:
        note_refund(order.creditor_id, client.refunded(refund_id), day=at.day, now=at.moment)
    if seen.vaulted is not None:
        note_token(order, seen.vaulted, now=at.moment)


def work_on(paypal: PayPal, order: PaypalOrder, *, at: Now) -> None:
    """Bring an unfinished order further. Raises PayPalError where that must be tried again."""
    if order.token_id is not None and order.paypal_id is None:
        charge(paypal, order, at=at)
    elif order.paypal_id is None:
        drop(order.id)  # nobody was led to PayPal, so nobody has agreed to anything
    else:
        seen = look(paypal, order, at=at)
        if seen is None:
            drop(order.id)
        elif seen.status == "APPROVED" and order.token_id is None:
            take(paypal, order.id, at=at)
        elif order.created_at < at.moment - APPROVAL_WORKS and not seen.captures:
            drop(order.id)


def charge(paypal: PayPal, order: PaypalOrder, *, at: Now) -> None:
    """Charge a saved payment method, as often as it is called once. Raises PayPalError where that must be tried again."""
    if order.created_at < at.moment - KEY_WORKS:
        _end(order.id, OrderState.UNCLEAR, "NO_ANSWER")
        return
    order = _claim_capture(order.id)
    if order.state is not OrderState.NEW:
        return
    client = paypal_accounts.client_of(paypal, order.creditor_id)
    token = PaypalToken.get_by_id(order.token_id)
    try:
        seen = client.charge(wanted(order), token.vault_id)
    except PayPalRefused as error:
        _refused(order, error)
        if error.issue in TOKEN_DEAD:
            with database.atomic():
                PaypalToken.update(removed_at=at.moment).where(PaypalToken.id == token.id).execute()
        return
    with database.atomic():
        mine = (PaypalOrder.id == order.id) & PaypalOrder.paypal_id.is_null()
        PaypalOrder.update(paypal_id=seen.id).where(mine).execute()
    enter(client, order, seen, at=at)


def open_order(row: Receivable, parts: tuple[Payable, ...], *, at: Now, token_id: int | None = None, saves: bool = False) -> int:
    """Write an attempt to be paid. In the caller's transaction, which holds the receivable. Returns its id."""
    attempt = PaypalOrder.select().where(PaypalOrder.receivable == row.id).count() + 1
    order = PaypalOrder.create(
        creditor=row.creditor_id, debtor=row.debtor_id, receivable=row.id, attempt=attempt, key=secrets.token_urlsafe(24),
        state=OrderState.NEW, cents=sum(part.cents for part in parts), token=token_id, saves=saves,
        look_at=at.moment if token_id is not None else next_look(0, at.moment), created_at=at.moment,
    )  # fmt: skip
    for part in parts:
        PaypalShare.create(order=order, receivable=part.receivable_id, cents=part.cents)
    return int(order.id)


def wanted(order: PaypalOrder) -> Wanted:
    """Return what PayPal is told of an order."""
    row = Receivable.get_by_id(order.receivable_id)
    seller = Party.get_by_id(order.creditor_id)
    description = f"{seller.brand_name or seller.legal_name} {row.number}"
    return Wanted(order.key, order.cents, invoice_mark(row.number, order.attempt), description)


def drop(order_id: int) -> None:
    """Give up an attempt from which nothing can come any more."""
    _end(order_id, OrderState.DROPPED, "")


def _visit(order: PaypalOrder, token: str, locale: str) -> Visit:
    seller = Party.get_by_id(order.creditor_id)
    return Visit(
        links.pay_return_link(token), links.pay_cancel_link(token), seller.brand_name or seller.legal_name, locale, order.saves
    )


def _settle_unfinished(paypal: PayPal, receivable_id: int, at: Now) -> None:
    """Look what became of an earlier attempt before anybody is asked again, so that nobody pays twice."""
    order = _unfinished(receivable_id)
    if order is None or order.paypal_id is None or order.token_id is not None:
        return
    seen = look(paypal, order, at=at)
    if seen is not None and seen.status == "APPROVED":
        take(paypal, order.id, at=at)
    elif seen is None or (not seen.captures and order.created_at < at.moment - REUSED):
        drop(order.id)


def _prepare(receivable_id: int, *, saves: bool, at: Now) -> PaypalOrder:
    """Return the order that a payer is asked for: an earlier one that still fits, or a new one."""
    with database.atomic():
        Receivable.update(open_cents=Receivable.open_cents).where(Receivable.id == receivable_id).execute()
        row = Receivable.get_by_id(receivable_id)
        parts = payables(row)
        if not parts:
            raise RuleBroken(N_("{number} is paid. There is nothing to do."), number=row.number)
        order = _unfinished(receivable_id)
        if order is not None and (order.state is OrderState.PENDING or order.token_id is not None):
            raise RuleBroken(
                N_("A payment of {number} is on its way; PayPal is checking it."),
                N_("Do not pay again. It may take some days."),
                number=row.number,
            )
        if order is not None and order.cents == sum(part.cents for part in parts) and order.saves == saves:
            return order
        if order is not None:
            PaypalOrder.update(state=OrderState.DROPPED, look_at=None).where(PaypalOrder.id == order.id).execute()
        return PaypalOrder.get_by_id(open_order(row, parts, saves=saves, at=at))


def _unfinished(receivable_id: int) -> PaypalOrder | None:
    states = [state for state in OrderState if state.is_unfinished]
    return PaypalOrder.get_or_none((PaypalOrder.receivable == receivable_id) & PaypalOrder.state.in_(states))


def _claim_capture(order_id: int) -> PaypalOrder:
    """Return an order that may be captured; one that is for more than is still owed is given up instead."""
    with database.atomic():
        order = hold_order(PaypalOrder.id == order_id)
        if order is None:
            raise LookupError(f"there is no order {order_id}")
        if order.state in {OrderState.NEW, OrderState.OPEN} and not captures_of(order).exists():
            owed = sum(max(0, row.open_cents) for row in hold_shares(order))
            if owed < order.cents:
                order.state, order.look_at, order.issue = OrderState.DROPPED, None, "NO_LONGER_OWED"
                order.save()
    return order


def _refused(order: PaypalOrder, error: PayPalRefused) -> None:
    _end(order.id, OrderState.DROPPED if error.issue in GONE else OrderState.FAILED, error.issue)


def _end(order_id: int, state: OrderState, issue: str) -> None:
    with database.atomic():
        order = hold_order(PaypalOrder.id == order_id)
        if order is not None and order.state.is_unfinished:
            order.state, order.issue = state, issue
        if order is not None:
            order.look_at = None
            order.save()
