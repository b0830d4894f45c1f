"""The mandate of an order that is paid by debit: one that exists for the account, or a new one that is signed with the order."""

from datetime import date, datetime

from server.domain.errors import RuleBroken
from server.domain.invoice import PaidBy
from server.domain.mandate import MandateFacts, MandateState, Scheme, state_on
from server.domain.order import OrderKind
from server.domain.sentence import N_
from server.models.contract import Mandate
from server.models.customer import BankAccount
from server.models.order import Order
from server.models.party import Party
from server.services.terms import terms_of


def arrange_mandate(order: Order, *, today: date, now: datetime) -> None:
    """Let an order have the mandate that its payment needs, or none. Raises RuleBroken where there can be none.

    One that is valid for the account serves; else a new one is created, unsigned, under the number of the order.
    """
    before, found = order.mandate_id, _needed(order, today=today, now=now)
    if before != found:
        Order.update(mandate=found).where(Order.id == order.id).execute()
        order.mandate = found  # type: ignore[assignment]  # peewee takes the number
        unsigned = (Mandate.id == before) & (Mandate.reference == _reference(order)) & Mandate.valid_from.is_null()
        Mandate.delete().where(unsigned).execute()


def is_new(mandate: Mandate | None) -> bool:
    """Say whether a mandate is still to be signed."""
    return mandate is not None and mandate.valid_from is None


def is_valid(mandate: Mandate, day: date) -> bool:
    """Say whether something may be debited by a mandate on a day."""
    if mandate.signed_on is None or mandate.valid_from is None:
        return False
    return state_on(MandateFacts(mandate.signed_on, mandate.last_used_on, mandate.revoked_on), day) is MandateState.ACTIVE


def _needed(order: Order, *, today: date, now: datetime) -> int | None:
    if order.paid_by is not PaidBy.DEBIT or order.kind is OrderKind.CANCEL:
        return None
    account = BankAccount.get_or_none((BankAccount.party == order.customer_id) & BankAccount.replaced_at.is_null())
    if account is None:
        raise RuleBroken(
            N_("The customer has no bank account that could be debited."), N_("Enter it on the customer's page."), field="paid_by"
        )
    seller = Party.get_by_id(order.seller_id)
    if not seller.creditor_id:
        raise RuleBroken(
            N_("{seller} has no creditor identifier, so it cannot debit."),
            N_("It is entered with the data of the party; the Bundesbank assigns it."),
            field="paid_by",
            seller=seller.legal_name,
        )
    mine = (Mandate.creditor == order.seller_id) & (Mandate.debtor == order.customer_id) & (Mandate.iban == account.iban)
    existing = next((row for row in Mandate.select().where(mine).order_by(Mandate.id.desc()) if is_valid(row, today)), None)
    return int(existing.id) if existing is not None else _unsigned(order, account, now=now)


def _unsigned(order: Order, account: BankAccount, *, now: datetime) -> int:
    days = terms_of(order.seller_id).prenotification_days
    facts = {"holder": account.holder, "iban": account.iban, "bic": account.bic, "prenotification_days": days}
    row = Mandate.get_or_none((Mandate.creditor == order.seller_id) & (Mandate.reference == _reference(order)))
    if row is not None:
        Mandate.update(**facts, signed_on=None, evidence="").where(Mandate.id == row.id).execute()
        return int(row.id)
    created = Mandate.create(
        creditor=order.seller_id,
        debtor=order.customer_id,
        reference=_reference(order),
        scheme=Scheme.CORE,
        created_at=now,
        **facts,
    )
    return int(created.id)


def _reference(order: Order) -> str:
    return "M-" + order.number.removeprefix("A-")
