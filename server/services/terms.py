"""How a party sells to those below it."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from server.domain.actions import Action
from server.domain.errors import Conflict, NotAllowed
from server.domain.party import PartyKind, SalesMode
from server.domain.rights import Right
from server.domain.selling_terms import SellingTerms
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.terms import SellerTerms
from server.services import audit
from server.services.scope import Actor, hold

_UNTOLD = frozenset({"commission_percent"})
"""known to the two ends of an edge only; others read the list of changes too"""


@dataclass(frozen=True, slots=True)
class TermsPage:
    """The terms of the reader's party."""

    kind: PartyKind
    terms: SellingTerms
    version: int
    """to be handed back with a change; 0: nothing was ever said"""


def terms_of(party_id: int) -> SellerTerms:
    """Return a party's terms; the defaults where it has said nothing."""
    return SellerTerms.get_or_none(SellerTerms.party == party_id) or SellerTerms(party=party_id)


def terms_page(actor: Actor) -> TermsPage:
    """Return the terms of the actor's own party. Raises NotAllowed, also for an agency, which sells nothing."""
    actor.need(Right.MANAGE_MONEY)
    if Party.get_by_id(actor.party_id).mode is SalesMode.AGENCY:
        raise NotAllowed(N_("An agency sells nothing in its own name."), N_("Its distributor's terms hold."))
    row = SellerTerms.get_or_none(SellerTerms.party == actor.party_id)
    return TermsPage(actor.kind, _said(row or SellerTerms(party=actor.party_id)), row.version if row else 0)


def set_terms(actor: Actor, terms: SellingTerms, *, version: int, now: datetime) -> None:
    """Let other terms hold from now on; what was agreed before stays. Raises NotAllowed, RuleBroken, Conflict."""
    with database.atomic():
        hold(actor.party_id)
        known = terms_page(actor)
        if known.version != version:
            raise Conflict(
                N_("Somebody else has changed this meanwhile. Nothing of yours was saved."),
                N_("Compare the two, then save again."),
            )
        columns: dict[str, Any] = {field.name: getattr(terms, field.name) for field in fields(terms)}
        if version:
            mine = SellerTerms.party == actor.party_id
            SellerTerms.update(**columns, version=SellerTerms.version + 1).where(mine).execute()
        else:
            SellerTerms.create(party=actor.party_id, **columns)
        changed = audit.changes(known.terms.texts(), terms.texts())
        told = {name: value for name, value in changed.items() if name not in _UNTOLD}
        if changed:
            subject = ("party", actor.party_id)
            audit.record(actor, Action.TERMS_SET, now=now, party_id=actor.party_id, subject=subject, details=told)


def _said(row: SellerTerms) -> SellingTerms:
    return SellingTerms(**{field.name: getattr(row, field.name) for field in fields(SellingTerms)})
