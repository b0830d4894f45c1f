"""Whom money that came is from, and what it pays. Pure; see ``matching`` for the order of questions."""

from collections.abc import Iterable

from server.domain.matching.decisions import Decision, Match, Paid, Suggestion, Unmatched, Why
from server.domain.matching.desk import Desk
from server.domain.matching.parts import Part
from server.domain.matching.remittance import found_in
from server.domain.settlement import Item, ItemState, Open
from server.domain.statement import Entry

MOST_SUGGESTIONS = 5
_WAITING = frozenset({ItemState.EXPORTED, ItemState.REJECTED})


def decide_incoming(desk: Desk, entry: Entry, part: Part) -> Decision:
    """Return what a payment that came goes to."""
    if (item := desk.item(part.detail.end_to_end_id)) is not None:
        return _decide_item(desk, entry, part, item)
    by_mandate = [one for one in desk.items_of_mandate(part.detail.mandate) if one.state in _WAITING and one.cents == part.cents]
    if len(by_mandate) == 1:
        return desk.collect(by_mandate[0], part.key, Match.MANDATE)
    return _decide_transfer(desk, entry, part)


def _decide_item(desk: Desk, entry: Entry, part: Part, item: Item) -> Decision:
    if part.cents != item.cents:
        return _unmatched(desk, part, Why.AMOUNT_DIFFERS, _words(entry, part))
    if item.state in _WAITING or (item.state is ItemState.RETURNED and entry.is_reversal):
        return desk.collect(item, part.key, Match.END_TO_END_ID)
    why = Why.PAID_BEFORE if item.state is ItemState.PAID else Why.RETURNED_BEFORE
    return _unmatched(desk, part, why, _words(entry, part))


def _decide_transfer(desk: Desk, entry: Entry, part: Part) -> Decision:
    words = _words(entry, part)
    named = _named(desk, words)
    if len({one.debtor for one in named}) == 1:
        return desk.settle(named[0].debtor, part.cents, named, part.key, Match.NUMBER)
    if named:
        return _unmatched(desk, part, Why.SEVERAL_DEBTORS, words)
    debtors = desk.accounts.get(part.detail.iban, frozenset())
    if len(debtors) > 1:
        return _unmatched(desk, part, Why.SEVERAL_DEBTORS, words)
    for debtor in debtors:
        if (paid := _by_account(desk, part, debtor)) is not None:
            return paid
    return _unmatched(desk, part, Why.UNKNOWN, words)


def _by_account(desk: Desk, part: Part, debtor: int) -> Paid | None:
    """Return what a debtor's account paid, where the amount says it: the oldest of just so much, or all that is open."""
    opened = desk.open_of(debtor)
    exact = [one for one in opened if one.cents == part.cents][:1]
    if exact or (opened and sum(one.cents for one in opened) == part.cents):
        return desk.settle(debtor, part.cents, exact, part.key, Match.ACCOUNT)
    return None


def _words(entry: Entry, part: Part) -> str:
    return f"{part.detail.end_to_end_id} {part.detail.text} {entry.text if not part.detail.text else ''}"


def _named(desk: Desk, words: str) -> list[Open]:
    return [one for receivable in found_in(words, desk.numbers) if (one := desk.open_one(receivable)) is not None]


def _unmatched(desk: Desk, part: Part, why: Why, words: str) -> Unmatched:
    found: dict[str, Suggestion] = {}
    for one in _suggestions(desk, part, words):
        found.setdefault(one.receivable, one)
    return Unmatched(part.key, part.cents, why, tuple(found.values())[:MOST_SUGGESTIONS])


def _suggestions(desk: Desk, part: Part, words: str) -> Iterable[Suggestion]:
    """Yield what it may be, the likeliest first."""
    detail = part.detail
    item = desk.item(detail.end_to_end_id)
    for one in _named(desk, words):
        yield Suggestion(one.receivable, one.debtor, one.cents, Match.NUMBER)
    for debtor in (item.debtor,) if item else ():
        yield from (Suggestion(one.receivable, debtor, one.cents, Match.END_TO_END_ID) for one in desk.open_of(debtor))
    for debtor in sorted(desk.accounts.get(detail.iban, ())):
        yield from (Suggestion(one.receivable, debtor, one.cents, Match.ACCOUNT) for one in desk.open_of(debtor))
    yield from (Suggestion(one.receivable, one.debtor, one.cents, Match.AMOUNT) for one in desk.open_with(part.cents))
