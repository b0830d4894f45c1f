"""Each seller's own account at PayPal: set, looked at, used. Its secret goes in and never comes out again."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from server.domain.actions import Action
from server.domain.errors import Conflict, NotFound, RuleBroken
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.paypal.client import PayPal, PayPalClient
from server.models.base import database
from server.models.paypal import PaypalAccount
from server.services import audit, links
from server.services.scope import Actor, hold

EVENTS = (
    "CHECKOUT.ORDER.APPROVED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
    "CUSTOMER.DISPUTE.CREATED",
    "CUSTOMER.DISPUTE.UPDATED",
    "CUSTOMER.DISPUTE.RESOLVED",
    "VAULT.PAYMENT-TOKEN.CREATED",
    "VAULT.PAYMENT-TOKEN.DELETED",
)
"""what a seller lets PayPal tell"""


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What a form says of an account."""

    client_id: str
    secret: str
    """empty: as it is"""
    webhook_id: str
    saves_methods: bool
    is_on: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """An account as its owner sees it."""

    client_id: str
    has_secret: bool
    webhook_id: str
    hook_url: str
    """where PayPal sends messages; empty: nothing is saved yet"""
    saves_methods: bool
    is_on: bool
    version: int
    """0: there is none yet"""


def account_page(actor: Actor) -> AccountPage:
    """Return the account of the actor's own party. Raises NotAllowed."""
    actor.need(Right.MANAGE_MONEY)
    row = _row(actor.party_id)
    if row is None:
        return AccountPage("", False, "", "", False, True, 0)
    return AccountPage(row.client_id, True, row.webhook_id, links.hook_link(row.hook), row.saves_methods, row.is_on, row.version)


def set_account(actor: Actor, paypal: PayPal, facts: AccountFacts, *, version: int, now: datetime) -> None:
    """Keep an account, once PayPal knows its credentials. Raises RuleBroken, Conflict, NotAllowed, PayPalError."""
    actor.need(Right.MANAGE_MONEY)
    row = _row(actor.party_id)
    _check(facts, is_new=row is None)
    if facts.secret:
        paypal.client_of(facts.client_id, facts.secret).check()
    elif row is not None and row.client_id != facts.client_id:
        raise RuleBroken(N_("Another client id has another secret."), N_("Enter its secret, too."), field="secret")
    sealed = paypal.sealer.seal(facts.secret) if facts.secret else ""
    with database.atomic():
        hold(actor.party_id)
        row = _row(actor.party_id)
        if (row.version if row is not None else 0) != version:
            raise Conflict(N_("Somebody else has changed the account at PayPal meanwhile."), N_("Look at it, then save again."))
        _save(actor.party_id, row, facts, sealed, now)
        details = {"client_id": facts.client_id, "webhook_id": facts.webhook_id}
        audit.record(
            actor, Action.PAYPAL_SET, now=now, party_id=actor.party_id, subject=("party", actor.party_id), details=details
        )


def takes_paypal(creditor_id: int) -> bool:
    """Say whether a party can be paid by PayPal."""
    row = _row(creditor_id)
    return row is not None and row.is_on


def saves_methods(creditor_id: int) -> bool:
    """Say whether a party lets payers have their payment method kept."""
    row = _row(creditor_id)
    return row is not None and row.is_on and row.saves_methods


def client_of(paypal: PayPal, creditor_id: int) -> PayPalClient:
    """Return PayPal for a party. Raises NotFound where it has no account, SetupError where its secret cannot be opened."""
    row = _row(creditor_id)
    if row is None:
        raise NotFound(N_("There is no account at PayPal."))
    return paypal.client(row.client_id, row.sealed_secret)


def account_of_hook(hook: str) -> PaypalAccount:
    """Return the account to which messages come at an address. Raises NotFound."""
    row = PaypalAccount.get_or_none(PaypalAccount.hook == hook)
    if row is None:
        raise NotFound(N_("There is no account at PayPal."))
    return row


def _row(party_id: int) -> PaypalAccount | None:
    return PaypalAccount.get_or_none(PaypalAccount.party == party_id)


def _check(facts: AccountFacts, *, is_new: bool) -> None:
    for name, text in (("client_id", facts.client_id), ("secret", facts.secret), ("webhook_id", facts.webhook_id)):
        if not all(letter.isascii() and (letter.isalnum() or letter in "-_") for letter in text):
            raise RuleBroken(N_("PayPal writes this with letters, figures, “-” and “_” only."), field=name)
    if not facts.client_id:
        raise RuleBroken(N_("Please fill in this field."), field="client_id")
    if is_new and not facts.secret:
        raise RuleBroken(N_("Please fill in this field."), field="secret")


def _save(party_id: int, row: PaypalAccount | None, facts: AccountFacts, sealed: str, now: datetime) -> None:
    row = row or PaypalAccount(party=party_id, hook=secrets.token_urlsafe(24), version=0)
    row.client_id = facts.client_id
    row.sealed_secret = sealed or row.sealed_secret
    row.webhook_id = facts.webhook_id
    row.saves_methods = facts.saves_methods
    row.is_on = facts.is_on
    row.version += 1
    row.changed_at = now
    row.save()
