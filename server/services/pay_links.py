"""The page on which one receivable is paid by whoever has its address: it stands in mails, and needs no login.

The address holds 128 random bits. It opens no more than what the letter says in which it stands: seller, number, what is open.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from server.domain.errors import NotFound
from server.domain.ledger import ReceivableKind
from server.domain.paypal import OrderState
from server.domain.sentence import N_
from server.models.base import database
from server.models.money import Receivable
from server.models.party import Party
from server.models.paypal import PayLink, PaypalOrder, PaypalToken
from server.services import links, paypal_accounts

_LONGEST_TOKEN = 64  # characters


@dataclass(frozen=True, slots=True)
class Payable:
    """A part of what is paid together."""

    receivable_id: int
    number: str
    kind: ReceivableKind
    reason: str
    cents: int


@dataclass(frozen=True, slots=True)
class PayPage:
    """What somebody sees who is to pay."""

    number: str
    seller: str
    colour: str
    """``#rrggbb``; empty: ours"""
    logo: str
    """name among the server's files; empty: none"""
    parts: tuple[Payable, ...]
    """empty: nothing is open"""
    state: OrderState | None
    """of the latest attempt; None: there was none"""
    is_charged: bool
    """whether the latest attempt charges a saved payment method"""
    takes_paypal: bool
    may_save: bool
    """whether the payer may let following invoices be charged"""
    has_saved: bool

    @property
    def cents(self) -> int:
        """What is paid together."""
        return sum(part.cents for part in self.parts)


def pay_link(receivable_id: int, *, now: datetime) -> str:
    """Return the address on which a receivable is paid by PayPal; empty where its creditor does not take PayPal.

    Always the same for the same receivable. In the caller's transaction or in one of its own.
    """
    with database.atomic():
        row = Receivable.get_by_id(receivable_id)
        if not paypal_accounts.takes_paypal(row.creditor_id):
            return ""
        PayLink.insert(receivable=row.id, token=secrets.token_urlsafe(16), created_at=now).on_conflict_ignore().execute()
        return links.pay_page_link(PayLink.get(PayLink.receivable == row.id).token)


def pays_by_itself(creditor_id: int, debtor_id: int) -> bool:
    """Say whether what falls due between two parties is charged to a saved payment method: then nobody needs the page."""
    mine = (PaypalToken.creditor == creditor_id) & (PaypalToken.debtor == debtor_id) & PaypalToken.removed_at.is_null()
    return PaypalToken.select().where(mine).exists()


def note_mailed(receivable_id: int, *, now: datetime) -> None:
    """Note that the debtor got the page in a mail, so that it gets no other. In the transaction of the mail."""
    PayLink.update(mailed_at=now).where(PayLink.receivable == receivable_id).execute()


def receivable_of(token: str) -> Receivable:
    """Return what is paid on a page. Raises NotFound."""
    query = Receivable.select(Receivable).join(PayLink, on=PayLink.receivable == Receivable.id)
    row: Receivable | None = query.where(PayLink.token == token[:_LONGEST_TOKEN]).first()
    if row is None:
        raise NotFound(N_("There is no such page."))
    return row


def look_at(token: str) -> PayPage:
    """Return what a page shows. Raises NotFound."""
    row = receivable_of(token)
    seller = Party.get_by_id(row.creditor_id)
    latest = PaypalOrder.select().where(PaypalOrder.receivable == row.id).order_by(PaypalOrder.attempt.desc()).first()
    has_saved = pays_by_itself(row.creditor_id, row.debtor_id)
    return PayPage(
        number=row.number,
        seller=seller.brand_name or seller.legal_name,
        colour=seller.brand_colour,
        logo=seller.brand_logo,
        parts=payables(row),
        state=None if latest is None else latest.state,
        is_charged=latest is not None and latest.token_id is not None,
        takes_paypal=paypal_accounts.takes_paypal(row.creditor_id),
        may_save=paypal_accounts.saves_methods(row.creditor_id) and not has_saved,
        has_saved=has_saved,
    )


def payables(row: Receivable) -> tuple[Payable, ...]:
    """Return what is paid together with a receivable: itself, and the claims that its debtor owes the same creditor."""
    if row.open_cents <= 0:
        return ()
    claims = [kind for kind in ReceivableKind if kind.is_claim]
    together = (Receivable.id == row.id) | Receivable.kind.in_(claims)
    mine = (Receivable.creditor == row.creditor_id) & (Receivable.debtor == row.debtor_id) & (Receivable.open_cents > 0)
    rows = Receivable.select().where(mine & together).order_by(Receivable.due, Receivable.id)
    return tuple(Payable(one.id, one.number, one.kind, one.reason, one.open_cents) for one in rows)
