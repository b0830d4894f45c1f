"""The tree of parties: create, change, look at. Who is foreign does not exist (see scope.py)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import SQL, IntegrityError, fn

from server.domain.actions import Action
from server.domain.errors import Conflict, NotAllowed, RuleBroken
from server.domain.listing import ListWish
from server.domain.party import PartyKind
from server.domain.party_sheet import PartyFacts, checked
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.services import audit, submissions
from server.services.paging import Page, begins, cut, holds
from server.services.scope import Actor, visible_party, within

NOTHING_TO_CREATE = (
    N_("Your role does not permit to create anything here."),
    N_("Below another party, only its own people create something. Work as that party if you may."),
)
NOT_TO_CHANGE = (
    N_("Your role does not permit to change this."),
    N_("A party is changed by its own people, and by those directly above it."),
)
_COLUMNS = tuple(PartyFacts.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Step:
    """One party on the way from one's own to another."""

    id: int
    legal_name: str
    kind: PartyKind


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party in a list."""

    id: int
    kind: PartyKind
    legal_name: str
    postal_code: str
    city: str
    children: int
    """how many parties stand directly below"""
    created_at: datetime
    has_ended: bool = False
    """of customers: nothing is done for it any more"""


@dataclass(frozen=True, slots=True)
class PartyPage:
    """A party with everything its page shows, and what its reader may do there."""

    id: int
    kind: PartyKind
    facts: PartyFacts
    version: int
    """to be handed back with a change"""
    created_at: datetime
    may_create: bool
    may_edit: bool
    may_enter: bool
    """work as this party"""


def create_party(actor: Actor, parent_id: int, facts: PartyFacts, *, submission: str, now: datetime) -> int:
    """Create a party below one's own; which kind follows from the parent's. Returns its id.

    The same ``submission`` (a form sent twice) creates nothing again, and returns the id of the first time.

    Raises: NotFound, NotAllowed, RuleBroken.
    """
    try:
        with database.atomic():
            if earlier := submissions.earlier(actor, submission):
                return earlier
            parent = visible_party(actor, parent_id)
            kind = _kind_to_create(actor, parent)
            clean = checked(kind, facts)
            _refuse_demand(actor, clean, PartyFacts())
            party = Party.create(parent=parent.id, kind=kind, created_at=now, **_columns(clean))
            submissions.note(actor, submission, party.id, now=now)
            audit.record(
                actor, Action.PARTY_CREATED, now=now, party_id=party.id, subject=("party", party.id), details=_said(clean)
            )
            return int(party.id)
    except IntegrityError:
        # The twin of this request was faster; what it created is the answer to both.
        if earlier := submissions.earlier(actor, submission):
            return earlier
        raise


def edit_party(actor: Actor, party_id: int, facts: PartyFacts, *, version: int, now: datetime) -> None:
    """Change a party, if it still is as it was read (``version``).

    Raises: NotFound, NotAllowed, RuleBroken; Conflict when somebody else has changed it since.
    """
    with database.atomic():
        party = visible_party(actor, party_id)
        if not _may_edit(actor, party):
            raise NotAllowed(*NOT_TO_CHANGE)
        before = _facts_of(party)
        clean = checked(party.kind, facts)
        _refuse_demand(actor, clean, before)
        _refuse_own_tax(actor, party, clean, before)
        changes: dict[str, Any] = _columns(clean)
        if clean.vat_id != before.vat_id:
            changes["vat_id_confirmed_on"] = None
        matches = (Party.id == party.id) & (Party.version == version)
        if not Party.update(**changes, version=Party.version + 1).where(matches).execute():
            raise Conflict(
                N_("Somebody else has changed this meanwhile. Nothing of yours was saved."),
                N_("Compare the two, then save again."),
            )
        if changed := audit.changes(before.texts(), clean.texts()):
            audit.record(actor, Action.PARTY_CHANGED, now=now, party_id=party.id, subject=("party", party.id), details=changed)


def party_page(actor: Actor, party_id: int) -> PartyPage:
    """Return a party's page. Raises NotFound."""
    party = visible_party(actor, party_id)
    return PartyPage(
        id=party.id,
        kind=party.kind,
        facts=_facts_of(party),
        version=party.version,
        created_at=party.created_at,
        may_create=_may_create(actor, party),
        may_edit=_may_edit(actor, party),
        may_enter=actor.may(Right.SUPPORT) and party.id != actor.party_id,
    )


def path(actor: Actor, party_id: int) -> tuple[Step, ...]:
    """Return the way from the actor's own party down to another, both included. Raises NotFound."""
    party = visible_party(actor, party_id)
    steps = [party]
    while steps[-1].id != actor.party_id:
        steps.append(Party.get_by_id(steps[-1].parent_id))
    return tuple(Step(step.id, step.legal_name, step.kind) for step in reversed(steps))


def list_children(actor: Actor, party_id: int, wish: ListWish) -> Page[PartyRow]:
    """Return the parties directly below one, sorted by ``name``, ``city``, ``children`` or ``created``. Raises NotFound."""
    parent = visible_party(actor, party_id)
    child = Party.alias()
    count = child.select(fn.COUNT(child.id)).where(child.parent == Party.id)
    query = Party.select(Party, count.alias("below")).where(Party.parent == parent.id)
    if wish.search:
        sought = wish.search
        query = query.where(holds(Party.legal_name, sought) | holds(Party.city, sought) | begins(Party.postal_code, sought))
    columns = {
        "name": fn.LOWER(Party.legal_name),
        "city": fn.LOWER(Party.city),
        "children": SQL("below"),
        "created": Party.created_at,
    }
    column = columns.get(wish.sort, columns["name"])
    ordered = query.order_by(column.desc() if wish.is_descending else column.asc(), Party.id)
    return cut(ordered, _row, page=wish.page)


def count_below(actor: Actor) -> tuple[tuple[PartyKind, int], ...]:
    """Return how many parties of each kind stand below the actor's own, from the top down."""
    rows: Any = Party.select(Party.kind, fn.COUNT(Party.id)).where(within(actor)).group_by(Party.kind).tuples()
    found: dict[PartyKind, int] = dict(rows)
    counts: list[tuple[PartyKind, int]] = []
    kind = actor.kind.below
    while kind is not None:
        counts.append((kind, found.get(kind, 0)))
        kind = kind.below
    return tuple(counts)


def supplier(actor: Actor) -> PartyFacts | None:
    """Return by whom the actor's party is served: name and how to reach it, nothing else; None for the operator."""
    own = visible_party(actor, actor.party_id)
    if own.parent_id is None:
        return None
    above = Party.get_by_id(own.parent_id)
    return PartyFacts(legal_name=above.legal_name, email=above.email, phone=above.phone)


def _kind_to_create(actor: Actor, parent: Party) -> PartyKind:
    if not _may_create(actor, parent) or (kind := parent.kind.below) is None:
        raise NotAllowed(*NOTHING_TO_CREATE)
    return kind


def _may_create(actor: Actor, parent: Party) -> bool:
    return actor.may(Right.MANAGE_PARTIES) and parent.id == actor.party_id and parent.kind.below is not None


def _may_edit(actor: Actor, party: Party) -> bool:
    return actor.may(Right.MANAGE_PARTIES) and actor.party_id in {party.id, party.parent_id}


def _refuse_demand(actor: Actor, wanted: PartyFacts, before: PartyFacts) -> None:
    if wanted.requires_two_factor != before.requires_two_factor:
        actor.need(Right.MANAGE_USERS)


def _refuse_own_tax(actor: Actor, party: Party, wanted: PartyFacts, before: PartyFacts) -> None:
    """Nobody decides which VAT is on what it buys: by its country, and, as a customer, by how it is taxed."""
    if actor.party_id != party.id or party.parent_id is None:
        return
    decided = ("country", "tax_status") if party.kind is PartyKind.CUSTOMER else ("country",)
    for name in decided:
        if getattr(wanted, name) != getattr(before, name):
            raise RuleBroken(
                N_("This decides which VAT you pay, so that you cannot change it yourself."),
                N_("Ask whoever serves you to change it."),
                field=name,
            )


def _row(row: Any) -> PartyRow:
    return PartyRow(
        row.id, row.kind, row.legal_name, row.postal_code, row.city, row.below, row.created_at, row.ended_at is not None
    )


def _columns(facts: PartyFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in _COLUMNS} | {"mode": facts.mode or None}


def _facts_of(party: Party) -> PartyFacts:
    return replace(PartyFacts(**{name: getattr(party, name) for name in _COLUMNS if name != "mode"}), mode=party.mode or "")


def _said(facts: PartyFacts) -> dict[str, str]:
    return {name: text for name, text in facts.texts().items() if text}
