"""Enters what PayPal says of payments and repayments when we ask it. Each arrives here any number of times, in any order.

A payment is known by our key in it, and counts only for the creditor with whose account it was asked for. It is booked once it is
COMPLETED, whatever came before; what becomes of it later can only go on from there. Each is one transaction with its effects.
"""

from dataclasses import replace
from datetime import date, datetime

from peewee import Expression, ModelSelect

from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.paypal import CURRENCY, CaptureState, OrderState, RefundState, next_look
from server.domain.settlement import Open, Share, spread
from server.gateways.paypal.shapes import SeenCapture, SeenRefund, Vaulted
from server.models.base import database
from server.models.money import LedgerEntry, Receivable
from server.models.paypal import PaypalCapture, PaypalOrder, PaypalRefund, PaypalShare, PaypalToken
from server.services import ledger
from server.services.activation import payments_arrived
from server.services.ledger import Owing

_RANK = {
    CaptureState.PENDING: 0,
    CaptureState.DENIED: 1,
    CaptureState.COMPLETED: 1,
    CaptureState.PARTIALLY_REFUNDED: 2,
    CaptureState.REFUNDED: 3,
    CaptureState.REVERSED: 3,
}
_ORDER_STATES = {CaptureState.PENDING: OrderState.PENDING, CaptureState.DENIED: OrderState.FAILED}


def note_capture(creditor_id: int, seen: SeenCapture, *, day: date, now: datetime) -> bool:
    """Enter a payment as PayPal has it. Return whether it belongs to an order of this creditor.

    Args:
        creditor_id: with whose account PayPal was asked.
        seen: the answer.
        day: on which it is booked if it has arrived.
        now: when.
    """
    with database.atomic():
        order = hold_order((PaypalOrder.key == seen.custom_id) & (PaypalOrder.creditor == creditor_id))
        if order is None:
            return False
        if seen.currency != CURRENCY:
            _become(order, OrderState.UNCLEAR, issue="CURRENCY")
            return True
        row = PaypalCapture.get_or_none(PaypalCapture.capture_id == seen.id)
        if row is None:
            row = PaypalCapture.create(
                order=order, creditor=creditor_id, capture_id=seen.id, state=seen.state, cents=seen.cents, created_at=now
            )
        elif _RANK[seen.state] >= _RANK[row.state] and row.state is not CaptureState.REVERSED:
            row.state = seen.state
        if seen.fee_cents is not None:
            row.fee_cents = seen.fee_cents
        if row.state.has_arrived and row.booked_on is None:
            row.booked_on = day
            _book(order, row, day=day, now=now)
        row.save()
        if row.booked_on is not None or not _has_arrived(order):
            _become(order, _ORDER_STATES.get(row.state, OrderState.PAID), now=now)
    return True


def note_refund(creditor_id: int, seen: SeenRefund, *, day: date, now: datetime, is_reversal: bool = False) -> bool:
    """Enter a repayment as PayPal has it, whoever made it. Return whether it is of a payment of this creditor.

    ``is_reversal``: PayPal has taken the money back; what it paid is owed again, and is not collected by itself.
    """
    with database.atomic():
        capture = PaypalCapture.get_or_none(
            (PaypalCapture.capture_id == seen.capture_id) & (PaypalCapture.creditor == creditor_id)
        )
        if capture is None or seen.currency != CURRENCY:
            return False
        order = hold_order(PaypalOrder.id == capture.order_id)
        capture = PaypalCapture.get_by_id(capture.id)
        row = _refund_row(capture, seen, is_reversal=is_reversal, now=now)
        if is_reversal and not row.is_reversal and row.key == _foreign(seen):
            _turn_into_reversal(capture, row, day=day)
        row.refund_id = seen.id
        row.state = seen.state if row.booked_on is None else row.state
        row.look_at = next_look(row.looks, now) if row.state is RefundState.PENDING else None
        if row.state is RefundState.COMPLETED and row.booked_on is None and order is not None:
            row.cents = seen.cents
            row.booked_on = day
            row.save()
            _book_back(order, capture, row, day=day, now=now)
        row.save()
    return True


def note_token(order: PaypalOrder, vaulted: Vaulted, *, now: datetime) -> None:
    """Keep a payment method that PayPal saved with a payment for which the payer agreed to it."""
    if not order.saves or not vaulted.is_ready:
        return
    with database.atomic():
        PaypalToken.insert(
            creditor=order.creditor_id, debtor=order.debtor_id, vault_id=vaulted.token, saved_at=now
        ).on_conflict_ignore().execute()


def captures_of(order: PaypalOrder) -> "ModelSelect[PaypalCapture]":
    """Return the payments that came of an order."""
    return PaypalCapture.select().where(PaypalCapture.order == order.id)


def refunds_of(capture: PaypalCapture) -> list[PaypalRefund]:
    """Return the repayments of a payment, in their order."""
    return list(PaypalRefund.select().where(PaypalRefund.capture == capture.id).order_by(PaypalRefund.id))


def hold_order(which: Expression) -> PaypalOrder | None:
    """Return an order that nobody else changes until this transaction ends; None where there is none."""
    PaypalOrder.update(looks=PaypalOrder.looks).where(which).execute()
    return PaypalOrder.get_or_none(which)


def hold_shares(order: PaypalOrder) -> list[Receivable]:
    """Return what an order pays, in the order of its due days; nobody else changes it until this transaction ends."""
    paid = PaypalShare.select(PaypalShare.receivable).where(PaypalShare.order == order.id)
    ids = sorted(row.receivable_id for row in paid)
    for one in ids:  # in one order, so that two wait for each other instead of both for ever
        Receivable.update(open_cents=Receivable.open_cents).where(Receivable.id == one).execute()
    return list(Receivable.select().where(Receivable.id.in_(ids)).order_by(Receivable.due, Receivable.id))


def _become(order: PaypalOrder, state: OrderState, *, issue: str = "", now: datetime | None = None) -> None:
    """Let an order be in a state; what else was asked for the same receivable is not used any more."""
    if order.state is OrderState.PAID:
        return
    others = (PaypalOrder.receivable == order.receivable_id) & (PaypalOrder.id != order.id)
    if state in {OrderState.PENDING, OrderState.PAID}:
        asked = others & PaypalOrder.state.in_([OrderState.NEW, OrderState.OPEN]) & PaypalOrder.token.is_null()
        PaypalOrder.update(state=OrderState.DROPPED, look_at=None).where(asked).execute()
    order.look_at = next_look(order.looks, now) if state is OrderState.PENDING and now is not None else None
    unfinished = [one for one in OrderState if one.is_unfinished]
    if state is not OrderState.PENDING or not PaypalOrder.select().where(others & PaypalOrder.state.in_(unfinished)).exists():
        order.state = state
    order.issue = issue or order.issue
    order.save()


def _has_arrived(order: PaypalOrder) -> bool:
    return bool(captures_of(order).where(PaypalCapture.booked_on.is_null(False)).exists())


def _book(order: PaypalOrder, row: PaypalCapture, *, day: date, now: datetime) -> None:
    """Let a payment pay what its order was for; what is left over becomes a credit."""
    opened = [ledger.as_open(one) for one in hold_shares(order)]
    shares, left = spread(row.cents, opened)
    ledger.pay(shares, EntryKind.PAYPAL, booked_on=day, source=row.capture_id, now=now)
    if left:
        _credit(order, row, left, day=day, now=now)
    payments_arrived([int(share.receivable) for share in shares], day=day, now=now)


def _credit(order: PaypalOrder, row: PaypalCapture, cents: int, *, day: date, now: datetime) -> None:
    number = credit_number(row.capture_id)
    owing = Owing(order.creditor_id, order.debtor_id, ReceivableKind.CREDIT, number, -cents, day, day, reason="PayPal")
    ledger.issue(owing, now=now)


def credit_number(capture_id: str) -> str:
    """Return the number of what was paid too much with a payment."""
    return f"PP-{capture_id}"


def _refund_row(capture: PaypalCapture, seen: SeenRefund, *, is_reversal: bool, now: datetime) -> PaypalRefund:
    mine = PaypalRefund.capture == capture.id
    known = (PaypalRefund.refund_id == seen.id) | (PaypalRefund.key == seen.custom_id)
    row = PaypalRefund.get_or_none(mine & known)
    return row or PaypalRefund.create(
        capture=capture, key=_foreign(seen), refund_id=seen.id, state=RefundState.PENDING, cents=seen.cents,
        is_reversal=is_reversal, created_at=now,
    )  # fmt: skip


def _foreign(seen: SeenRefund) -> str:
    """Return the key of a repayment that we have not made."""
    return f"seen-{seen.id}"


def _book_back(order: PaypalOrder, capture: PaypalCapture, row: PaypalRefund, *, day: date, now: datetime) -> None:
    """Take back what a payment did: first what is owed to the debtor anyway, then what it paid."""
    kind = EntryKind.RETURNED if row.is_reversal else EntryKind.REFUNDED
    hold_shares(order)
    credits, left = spread(row.cents, _credits(order, capture, is_reversal=row.is_reversal))
    reopened, left = spread(left, _paid(order, capture))
    if left:  # cannot be: PayPal pays back no more than came
        reopened = (*reopened, Share(str(order.receivable_id), left))
    for share in (*credits, *reopened):
        ledger.book(int(share.receivable), kind, share.cents, booked_on=day, source=str(row.refund_id), now=now)
    _let_be(row, [int(share.receivable) for share in reopened], day=day)
    gone = sum(one.cents for one in refunds_of(capture) if one.booked_on is not None)
    over = CaptureState.REVERSED if row.is_reversal else CaptureState.REFUNDED
    capture.state = over if gone >= capture.cents else CaptureState.PARTIALLY_REFUNDED
    capture.save()


def _let_be(row: PaypalRefund, receivable_ids: list[int], *, day: date) -> None:
    """Collect nothing by itself of what is owed again; of what PayPal took back, arrears count from now."""
    since = {"overdue_since": day} if row.is_reversal else {}
    Receivable.update(is_held=True, **since).where(Receivable.id.in_(receivable_ids)).execute()


def _turn_into_reversal(capture: PaypalCapture, row: PaypalRefund, *, day: date) -> None:
    """Learn from PayPal's message what its answers do not tell: who has given something back that was booked already."""
    row.is_reversal = True
    if row.booked_on is None:
        return
    booked = LedgerEntry.select(LedgerEntry.receivable).join(Receivable)
    booked = booked.where((LedgerEntry.source == row.refund_id) & (Receivable.kind != ReceivableKind.CREDIT))
    _let_be(row, [entry.receivable_id for entry in booked], day=day)
    if capture.state is CaptureState.REFUNDED:
        capture.state = CaptureState.REVERSED
        capture.save()


def _credits(order: PaypalOrder, capture: PaypalCapture, *, is_reversal: bool) -> list[Open]:
    """Return what is owed to the debtor, as positive amounts: what it paid too much here first, then, of a refund, the rest."""
    mine = (Receivable.creditor == order.creditor_id) & (Receivable.debtor == order.debtor_id) & (Receivable.open_cents < 0)
    own = credit_number(capture.capture_id)
    if is_reversal:
        mine &= Receivable.number == own
    rows = sorted(Receivable.select().where(mine & (Receivable.kind == ReceivableKind.CREDIT)), key=lambda one: one.number != own)
    return [replace(ledger.as_open(one), cents=-one.open_cents) for one in rows]


def _paid(order: PaypalOrder, capture: PaypalCapture) -> list[Open]:
    """Return what a payment paid and was not given back of it, what falls due last first."""
    ours = [capture.capture_id, *(one.refund_id for one in refunds_of(capture) if one.booked_on is not None)]
    kinds = (EntryKind.PAYPAL, EntryKind.REFUNDED, EntryKind.RETURNED)
    found = []
    for row in reversed(hold_shares(order)):
        entries = LedgerEntry.select().where(
            (LedgerEntry.receivable == row.id) & LedgerEntry.source.in_(ours) & LedgerEntry.kind.in_(kinds)
        )
        found.append(replace(ledger.as_open(row), cents=-sum(entry.cents for entry in entries)))
    return found
