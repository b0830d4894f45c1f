"""The books of an issuer's month as DATEV takes them: made from the ledger, compared with it, and refused where they differ."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from server.documents.datev import Batch, file_name, write_batch
from server.domain.actions import Action
from server.domain.datev import Booking, Difference, Total, bookings_of, differences
from server.domain.datev_chart import DEBTORS, AccountRole, Accounts
from server.domain.errors import Conflict, NotFound, RuleBroken
from server.domain.month import Month
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import money
from server.models.base import database
from server.models.books import DebtorAccount
from server.models.money import Invoice
from server.models.party import Party
from server.models.terms import SellerTerms
from server.services import audit, books_facts
from server.services.scope import Actor, hold
from server.services.terms import terms_of

MOST_TOLD = 5  # differences that a sentence names


@dataclass(frozen=True, slots=True)
class File:
    """A file for download."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class MonthSum:
    """What a month comes to under one head."""

    total: Total
    cents: int
    count: int


@dataclass(frozen=True, slots=True)
class Books:
    """The books of a month, before they are a file."""

    month: Month
    sums: tuple[MonthSum, ...]
    is_known_to_datev: bool
    """the numbers of consultant and client are there"""


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """The accounts of a party, to be changed."""

    accounts: Accounts
    seen: str
    """to be handed back with a change"""


def need_books(actor: Actor) -> None:
    """Raise NotAllowed unless the books of the actor's own party are its business."""
    actor.need(Right.MANAGE_MONEY)


def look(actor: Actor, month: Month) -> Books:
    """Return what the month of the actor's party comes to by the ledger. Raises NotAllowed."""
    need_books(actor)
    sums = tuple(MonthSum(kind, *found) for kind, found in books_facts.sums(actor.party_id, month).items())
    terms = terms_of(actor.party_id)
    return Books(month, sums, bool(terms.datev_consultant and terms.datev_client))


def compare(actor: Actor, month: Month) -> tuple[Difference, ...]:
    """Return what differs between the books and the ledger. Raises NotAllowed; RuleBroken where there are no books to be made."""
    need_books(actor)
    with database.atomic():
        return _differences(actor.party_id, month, _bookings(actor.party_id, month))


def export(actor: Actor, month: Month, *, now: datetime) -> File:
    """Return the books of the actor's party as a file for DATEV. Raises NotAllowed; RuleBroken, as ``export_of``."""
    need_books(actor)
    with database.atomic():
        file = export_of(actor.party_id, month, now=now)
        subject = ("party", actor.party_id)
        details = {"month": str(month)}
        audit.record(actor, Action.BOOKS_EXPORTED, now=now, party_id=actor.party_id, subject=subject, details=details)
    return file


def export_of(party_id: int, month: Month, *, now: datetime) -> File:
    """Return the books of a party as a file for DATEV.

    Raises: NotFound; RuleBroken where DATEV's numbers are missing, or the books are not what the ledger says.
    """
    need_issuer(party_id)
    terms = terms_of(party_id)
    if not (terms.datev_consultant and terms.datev_client):
        raise RuleBroken(
            N_("DATEV's numbers of consultant and client are missing."),
            N_("Your tax adviser knows them. Enter them in your terms of sale."),
        )
    with database.atomic():
        made = _bookings(party_id, month)
        if found := _differences(party_id, month, made):
            told = "; ".join(f"{one.what}: {money(one.ledger)} / {money(one.bookings)}" for one in found[:MOST_TOLD])
            raise RuleBroken(
                N_("The books of {month} are not what the ledger says. Ledger / books: {told}"),
                N_("Nothing was exported. Tell whoever runs the server."),
                month=str(month),
                told=told,
            )
    batch = Batch(terms.datev_consultant, terms.datev_client, accounts_of(party_id).chart, month, now)
    return File(file_name(batch), write_batch(batch, made))


def need_issuer(party_id: int) -> None:
    """Raise NotFound unless a party is one that sells."""
    if Party.get_or_none((Party.id == party_id) & (Party.kind != PartyKind.CUSTOMER)) is None:
        raise NotFound(N_("There is no such party."))


def months(actor: Actor, *, today_month: Month) -> tuple[Month, ...]:
    """Return the months of which the actor's party may have books, the newest first; a dozen at least. Raises NotAllowed."""
    actor.need(Right.MANAGE_MONEY)
    first = Invoice.select(Invoice.issued_on).where(Invoice.issuer == actor.party_id).order_by(Invoice.issued_on).first()
    oldest = Month.of(first.issued_on) if first is not None else today_month
    found = [today_month]
    while len(found) < 12 or found[-1] > oldest:
        found.append(found[-1].before)
    return tuple(found)


def accounts_page(actor: Actor) -> AccountsPage:
    """Return the accounts of the actor's party. Raises NotAllowed."""
    actor.need(Right.MANAGE_MONEY)
    return AccountsPage(accounts_of(actor.party_id), _seen(terms_of(actor.party_id)))


def set_accounts(actor: Actor, accounts: Accounts, *, seen: str, now: datetime) -> None:
    """Book to other accounts from now on. Raises NotAllowed, Conflict."""
    with database.atomic():
        actor.need(Right.MANAGE_MONEY)
        hold(actor.party_id)
        if _seen(terms_of(actor.party_id)) != seen:
            raise Conflict(
                N_("Somebody else has changed this meanwhile. Nothing of yours was saved."),
                N_("Compare the two, then save again."),
            )
        columns = {"datev_chart": accounts.chart, "datev_accounts": _as_text(accounts)}
        if not SellerTerms.update(**columns).where(SellerTerms.party == actor.party_id).execute():
            SellerTerms.create(party=actor.party_id, **columns)
        audit.record(actor, Action.ACCOUNTS_SET, now=now, party_id=actor.party_id, subject=("party", actor.party_id))


def accounts_of(party_id: int) -> Accounts:
    """Return the accounts that a party books to."""
    terms = terms_of(party_id)
    if not terms.datev_accounts:
        return Accounts(terms.datev_chart)
    said = json.loads(terms.datev_accounts)
    chosen = {AccountRole(role): str(account) for role, account in said["accounts"].items()}
    return Accounts(terms.datev_chart, chosen, said["revenue_key"], said["commission_key"])


def _as_text(accounts: Accounts) -> str:
    return json.dumps(
        {
            "accounts": dict(accounts.chosen or {}),
            "revenue_key": accounts.revenue_key,
            "commission_key": accounts.commission_key,
        }
    )


def _seen(terms: SellerTerms) -> str:
    return sha256(f"{terms.datev_chart} {terms.datev_accounts}".encode()).hexdigest()[:16]


def _bookings(party_id: int, month: Month) -> tuple[Booking, ...]:
    numbers = _debtor_accounts(party_id, month)
    found = books_facts.movements(party_id, month, numbers)
    return bookings_of(found, books_facts.fees(party_id, month), accounts_of(party_id))


def _differences(party_id: int, month: Month, made: tuple[Booking, ...]) -> tuple[Difference, ...]:
    totals = books_facts.totals(party_id, month)
    accounts = books_facts.account_rows(party_id)
    debtors = {accounts[one]: told for one, told in books_facts.changed_of_debtors(party_id, month).items()}
    found = list(differences(made, totals, debtors))
    issued = books_facts.issued(party_id, month)
    found += [
        Difference(kind.label, cents, totals.get(kind, 0)) for kind, cents in issued.items() if totals.get(kind, 0) != cents
    ]
    booked, came = books_facts.captured(party_id, month)
    if booked != came:
        found.append(Difference(Total.PAYPAL.label, booked, came))
    found += [Difference(number, left, cents) for number, left, cents in books_facts.torn(party_id)]
    return tuple(found)


def _debtor_accounts(party_id: int, month: Month) -> Mapping[int, int]:
    """Return the account of every debtor of a month, given now to those who have none. Raises RuleBroken: no more are free."""
    known = books_facts.account_rows(party_id)
    new = sorted(set(books_facts.changed_of_debtors(party_id, month)) - set(known))
    if not new:
        return known
    hold(party_id)
    known = books_facts.account_rows(party_id)
    new = [one for one in new if one not in known]
    free = max(known.values(), default=DEBTORS.start - 1) + 1
    if free + len(new) > DEBTORS.stop:
        raise RuleBroken(N_("There are more debtors than accounts of five figures."))
    given = {debtor: free + place for place, debtor in enumerate(new)}
    rows = [{"creditor": party_id, "debtor": debtor, "account": account} for debtor, account in given.items()]
    for begin in range(0, len(rows), 500):
        DebtorAccount.insert_many(rows[begin : begin + 500]).execute()
    return {**known, **given}
