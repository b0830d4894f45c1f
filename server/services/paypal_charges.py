"""The monthly payment by PayPal: a saved payment method is charged when something falls due; else its page is mailed, once."""

from datetime import datetime

from peewee import ModelSelect

from server.domain.invoice import PaidBy
from server.domain.ledger import ReceivableKind
from server.domain.paypal import CHARGE_PAUSE, CHARGES_MOST, OrderState
from server.models.base import database
from server.models.money import Invoice, Receivable
from server.models.party import Party
from server.models.paypal import PayLink, PaypalAccount, PaypalOrder, PaypalToken
from server.models.people import Membership, User
from server.services.pay_links import note_mailed, pay_link, payables
from server.services.paypal_letters import Due, send_pay_link
from server.services.paypal_orders import Now, open_order

AT_ONCE = 100  # receivables in a transaction: nobody else waits long


def plan(*, at: Now) -> None:
    """Write what is to be charged now, and queue the mails to those who pay themselves. Said again, it adds nothing."""
    ids = [row.id for row in _owed().select(Receivable.id)]
    for first in range(0, len(ids), AT_ONCE):
        with database.atomic():
            for receivable_id in ids[first : first + AT_ONCE]:
                _plan_one(receivable_id, at=at)


def mail(row: Receivable, *, now: datetime) -> None:
    """Queue the mail with a receivable's page to its debtor, unless it has got it. In the caller's transaction."""
    link = pay_link(row.id, now=now)
    mailed = PayLink.select().where((PayLink.receivable == row.id) & PayLink.mailed_at.is_null(False))
    readers = _readers(row.debtor_id)
    if not link or not readers or mailed.exists():
        return
    seller = Party.get_by_id(row.creditor_id)
    owed = Due(seller.id, row.debtor_id, seller.brand_name or seller.legal_name, row.number, row.open_cents, row.due, link)
    for to, language in readers:
        send_pay_link(owed, to=to, language=language, now=now)
    note_mailed(row.id, now=now)


def after_refusal(order: PaypalOrder, *, now: datetime) -> None:
    """Let a debtor whose saved payment method was refused pay by hand. In the caller's transaction."""
    if order.token_id is not None and order.state is OrderState.FAILED:
        mail(Receivable.get_by_id(order.receivable_id), now=now)


def _plan_one(receivable_id: int, *, at: Now) -> None:
    Receivable.update(open_cents=Receivable.open_cents).where(Receivable.id == receivable_id).execute()
    row = Receivable.get_by_id(receivable_id)
    orders = list(PaypalOrder.select().where(PaypalOrder.receivable == row.id).order_by(PaypalOrder.id))
    is_on_its_way = any(order.state.is_unfinished or order.state is OrderState.UNCLEAR for order in orders)
    if is_on_its_way or row.open_cents <= 0 or row.is_held:
        return
    charges = [order.created_at for order in orders if order.token_id is not None]
    token = _token(row)
    if token is None or len(charges) >= CHARGES_MOST:
        mail(row, now=at.moment)
    elif row.due <= at.day and (not charges or charges[-1] <= at.moment - CHARGE_PAUSE):
        open_order(row, payables(row), at=at, token_id=token.id)


def _owed() -> "ModelSelect[Receivable]":
    owed = (Receivable.open_cents > 0) & ~Receivable.is_held & (Receivable.kind == ReceivableKind.INVOICE)
    return (
        Receivable.select(Receivable)
        .join(Invoice, on=Receivable.invoice == Invoice.id)
        .join_from(Receivable, PaypalAccount, on=PaypalAccount.party == Receivable.creditor)
        .where(owed & (Invoice.paid_by == PaidBy.PAYPAL) & PaypalAccount.is_on)
        .order_by(Receivable.id)
    )


def _token(row: Receivable) -> PaypalToken | None:
    mine = (PaypalToken.creditor == row.creditor_id) & (PaypalToken.debtor == row.debtor_id) & PaypalToken.removed_at.is_null()
    found: PaypalToken | None = PaypalToken.select().where(mine).order_by(PaypalToken.id.desc()).first()
    return found


def _readers(party_id: int) -> list[tuple[str, str]]:
    """Return who gets a debtor's mails about money, each with his language."""
    party = Party.get_by_id(party_id)
    members = Membership.select(Membership, User).join(User).where((Membership.party == party.id) & User.disabled_at.is_null())
    users = [row.user for row in members.order_by(Membership.id)]
    if party.email:
        return [(party.email, users[0].language if users else "de")]
    return [(user.email, user.language) for user in users[:1]]
