"""The payments in a booking, each with the amount that it moves on the account. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain.statement import Detail, Direction, Entry

_NOTHING = Detail(Direction.CREDIT)


@dataclass(frozen=True, slots=True)
class Part:
    """One payment of a booking, or the whole where it has but one."""

    key: str
    direction: Direction
    cents: int
    """what it moves on the account, charges and all"""
    detail: Detail


def parts_of(entry: Entry) -> tuple[Part, ...] | None:
    """Return the payments of a booking; None where they do not add up to it.

    Banks write a payment's amount with its charges or without; what adds up is right.
    """
    if len(entry.details) < 2:
        return _whole(entry)
    for amounts in (_amounts(entry.details, with_charges=False), _amounts(entry.details, with_charges=True)):
        if amounts is not None and sum(amounts) == entry.direction.sign * entry.cents:
            return tuple(
                Part(f"{entry.key}#{number}", Direction.CREDIT if amount >= 0 else Direction.DEBIT, abs(amount), detail)
                for number, (amount, detail) in enumerate(zip(amounts, entry.details, strict=True), start=1)
            )
    return None


def _whole(entry: Entry) -> tuple[Part, ...] | None:
    detail = entry.details[0] if entry.details else _NOTHING
    amounts = {detail.cents, None if detail.cents is None else detail.cents + detail.charges + entry.charges}
    fits = detail.cents is None or entry.direction is Direction.DEBIT or entry.cents in amounts
    return (Part(entry.key, entry.direction, entry.cents, detail),) if fits else None


def _amounts(details: Sequence[Detail], *, with_charges: bool) -> list[int] | None:
    """Return signed cents for each payment; None where one has no amount. Charges always leave the account."""
    amounts = []
    for one in details:
        if one.cents is None:
            return None
        amounts.append(one.direction.sign * one.cents - (one.charges if with_charges else 0))
    return amounts
