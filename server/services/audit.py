"""The audit log: written by every service inside its own transaction, read by who may."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from peewee import JOIN, Expression, ModelSelect

from server.domain.actions import Action
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.models.audit import AuditEntry
from server.models.party import Party
from server.models.people import User
from server.services.paging import Page, cut
from server.services.scope import Actor, visible_party, within


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done."""

    id: int
    at: datetime
    user_name: str
    """empty: the server itself"""
    on_behalf_of: str
    """the party as which the user was logged in; empty: the own"""
    party_id: int
    party_name: str
    action: Action
    subject_kind: str
    subject_id: int | None
    details: Mapping[str, object]
    """what was changed: a field to its value, or to ``[before, after]``"""


def record(
    actor: Actor | None,
    action: Action,
    *,
    now: datetime,
    party_id: int,
    subject: tuple[str, int | None],
    details: Mapping[str, object] | None = None,
    user_id: int | None = None,
) -> None:
    """Add an entry. To be called inside the transaction of what it tells of.

    Args:
        actor: who did it; None where nobody is logged in (yet), then ``user_id`` may name the person.
        action: what was done.
        now: when.
        party_id: the party that it is about: who sees that party sees the entry.
        subject: the kind and the number of what was changed.
        details: fields with their values, or with ``[before, after]``; never secrets.
        user_id: who did it, where there is no actor.
    """
    on_behalf = actor.party_id if actor is not None and actor.is_on_behalf else None
    AuditEntry.create(
        at=now,
        user=user_id if actor is None else actor.user_id,
        on_behalf_of=on_behalf,
        party=party_id,
        action=str(action),
        subject_kind=subject[0],
        subject_id=subject[1],
        details=json.dumps(details or {}, ensure_ascii=False, default=str),
    )


def changes(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, list[object]]:
    """Return the fields that differ, each as ``[before, after]``."""
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


def entries(actor: Actor, *, party_id: int | None = None, page: int = 1) -> Page[Entry]:
    """Return what was done in the actor's subtree, or with one party of it; newest first."""
    reach = _reach(actor, party_id)
    part = cut(_newest_first(reach), lambda row: int(row.id), page=page, counted=AuditEntry.select(AuditEntry.id).where(reach))
    return Page(_read(part.items), part.total, part.number, part.size)


def latest(actor: Actor, *, most: int) -> tuple[Entry, ...]:
    """Return what was done last in the actor's subtree; newest first."""
    return _read(row.id for row in _newest_first(_reach(actor, None)).limit(most))


def _newest_first(reach: Expression) -> "ModelSelect[AuditEntry]":
    """Return the numbers of entries in order: an index holds all that is asked, so that thousands are sorted at once."""
    return AuditEntry.select(AuditEntry.id).where(reach).order_by(AuditEntry.at.desc(), AuditEntry.id.desc())


def _read(numbers: Iterable[int]) -> tuple[Entry, ...]:
    """Return the entries of some numbers, in their order."""
    behalf = Party.alias()
    wanted = list(numbers)
    rows = (
        AuditEntry.select(AuditEntry, Party, User, behalf)
        .join(Party, on=AuditEntry.party == Party.id)
        .join_from(AuditEntry, User, JOIN.LEFT_OUTER, on=AuditEntry.user == User.id)
        .join_from(AuditEntry, behalf, JOIN.LEFT_OUTER, on=AuditEntry.on_behalf_of == behalf.id, attr="on_behalf_of")
        .where(AuditEntry.id.in_(wanted))
    )
    found = {row.id: _entry(row) for row in rows}
    return tuple(found[one] for one in wanted)


def _reach(actor: Actor, party_id: int | None) -> Expression:
    actor.need(Right.SEE_AUDIT)
    if party_id is not None:
        return AuditEntry.party == visible_party(actor, party_id).id
    if actor.kind is PartyKind.OPERATOR:
        return AuditEntry.id > 0  # everything, without a look at the tree
    return AuditEntry.party.in_(Party.select(Party.id).where(within(actor)))


def _entry(row: AuditEntry) -> Entry:
    behalf = row.on_behalf_of
    return Entry(
        id=row.id,
        at=row.at,
        user_name=row.user.name if row.user is not None else "",
        on_behalf_of=behalf.legal_name if behalf is not None else "",
        party_id=row.party_id,
        party_name=row.party.legal_name,
        action=Action(row.action),
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        details=json.loads(row.details),
    )
