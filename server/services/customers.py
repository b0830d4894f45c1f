"""The customer record: what its page shows, who may change it, creation, end. Its parts are changed in ``customer_changes``."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from peewee import fn

from server.domain.actions import Action
from server.domain.addresses import Address
from server.domain.bank_account import Account, masked
from server.domain.contacts import ContactDetails
from server.domain.customer_record import CustomerRecord
from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.seats import Seats
from server.domain.sentence import N_
from server.domain.vat_id import VatId
from server.language import ZONE
from server.models.base import database
from server.models.customer import BankAccount, Contact, VatConfirmation
from server.models.party import Party
from server.services import audit
from server.services.customer_seats import keep_seats, seats_of
from server.services.customer_ties import refuse_while_served
from server.services.scope import Actor, hold, visible_party


@dataclass(frozen=True, slots=True)
class KnownContact:
    """A contact that is stored."""

    id: int
    details: ContactDetails


@dataclass(frozen=True, slots=True)
class Confirmation:
    """An answer of the tax office."""

    vat_id: str
    confirmed_on: date
    reference: str


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Everything that the page of a customer shows, and what its reader may do there."""

    id: int
    legal_name: str
    version: int
    """to be handed back with a change"""
    vat: VatId
    confirmations: tuple[Confirmation, ...]
    """the newest first"""
    contacts: tuple[KnownContact, ...]
    account: Account | None
    """the one in use; its IBAN masked for whoever need not use it, None as well for who is on neither end"""
    seats: Seats
    ended_at: datetime | None
    may_change: bool
    may_confirm: bool
    """record what the tax office answered, let the customer end: its seller alone"""
    may_transfer: bool
    may_export: bool
    may_erase: bool
    shows_account: bool
    """whether the account, if there is one, is the reader's business"""


def customer_page(actor: Actor, customer_id: int) -> CustomerPage:
    """Return a customer's page. Raises NotFound."""
    actor.need(Right.SEE)
    party = visible_customer(actor, customer_id)
    manages, is_sold_to = actor.may(Right.MANAGE_CUSTOMERS), actor.party_id == party.parent_id
    return CustomerPage(
        id=party.id,
        legal_name=party.legal_name,
        version=party.version,
        vat=VatId(party.vat_id, party.vat_id_confirmed_on),
        confirmations=_confirmations(party),
        contacts=contacts_of(party),
        account=_shown(actor, party, account_of(party)),
        seats=seats_of(party.id),
        ended_at=party.ended_at,
        may_change=manages and is_end_of_edge(actor, party) and party.ended_at is None,
        may_confirm=manages and is_sold_to,
        may_transfer=actor.may(Right.MANAGE_PARTIES) and actor.kind.height > PartyKind.RESELLER.height,
        may_export=manages and is_end_of_edge(actor, party),
        may_erase=manages and is_sold_to and actor.may(Right.MANAGE_PARTIES) and party.ended_at is not None,
        shows_account=is_end_of_edge(actor, party),
    )


def create_customer(actor: Actor, record: CustomerRecord, *, now: datetime) -> int:
    """Create a customer of the actor's own party, which is a reseller. Returns its id. Raises NotAllowed, RuleBroken."""
    with database.atomic():
        actor.need(Right.MANAGE_PARTIES)
        need_reseller(actor)
        hold(actor.party_id)
        if record.likeness in likenesses(actor.party_id, postal_code=record.address.postal_code):
            raise RuleBroken(N_("There is a customer of this name and address already."), field="legal_name")
        return store_customer(actor, record, now=now)


def end_customer(actor: Actor, customer_id: int, *, version: int, now: datetime) -> None:
    """Let the relation to a customer end, to whom nothing is delivered any more. It stays readable.

    Raises NotFound, NotAllowed, Conflict, RuleBroken.
    """
    with database.atomic():
        party = customer_of_seller(actor, customer_id)
        if party.ended_at is not None:
            raise RuleBroken(N_("This customer has ended already."))
        refuse_while_served(party.id, today=now.astimezone(ZONE).date())
        claim(party, version)
        Party.update(ended_at=now).where(Party.id == party.id).execute()
        audit.record(actor, Action.CUSTOMER_ENDED, now=now, party_id=party.id, subject=("party", party.id))


def resume_customer(actor: Actor, customer_id: int, *, version: int, now: datetime) -> None:
    """Take a customer up again that has ended. Raises NotFound, NotAllowed, Conflict, RuleBroken."""
    with database.atomic():
        party = customer_of_seller(actor, customer_id)
        if party.ended_at is None:
            raise RuleBroken(N_("This customer has not ended."))
        claim(party, version)
        Party.update(ended_at=None).where(Party.id == party.id).execute()
        audit.record(actor, Action.CUSTOMER_RESUMED, now=now, party_id=party.id, subject=("party", party.id))


def visible_customer(actor: Actor, customer_id: int) -> Party:
    """Return a customer of the actor's subtree. Raises NotFound, also for a party that is no customer."""
    party = visible_party(actor, customer_id)
    if party.kind is not PartyKind.CUSTOMER:
        raise NotFound(N_("There is no such customer."))
    return party


def customer_to_change(actor: Actor, customer_id: int) -> Party:
    """Return a customer whose record the actor may change: its own, or one that it sells to.

    Raises: NotFound, NotAllowed; RuleBroken when it has ended.
    """
    party = visible_customer(actor, customer_id)
    actor.need(Right.MANAGE_CUSTOMERS)
    if not is_end_of_edge(actor, party):
        raise NotAllowed(N_("Only the customer and its reseller change this."), N_("Work as the reseller if you may."))
    if party.ended_at is not None:
        raise RuleBroken(N_("This customer has ended."), N_("Take it up again first."))
    return party


def customer_of_seller(actor: Actor, customer_id: int) -> Party:
    """Return a customer that the actor sells to. Raises NotFound, NotAllowed."""
    party = visible_customer(actor, customer_id)
    actor.need(Right.MANAGE_CUSTOMERS)
    if actor.party_id != party.parent_id:
        raise NotAllowed(N_("Only the customer's reseller does this."), N_("Work as the reseller if you may."))
    return party


def need_reseller(actor: Actor) -> None:
    """Raise NotAllowed unless the actor works for a reseller."""
    if actor.kind is not PartyKind.RESELLER:
        raise NotAllowed(N_("Only a reseller has customers."), N_("Work as the reseller if you may."))


def seller_of(party: Party) -> int:
    """Return the party that sells to a customer."""
    if party.parent_id is None:
        raise NotFound(N_("There is no such customer."))
    return party.parent_id


def is_end_of_edge(actor: Actor, party: Party) -> bool:
    """Say whether the actor's party is a party itself, or its seller."""
    return actor.party_id in {party.id, party.parent_id}


def claim(party: Party, version: int) -> None:
    """Let a change be the next of its party, as it was when ``version`` was read. Raises Conflict."""
    mine = (Party.id == party.id) & (Party.version == version)
    if not Party.update(version=Party.version + 1).where(mine).execute():
        raise Conflict(
            N_("Somebody else has changed this customer meanwhile. Nothing of yours was saved."),
            N_("Compare the two, then save again."),
        )


def contacts_of(party: Party) -> tuple[KnownContact, ...]:
    """Return the contacts of a party by name."""
    rows = Contact.select().where(Contact.party == party.id).order_by(fn.LOWER(Contact.name), Contact.id)
    return tuple(KnownContact(row.id, ContactDetails(row.name, row.role, row.email, row.phone)) for row in rows)


def account_of(party: Party) -> Account | None:
    """Return the account of a party that is in use."""
    row = BankAccount.get_or_none((BankAccount.party == party.id) & BankAccount.replaced_at.is_null())
    return Account(row.iban, row.holder, row.bic, row.bank_name) if row else None


def record_of(party: Party) -> CustomerRecord:
    """Return what is recorded of a customer."""
    return CustomerRecord(
        party.is_person,
        party.legal_name,
        Address(party.street, party.house_number, party.postal_code, party.city, party.country),
        party.email,
        party.phone,
        party.tax_number,
        party.vat_id,
        account_of(party),
        tuple(known.details for known in contacts_of(party)),
        seats_of(party.id),
    )


def likenesses(reseller_id: int, *, postal_code: str | None = None) -> frozenset[tuple[str, ...]]:
    """Return by what a reseller's customers are told apart: see ``CustomerRecord.likeness``. All, or those of a postal code."""
    present = (Party.parent == reseller_id) & Party.ended_at.is_null()
    if postal_code is not None:
        present &= Party.postal_code == postal_code
    columns = (Party.legal_name, Party.postal_code, Party.street, Party.house_number)
    found: Iterable[Any] = Party.select(*columns).where(present).tuples()
    return frozenset(tuple(text.casefold() for text in row) for row in found)


def store_customer(actor: Actor, record: CustomerRecord, *, now: datetime) -> int:
    """Store a customer of the actor's own party, and say so in the audit log. Returns its id. Inside a transaction."""
    place = record.address
    facts = {name: getattr(record, name) for name in ("is_person", "legal_name", "email", "phone", "tax_number", "vat_id")}
    facts |= {name: getattr(place, name) for name in ("street", "house_number", "postal_code", "city", "country")}
    party = Party.create(parent=actor.party_id, kind=PartyKind.CUSTOMER, created_at=now, **facts)
    for contact in record.contacts:
        Contact.create(party=party.id, name=contact.name, role=contact.role, email=contact.email, phone=contact.phone)
    if (account := record.account) is not None:
        BankAccount.create(
            party=party.id, iban=account.iban, bic=account.bic, bank_name=account.bank_name, holder=account.holder, valid_from=now
        )
    keep_seats(party.id, record.seats)
    audit.record(actor, Action.PARTY_CREATED, now=now, party_id=party.id, subject=("party", party.id))
    return int(party.id)


def _confirmations(party: Party) -> tuple[Confirmation, ...]:
    rows = VatConfirmation.select().where(VatConfirmation.party == party.id)
    newest = rows.order_by(VatConfirmation.confirmed_on.desc(), VatConfirmation.id.desc())
    return tuple(Confirmation(row.vat_id, row.confirmed_on, row.reference) for row in newest)


def _shown(actor: Actor, party: Party, account: Account | None) -> Account | None:
    if account is None or not is_end_of_edge(actor, party):
        return None
    return account if actor.may(Right.MANAGE_CUSTOMERS) else replace(account, iban=masked(account.iban))
