"""What a person decides about a payment that nothing could be decided about. Pure; checks that it can be."""

from collections.abc import Sequence

from server.domain.errors import RuleBroken
from server.domain.matching.decisions import Match, Paid, Returned, Unmatched
from server.domain.sentence import N_
from server.domain.settlement import Item, ItemState, Open, Share


def assign(unmatched: Unmatched, debtor: int, shares: Sequence[Share], opened: Sequence[Open]) -> Paid:
    """Return what follows when a payment is a debtor's and goes to some of what is open of it; the rest is kept for it.

    Raises RuleBroken where no money came, or more would be given than came or is open. ``opened`` is what is open now.
    """
    if unmatched.signed_cents <= 0:
        raise RuleBroken(N_("No money came that could pay anything."))
    left = {one.receivable: one.cents for one in opened if one.debtor == debtor}
    for share in shares:
        left[share.receivable] = left.get(share.receivable, 0) - share.cents
        if share.cents <= 0 or left[share.receivable] < 0:
            raise RuleBroken(N_("More is given to {receivable} than is open of it."), receivable=share.receivable)
    excess = unmatched.signed_cents - sum(share.cents for share in shares)
    if excess < 0:
        raise RuleBroken(N_("More is given away than came."))
    return Paid(unmatched.key, debtor, unmatched.signed_cents, tuple(shares), excess, Match.HAND)


def take_for_return(unmatched: Unmatched, item: Item, code: str = "") -> Returned:
    """Return what follows when money that left was a debit that came back; what left beyond it is the bank's charge.

    Raises RuleBroken where money came, the debit is not paid, or more should have left.
    """
    charge = -unmatched.signed_cents - item.cents
    if item.state is not ItemState.PAID or charge < 0:
        raise RuleBroken(N_("This is not the return of {debit}."), debit=item.end_to_end_id)
    excess = item.cents - sum(share.cents for share in item.settled)
    return Returned(unmatched.key, item.end_to_end_id, item.debtor, item.cents, item.settled, excess, charge, code, Match.HAND)
