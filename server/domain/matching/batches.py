"""A booking that is the sum of a batch of debits, without saying which. Pure.

Banks book the whole batch and take rejected debits back one by one, or they book the batch less what they rejected. Which debits
those are, only the status report says; until it has come, a sum that is too small waits.
"""

from server.domain.matching.decisions import Decision, Match, Unmatched, Why
from server.domain.matching.desk import Desk
from server.domain.matching.parts import Part
from server.domain.settlement import Item, ItemState
from server.domain.statement import Direction, Entry

_COLLECTION_FAMILY = "PMNT/IDDT/"  # issued direct debits
_COLLECTION_CODES = frozenset({"171", "174", "192"})  # the banks' own: single CORE and B2B debits, a sum of debits


def is_batch(entry: Entry, parts: tuple[Part, ...] | None) -> bool:
    """Say whether a booking is a sum whose debits it does not name."""
    if entry.direction is not Direction.CREDIT or entry.is_reversal:
        return False
    named = parts is not None and any(_names_somebody(one) for one in parts)
    return not named and (bool(_batch_id(entry)) or bool(entry.message_id) or (entry.count or 0) > 1 or _is_collection(entry))


def decide_batch(desk: Desk, entry: Entry) -> list[Decision]:
    """Return what follows from the sum of a batch."""
    ids, by = _candidates(desk, entry)
    batches = [items for one in ids if (items := desk.items_of_batch(one))]
    fitting = [paid for items in batches if (paid := _paid(items, entry.cents))]
    if len(fitting) == 1:
        return [desk.collect(one, f"{entry.key}#{one.end_to_end_id}", by) for one in fitting[0]]
    why = Why.SEVERAL_BATCHES if fitting else _why(batches, by)
    return [Unmatched(entry.key, entry.cents, why)]


def _candidates(desk: Desk, entry: Entry) -> tuple[list[str], Match]:
    """Return the batches that a sum may be of, and by what they were found."""
    if batch := _batch_id(entry):
        return [batch], Match.BATCH
    if of_file := desk.batches_of_file(entry.message_id):
        return of_file, Match.BATCH
    return list(desk.batches_due(entry.booked)), Match.BATCH_SUM


def _paid(items: list[Item], cents: int) -> list[Item] | None:
    """Return the debits of a batch that a sum pays: those not rejected, or all not booked yet; None where it fits neither."""
    waiting = [one for one in items if one.state is ItemState.EXPORTED]
    unpaid = [one for one in items if one.state in {ItemState.EXPORTED, ItemState.REJECTED}]
    return next((some for some in (waiting, unpaid) if some and sum(one.cents for one in some) == cents), None)


def _why(batches: list[list[Item]], by: Match) -> Why:
    if not batches or by is Match.BATCH_SUM:
        return Why.BATCH_UNKNOWN
    if all(one.state in {ItemState.PAID, ItemState.RETURNED} for items in batches for one in items):
        return Why.BATCH_BOOKED
    return Why.BATCH_DIFFERS


def _batch_id(entry: Entry) -> str:
    named = {one.payment_id for one in entry.details if one.payment_id}
    return entry.payment_id or (named.pop() if len(named) == 1 else "")


def _names_somebody(part: Part) -> bool:
    detail = part.detail
    return bool(detail.end_to_end_id or detail.mandate or detail.iban)


def _is_collection(entry: Entry) -> bool:
    codes = entry.proprietary.split("+")
    return entry.family.startswith(_COLLECTION_FAMILY) or bool(_COLLECTION_CODES.intersection(codes[1:2]))
