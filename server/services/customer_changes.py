"""Changes of a customer's record: contacts, bank account, seats, the tax office's answer.

The audit log names the fields that changed, never what is known of persons.
"""

from datetime import date, datetime

from server.domain.actions import Action
from server.domain.addresses import clean_text
from server.domain.bank_account import Account, masked
from server.domain.contacts import ContactDetails
from server.domain.errors import NotFound
from server.domain.seats import AgentKind, Seats
from server.domain.sentence import N_
from server.domain.vat_id import VatId
from server.models.base import database
from server.models.customer import BankAccount, Contact, VatConfirmation
from server.models.party import Party
from server.services import audit
from server.services.customer_seats import keep_seats, seats_of
from server.services.customers import account_of, claim, customer_of_seller, customer_to_change
from server.services.scope import Actor, hold

REFERENCE_LENGTH = 60
_CONTACT_FIELDS = ("name", "role", "email", "phone")


def add_contact(actor: Actor, customer_id: int, details: ContactDetails, *, now: datetime) -> int:
    """Add a contact; one that is there already is not added again. Returns its id. Raises NotFound, NotAllowed, RuleBroken."""
    with database.atomic():
        party = customer_to_change(actor, customer_id)
        hold(party.id)
        known = Contact.get_or_none(
            (Contact.party == party.id) & (Contact.name == details.name) & (Contact.email == details.email)
        )
        if known is not None:
            return int(known.id)
        row = Contact.create(party=party.id, **_columns(details))
        Party.update(version=Party.version + 1).where(Party.id == party.id).execute()
        audit.record(actor, Action.CONTACT_ADDED, now=now, party_id=party.id, subject=("contact", row.id))
        return int(row.id)


def change_contact(
    actor: Actor, customer_id: int, contact_id: int, details: ContactDetails, *, version: int, now: datetime
) -> None:
    """Change a contact of the customer as it was read. Raises NotFound, NotAllowed, Conflict, RuleBroken."""
    with database.atomic():
        party = customer_to_change(actor, customer_id)
        row = _contact(party, contact_id)
        claim(party, version)
        after = _columns(details)
        changed = [name for name in _CONTACT_FIELDS if getattr(row, name) != after[name]]
        if changed:
            Contact.update(**after).where(Contact.id == row.id).execute()
            audit.record(
                actor,
                Action.CONTACT_CHANGED,
                now=now,
                party_id=party.id,
                subject=("contact", row.id),
                details={"fields": changed},
            )


def remove_contact(actor: Actor, customer_id: int, contact_id: int, *, now: datetime) -> None:
    """Remove a contact, of which nothing stays. Raises NotFound, NotAllowed, RuleBroken."""
    with database.atomic():
        party = customer_to_change(actor, customer_id)
        row = _contact(party, contact_id)
        Contact.delete().where(Contact.id == row.id).execute()
        Party.update(version=Party.version + 1).where(Party.id == party.id).execute()
        audit.record(actor, Action.CONTACT_REMOVED, now=now, party_id=party.id, subject=("contact", contact_id))


def set_account(actor: Actor, customer_id: int, account: Account, *, version: int, now: datetime) -> None:
    """Let another account be the one in use; the old one stays, with its end.

    Raises: NotFound, NotAllowed, Conflict, RuleBroken.
    """
    with database.atomic():
        party = customer_to_change(actor, customer_id)
        claim(party, version)
        before = account_of(party)
        if before == account:
            return
        in_use = (BankAccount.party == party.id) & BankAccount.replaced_at.is_null()
        BankAccount.update(replaced_at=now).where(in_use).execute()
        row = BankAccount.create(
            party=party.id, iban=account.iban, bic=account.bic, bank_name=account.bank_name, holder=account.holder, valid_from=now
        )
        shown = [masked(before.iban) if before else "", masked(account.iban)]
        audit.record(
            actor, Action.ACCOUNT_SET, now=now, party_id=party.id, subject=("bank_account", row.id), details={"iban": shown}
        )


def set_seats(actor: Actor, customer_id: int, seats: Seats, *, version: int, now: datetime) -> None:
    """Let other numbers of clients and agents be agreed. Raises NotFound, NotAllowed, Conflict, RuleBroken."""
    with database.atomic():
        party = customer_to_change(actor, customer_id)
        claim(party, version)
        before = seats_of(party.id)
        if before == seats:
            return
        keep_seats(party.id, seats)
        details = audit.changes(_as_facts(before), _as_facts(seats))
        audit.record(actor, Action.SEATS_SET, now=now, party_id=party.id, subject=("party", party.id), details=details)


def confirm_vat_id(
    actor: Actor, customer_id: int, *, confirmed_on: date, reference: str, version: int, today: date, now: datetime
) -> None:
    """Record that the tax office confirmed the customer's VAT id on a day. Its seller does, who answers for the tax.

    Raises NotFound, NotAllowed, Conflict; RuleBroken without a VAT id, or for a day to come.
    """
    with database.atomic():
        party = customer_of_seller(actor, customer_id)
        confirmed = VatId(party.vat_id, party.vat_id_confirmed_on).confirmed(confirmed_on, today=today)
        number = clean_text(reference, field="reference", longest=REFERENCE_LENGTH)
        claim(party, version)
        Party.update(vat_id_confirmed_on=confirmed_on).where(Party.id == party.id).execute()
        VatConfirmation.create(
            party=party.id,
            vat_id=confirmed.number,
            confirmed_on=confirmed_on,
            reference=number,
            recorded_by=actor.user_id,
            recorded_at=now,
        )
        audit.record(
            actor,
            Action.VAT_CONFIRMED,
            now=now,
            party_id=party.id,
            subject=("party", party.id),
            details={"confirmed_on": confirmed_on},
        )


def _as_facts(seats: Seats) -> dict[str, object]:
    agents = {str(kind): seats.agent_count(kind) for kind in AgentKind}
    return {"workstations": seats.workstations, "servers": seats.servers, **agents}


def _columns(details: ContactDetails) -> dict[str, str]:
    return {name: getattr(details, name) for name in _CONTACT_FIELDS}


def _contact(party: Party, contact_id: int) -> Contact:
    row = Contact.get_or_none((Contact.id == contact_id) & (Contact.party == party.id))
    if row is None:
        raise NotFound(N_("There is no such contact."))
    return row
