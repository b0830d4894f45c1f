"""What the law gives a customer: everything that is known of it as a file (GDPR, article 20), and its erasure (article 17).

Erasure leaves the tree and the audit log whole: the row of the party, its users and what was done when stay, without a word about
persons. What the law demands to keep stays as it was issued: invoices, what was paid, signed orders, mandates (AO § 147).
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from peewee import Model

from server.domain.actions import Action
from server.domain.errors import NotAllowed, RuleBroken
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.audit import AuditEntry
from server.models.base import database
from server.models.catalogue import Price
from server.models.contract import Contract, Mandate
from server.models.customer import BankAccount, Contact, Seat, VatConfirmation
from server.models.mail import OutgoingMail
from server.models.money import Receivable
from server.models.order import Order
from server.models.party import Party
from server.models.people import Invitation, Membership, RecoveryCode, User
from server.models.sessions import LoginAttempt, Session
from server.services import audit
from server.services.customer_ties import refuse_while_owing
from server.services.customers import claim, customer_of_seller, is_end_of_edge, visible_customer
from server.services.scope import Actor

_PERSONAL = (
    "street",
    "house_number",
    "postal_code",
    "city",
    "email",
    "phone",
    "tax_number",
    "vat_id",
    "brand_name",
    "brand_colour",
    "brand_logo",
)
_PARTY = (
    "legal_name",
    "is_person",
    *_PERSONAL[:4],
    "country",
    *_PERSONAL[4:8],
    "vat_id_confirmed_on",
    "tax_status",
    "created_at",
    "ended_at",
)


def export_customer(actor: Actor, customer_id: int, *, now: datetime) -> bytes:
    """Return everything that is known of a customer as JSON, for itself and for its reseller. Raises NotFound, NotAllowed."""
    with database.atomic():
        party = visible_customer(actor, customer_id)
        actor.need(Right.MANAGE_CUSTOMERS)
        if not is_end_of_edge(actor, party):
            raise NotAllowed(N_("Only the customer and its reseller export this."), N_("Work as the reseller if you may."))
        told: dict[str, Any] = {
            "exported_at": now,
            "customer": {name: getattr(party, name) for name in _PARTY},
            "contacts": _rows(Contact.select().where(Contact.party == party.id), "name", "role", "email", "phone"),
            "bank_accounts": _rows(
                BankAccount.select().where(BankAccount.party == party.id),
                "iban", "bic", "bank_name", "holder", "valid_from", "replaced_at",
            ),
            "seats": _rows(Seat.select().where(Seat.customer == party.id), "kind", "agent_kind", "count"),
            "vat_confirmations": _rows(
                VatConfirmation.select().where(VatConfirmation.party == party.id), "vat_id", "confirmed_on", "reference"
            ),
            "users": _users(party),
            "invitations": _rows(
                Invitation.select().where(Invitation.party == party.id),
                "email", "name", "role", "created_at", "used_at", "revoked_at",
            ),
            "mails": _rows(
                OutgoingMail.select().where(OutgoingMail.party == party.id), "recipient", "subject", "created_at", "sent_at"
            ),
            "orders": _rows(
                Order.select().where(Order.customer == party.id),
                "number", "kind", "state", "created_at", "printed_at", "signed_at", "released_at", "paper",
            ),
            "contracts": _rows(
                Contract.select().where(Contract.customer == party.id), "number", "state", "paid_by", "starts", "ends"
            ),
            "mandates": _rows(
                Mandate.select().where(Mandate.debtor == party.id),
                "reference", "holder", "iban", "bic", "signed_on", "last_used_on", "revoked_on",
            ),
            "changes": _rows(AuditEntry.select().where(AuditEntry.party == party.id), "at", "action", "details"),
        }  # fmt: skip
        if actor.may(Right.SEE_PRICES):
            own = Price.select().where(Price.buyer == party.id)
            told["prices"] = _rows(own, "version_id", "valid_from", "valid_to", "base", "overage")
        if actor.may(Right.SEE_MONEY):
            owed = Receivable.select().where(Receivable.debtor == party.id)
            told["money"] = _rows(owed, "number", "kind", "issued_on", "due", "cents", "open_cents")
        audit.record(actor, Action.CUSTOMER_EXPORTED, now=now, party_id=party.id, subject=("party", party.id))
        return json.dumps(told, ensure_ascii=False, indent=2, default=str).encode()


def erase_customer(actor: Actor, customer_id: int, *, version: int, now: datetime) -> None:
    """Erase everything personal of a customer that has ended: not to be undone.

    Raises: NotFound, NotAllowed, Conflict; RuleBroken while it has not ended.
    """
    with database.atomic():
        party = customer_of_seller(actor, customer_id)
        actor.need(Right.MANAGE_PARTIES)
        if party.ended_at is None:
            raise RuleBroken(N_("A customer is erased when it has ended."), N_("End it first."))
        refuse_while_owing(party.id)
        claim(party, version)
        users = _users_of_it_alone(party)
        addresses = [user.email for user in users] + [
            one.email for one in Invitation.select().where(Invitation.party == party.id)
        ]
        for model in (Contact, BankAccount, VatConfirmation, Invitation, Membership):
            model.delete().where(model.party == party.id).execute()
        Seat.delete().where(Seat.customer == party.id).execute()
        _forget_users(users)
        _forget_addresses(addresses)
        OutgoingMail.delete().where(OutgoingMail.party == party.id).execute()
        AuditEntry.update(details="{}").where(AuditEntry.party == party.id).execute()
        empty: dict[str, Any] = dict.fromkeys(_PERSONAL, "")
        Party.update(**empty, legal_name=f"#{party.id}", vat_id_confirmed_on=None).where(Party.id == party.id).execute()
        audit.record(actor, Action.CUSTOMER_ERASED, now=now, party_id=party.id, subject=("party", party.id))


def _users_of_it_alone(party: Party) -> list[User]:
    """Return the users that belong to a party and to no other."""
    elsewhere = Membership.select(Membership.user).where(Membership.party != party.id)
    here = Membership.select(Membership.user).where(Membership.party == party.id)
    return list(User.select().where(User.id.in_(here) & User.id.not_in(elsewhere)))


def _forget_users(users: Iterable[User]) -> None:
    for user in users:
        Session.delete().where(Session.user == user.id).execute()
        RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
        AuditEntry.update(details="{}").where((AuditEntry.subject_kind == "user") & (AuditEntry.subject_id == user.id)).execute()
        User.update(
            email=f"#{user.id}",
            name=f"#{user.id}",
            password_hash=None,
            totp_secret=None,
            disabled_at=user.disabled_at or user.created_at,
        ).where(User.id == user.id).execute()


def _forget_addresses(addresses: Iterable[str]) -> None:
    """Remove what is known by a mail address, unless it belongs to a user who stays."""
    for address in set(addresses):
        if User.get_or_none(User.email == address) is not None:
            continue
        Invitation.delete().where((Invitation.email == address) & Invitation.party.is_null()).execute()
        LoginAttempt.delete().where(LoginAttempt.subject == f"email:{address}").execute()
        OutgoingMail.delete().where(OutgoingMail.recipient == address).execute()


def _users(party: Party) -> list[dict[str, Any]]:
    rows = Membership.select(Membership, User).join(User).where(Membership.party == party.id).order_by(Membership.id)
    return [{"name": row.user.name, "email": row.user.email, "language": row.user.language, "role": row.role} for row in rows]


def _rows(query: Iterable[Model], *names: str) -> list[dict[str, Any]]:
    return [{name: getattr(row, name) for name in names} for row in query]
