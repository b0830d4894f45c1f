"""Money that left: a debit that came back with the bank's charge, the charge alone, or nothing of ours. Pure."""

from enum import StrEnum

from server.domain.matching.decisions import Charged, Decision, Match, Unmatched, Why
from server.domain.matching.desk import Desk
from server.domain.matching.parts import Part
from server.domain.settlement import Item, ItemState
from server.domain.statement import Entry

_RETURN_FAMILY = "PMNT/IDDT/"
_CHARGES_FAMILY = "/CHRG"
_RETURN_CODES = frozenset({"108", "109", "181", "184"})  # the banks' own, of debits that came back


class Advice(StrEnum):
    """What to do after a debit came back. The code says no cause (banks mask them), only whether a retry has a chance."""

    RETRY = "retry"
    NEW_MANDATE = "new mandate"
    STOP = "stop"


# Wrong, closed or blocked account, or one that no debit may be made from; a mandate that the debtor's bank does not know.
_NEW_MANDATE = frozenset({"AC01", "AC04", "AC06", "AC13", "AG01", "MD01"})
# The debtor took it back, refused it or is dead; its bank takes none from us; it was one debit too many.
_STOP = frozenset({"MD06", "MD07", "MS02", "SL01", "BE05", "AM05", "DUPL", "FOCR"})


def advice(code: str) -> Advice:
    """Return what a reason code leaves open: account or mandate are not good for another try, the debtor objected, or neither."""
    if code in _NEW_MANDATE:
        return Advice.NEW_MANDATE
    return Advice.STOP if code in _STOP else Advice.RETRY


def decide_outgoing(desk: Desk, entry: Entry, part: Part) -> Decision | None:
    """Return what follows from money that left; None: it is no debit that came back."""
    if (item := desk.item(part.detail.end_to_end_id)) is not None:
        return _decide_item(desk, entry, part, item)
    if not is_return(entry):
        return None
    for by, items in ((Match.MANDATE, desk.items_of_mandate(part.detail.mandate)), (Match.ACCOUNT, _of_account(desk, part))):
        fitting = [one for one in items if one.state is ItemState.PAID and one.cents == _principal(part)]
        if len(fitting) == 1:
            return _give_back(desk, part, fitting[0], by)
    return _unmatched(part, Why.RETURN_UNKNOWN)


def is_return(entry: Entry) -> bool:
    """Say whether money left because something that had come was taken back."""
    codes = entry.proprietary.split("+")[1:2]
    is_coded = entry.family.startswith(_RETURN_FAMILY) or bool(_RETURN_CODES.intersection(codes))
    return is_coded or entry.is_reversal or any(one.return_code for one in entry.details)


def _decide_item(desk: Desk, entry: Entry, part: Part, item: Item) -> Decision:
    if entry.family.endswith(_CHARGES_FAMILY) and item.state in {ItemState.PAID, ItemState.RETURNED}:
        return Charged(part.key, item.end_to_end_id, item.debtor, part.cents)
    if item.state is ItemState.PAID:
        return _give_back(desk, part, item, Match.END_TO_END_ID)
    if item.state is not ItemState.RETURNED:
        return _unmatched(part, Why.NOT_PAID_YET)
    if not is_return(entry) and part.cents < item.cents:
        return Charged(part.key, item.end_to_end_id, item.debtor, part.cents)
    return _unmatched(part, Why.RETURNED_BEFORE)


def _give_back(desk: Desk, part: Part, item: Item, by: Match) -> Decision:
    """Return the return of a debit; what left beyond it is the bank's charge."""
    if (charge := part.cents - item.cents) < 0:
        return _unmatched(part, Why.AMOUNT_DIFFERS)
    return desk.give_back(item, part.key, charge, part.detail.return_code, by)


def _of_account(desk: Desk, part: Part) -> list[Item]:
    return desk.items_of_account(part.detail.iban) if part.detail.iban else []


def _principal(part: Part) -> int:
    """Return what the debit was, without charges."""
    return part.detail.instructed_cents or part.cents - part.detail.charges


def _unmatched(part: Part, why: Why) -> Unmatched:
    return Unmatched(part.key, -part.cents, why)
