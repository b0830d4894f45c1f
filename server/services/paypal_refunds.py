"""Lists what came by PayPal, pays it back, settles what is unclear. Only the creditor does, and it is written before."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from peewee import ModelSelect

from server.domain.actions import Action
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.party import PartyKind
from server.domain.paypal import KEY_WORKS, CaptureState, OrderState, RefundState, next_look
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.paypal.client import PayPal
from server.gateways.paypal.transport import PayPalAway, PayPalRefused
from server.language import money
from server.models.base import database
from server.models.money import Receivable
from server.models.party import Party
from server.models.paypal import PaypalCapture, PaypalOrder, PaypalRefund
from server.services import audit, paypal_accounts, submissions
from server.services.paging import Page, cut
from server.services.paypal_booking import hold_order, note_refund, refunds_of
from server.services.paypal_orders import Now, look
from server.services.scope import Actor


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """One payment, or an attempt that needs somebody's eyes, as its creditor sees it."""

    order_id: int
    capture_id: int | None
    """None: nothing came of it"""
    external_id: str
    debtor: str
    number: str
    cents: int
    fee_cents: int | None
    state: CaptureState | OrderState
    issue: str
    refunded_cents: int
    """paid back, taken back or on its way back"""
    refund_issue: str
    """PayPal's word for why the latest repayment was refused"""
    is_disputed: bool
    day: date | None
    created_at: datetime

    @property
    def refundable_cents(self) -> int:
        """What may still be paid back."""
        return self.cents - self.refunded_cents if self.day is not None and self.state is not CaptureState.REVERSED else 0


def payments(actor: Actor, *, page: int = 1) -> Page[PaymentRow]:
    """Return the attempts to be paid by PayPal of the actor's party as a creditor, newest first. Raises NotAllowed."""
    _need_seller(actor)
    counted = PaypalOrder.select().where(PaypalOrder.creditor == actor.party_id)
    part = cut(_orders(actor).order_by(PaypalOrder.id.desc()), _itself, page=page, counted=counted)
    return Page(tuple(_rows(part.items)), part.total, part.number, part.size)


def payment(actor: Actor, capture_id: int) -> PaymentRow:
    """Return one payment that came. Raises NotFound, NotAllowed."""
    _need_seller(actor)
    capture = _capture(actor, capture_id)
    return _rows([_orders(actor).where(PaypalOrder.id == capture.order_id).get()])[0]


def refund(
    actor: Actor, paypal: PayPal, capture_id: int, cents: int, *, submission: str, now: datetime, day: date
) -> RefundState:
    """Pay something back, once for each form. Return how it stands: NEW where PayPal has not answered, and is asked again.

    Raises: NotFound, NotAllowed, RuleBroken for more than is left.
    """
    actor.need(Right.MANAGE_MONEY)
    capture = _capture(actor, capture_id)
    with database.atomic():
        hold_order(PaypalOrder.id == capture.order_id)
        before = submissions.earlier(actor, submission)
        if before is not None:
            return PaypalRefund.get_by_id(before).state
        _check(capture.id, cents)
        row = PaypalRefund.create(
            capture=capture, key=secrets.token_urlsafe(24), state=RefundState.NEW, cents=cents, user=actor.user_id,
            look_at=next_look(0, now), created_at=now,
        )  # fmt: skip
        submissions.note(actor, submission, row.id, now=now)
        subject = ("paypal_capture", int(capture.id))
        audit.record(actor, Action.PAYPAL_REFUNDED, now=now, party_id=actor.party_id, subject=subject)
    try:
        work_on_refund(paypal, row, at=Now(now, day))
    except PayPalAway:
        return RefundState.NEW
    return PaypalRefund.get_by_id(row.id).state


def nothing_came(actor: Actor, order_id: int, *, now: datetime) -> None:
    """Say of an unclear attempt that no money came, as PayPal's own pages show: then it is asked for anew. Raises NotFound."""
    actor.need(Right.MANAGE_MONEY)
    with database.atomic():
        order = hold_order((PaypalOrder.id == order_id) & (PaypalOrder.creditor == actor.party_id))
        if order is None:
            raise NotFound(N_("There is no such payment."))
        if order.state is OrderState.UNCLEAR:
            order.state = OrderState.DROPPED
            order.save()
            subject = ("paypal_order", int(order.id))
            audit.record(actor, Action.PAYPAL_SETTLED, now=now, party_id=actor.party_id, subject=subject)


def work_on_refund(paypal: PayPal, row: PaypalRefund, *, at: Now) -> None:
    """Bring a repayment further. Raises PayPalError where that must be tried again."""
    capture = PaypalCapture.get_by_id(row.capture_id)
    client = paypal_accounts.client_of(paypal, capture.creditor_id)
    if row.refund_id is not None:
        note_refund(capture.creditor_id, client.refunded(row.refund_id), day=at.day, now=at.moment)
    elif row.created_at < at.moment - KEY_WORKS:
        look(paypal, PaypalOrder.get_by_id(capture.order_id), at=at)  # enters every repayment that PayPal knows
        _fail(row, "NO_ANSWER")
    else:
        note = Receivable.get_by_id(PaypalOrder.get_by_id(capture.order_id).receivable_id).number
        try:
            seen = client.refund(capture.capture_id, row.cents, row.key, note=note)
        except PayPalRefused as error:
            _fail(row, error.issue)
        else:
            note_refund(capture.creditor_id, seen, day=at.day, now=at.moment)


def _need_seller(actor: Actor) -> None:
    actor.need(Right.SEE_MONEY)
    if actor.kind is PartyKind.CUSTOMER:
        raise NotAllowed(N_("A customer sells nothing."))


def _fail(row: PaypalRefund, issue: str) -> None:
    with database.atomic():
        mine = (PaypalRefund.id == row.id) & (PaypalRefund.state == RefundState.NEW) & PaypalRefund.refund_id.is_null()
        PaypalRefund.update(state=RefundState.FAILED, issue=issue, look_at=None).where(mine).execute()


def _check(capture_id: int, cents: int) -> None:
    capture = PaypalCapture.get_by_id(capture_id)
    if capture.booked_on is None or capture.state is CaptureState.REVERSED:
        raise RuleBroken(N_("Nothing of this payment can be paid back."), field="amount")
    if cents <= 0:
        raise RuleBroken(N_("An amount is more than nothing."), field="amount")
    left = capture.cents - _gone(capture)
    if cents > left:
        raise RuleBroken(N_("At most {left} of this payment can still be paid back."), field="amount", left=money(left))


def _gone(capture: PaypalCapture) -> int:
    return sum(one.cents for one in refunds_of(capture) if one.state is not RefundState.FAILED)


def _capture(actor: Actor, capture_id: int) -> PaypalCapture:
    mine = (PaypalCapture.id == capture_id) & (PaypalCapture.creditor == actor.party_id)
    row = PaypalCapture.get_or_none(mine)
    if row is None:
        raise NotFound(N_("There is no such payment."))
    return row


def _orders(actor: Actor) -> "ModelSelect[PaypalOrder]":
    return (
        PaypalOrder.select(PaypalOrder, Party, Receivable)
        .join(Party, on=PaypalOrder.debtor == Party.id, attr="debtor")
        .join_from(PaypalOrder, Receivable, on=PaypalOrder.receivable == Receivable.id, attr="receivable")
        .where(PaypalOrder.creditor == actor.party_id)
    )


def _itself(order: PaypalOrder) -> PaypalOrder:
    return order


def _rows(orders: Sequence[PaypalOrder]) -> list[PaymentRow]:
    """Return orders as rows of a list, with what came of them: three questions, however many they are."""
    captures: dict[int, PaypalCapture] = {}
    found = PaypalCapture.select().where(PaypalCapture.order.in_([order.id for order in orders]))
    for capture in found.order_by(PaypalCapture.id):
        if capture.order_id not in captures or capture.booked_on is not None:
            captures[capture.order_id] = capture
    refunds: dict[int, list[PaypalRefund]] = {}
    ids = [capture.id for capture in captures.values()]
    for back in PaypalRefund.select().where(PaypalRefund.capture.in_(ids)).order_by(PaypalRefund.id):
        refunds.setdefault(back.capture_id, []).append(back)
    rows = []
    for order in orders:
        of_it = captures.get(order.id)
        rows.append(_row(order, of_it, [] if of_it is None else refunds.get(of_it.id, [])))
    return rows


def _row(order: PaypalOrder, capture: PaypalCapture | None, refunds: list[PaypalRefund]) -> PaymentRow:
    return PaymentRow(
        order_id=order.id,
        capture_id=None if capture is None else capture.id,
        external_id="" if capture is None else capture.capture_id,
        debtor=order.debtor.legal_name,
        number=order.receivable.number,
        cents=order.cents if capture is None else capture.cents,
        fee_cents=None if capture is None else capture.fee_cents,
        state=order.state if capture is None else capture.state,
        issue=order.issue,
        refunded_cents=sum(one.cents for one in refunds if one.state is not RefundState.FAILED),
        refund_issue=refunds[-1].issue if refunds else "",
        is_disputed=capture is not None and bool(capture.dispute_id),
        day=None if capture is None else capture.booked_on,
        created_at=order.created_at,
    )
