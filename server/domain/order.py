"""The way of an order, from a draft to a service that runs.

    draft > printed > signed > released > awaiting payment > fulfilled
                                        > fulfilled, when nothing has to be paid first

Whoever edits an order voids what was printed and signed: the version goes up, and a scan of an older one is known by its number.
A payment that failed leaves the order where it waits.
"""

from datetime import date, timedelta

from server.domain.errors import RuleBroken
from server.domain.month import Month
from server.domain.sentence import N_, Word


class OrderKind(Word):
    """What is ordered. To take over another computer is no order."""

    NEW = "new", N_("new")
    UPGRADE = "upgrade", N_("upgrade")
    DOWNGRADE = "downgrade", N_("downgrade")
    CANCEL = "cancel", N_("cancel")


class OrderState(Word):
    """Where an order stands."""

    DRAFT = "draft", N_("draft")
    PRINTED = "printed", N_("printed")
    SIGNED = "signed", N_("signed")
    RELEASED = "released", N_("released")
    AWAITING_PAYMENT = "awaiting payment", N_("awaiting payment")
    FULFILLED = "fulfilled", N_("fulfilled")
    REJECTED = "rejected", N_("rejected")
    WITHDRAWN = "withdrawn", N_("withdrawn")
    EXPIRED = "expired", N_("expired")

    @property
    def is_over(self) -> bool:
        """Nothing leads on from here."""
        return self in _OVER


class OrderStep(Word):
    """What can be done with an order, or happen to it."""

    EDIT = "edit", N_("edit")
    PRINT = "print", N_("print")
    SIGN = "sign", N_("sign")
    """the scan arrived, or the paper"""
    RELEASE = "release", N_("release")
    REJECT = "reject", N_("reject")
    CHARGE = "charge", N_("charge")
    """the first payment was asked for"""
    FULFIL = "fulfil", N_("fulfil")
    WITHDRAW = "withdraw", N_("withdraw")
    EXPIRE = "expire", N_("expire")


_OVER = frozenset({OrderState.FULFILLED, OrderState.WITHDRAWN, OrderState.EXPIRED})
_BEFORE_RELEASE = (OrderState.DRAFT, OrderState.PRINTED, OrderState.SIGNED, OrderState.REJECTED)
_NOT_PAID = (OrderState.RELEASED, OrderState.AWAITING_PAYMENT)

_STEPS: dict[OrderStep, tuple[tuple[OrderState, ...], OrderState]] = {
    OrderStep.EDIT: (_BEFORE_RELEASE, OrderState.DRAFT),
    OrderStep.PRINT: ((OrderState.DRAFT, OrderState.PRINTED), OrderState.PRINTED),
    OrderStep.SIGN: ((OrderState.PRINTED,), OrderState.SIGNED),
    OrderStep.RELEASE: ((OrderState.SIGNED,), OrderState.RELEASED),
    OrderStep.REJECT: ((OrderState.SIGNED,), OrderState.REJECTED),
    OrderStep.CHARGE: ((OrderState.RELEASED,), OrderState.AWAITING_PAYMENT),
    OrderStep.FULFIL: (_NOT_PAID, OrderState.FULFILLED),
    OrderStep.WITHDRAW: ((*_BEFORE_RELEASE, *_NOT_PAID), OrderState.WITHDRAWN),
    OrderStep.EXPIRE: ((OrderState.PRINTED, *_NOT_PAID), OrderState.EXPIRED),
}


def after(state: OrderState, step: OrderStep) -> OrderState:
    """Return where a step leads. Raises RuleBroken where it cannot be taken."""
    origins, target = _STEPS[step]
    if state not in origins:
        raise RuleBroken(N_("An order that is {state} cannot take the step {step}."), state=state, step=step)
    return target


def steps_from(state: OrderState) -> tuple[OrderStep, ...]:
    """Return the steps that can be taken, for a page to offer."""
    return tuple(step for step, (origins, _) in _STEPS.items() if state in origins)


def needs_payment(kind: OrderKind, *, is_in_good_standing: bool) -> bool:
    """Say whether the first payment is waited for before an order is fulfilled.

    An upgrade of somebody who owes nothing is not held up; a downgrade or an end costs nothing.
    """
    return kind is OrderKind.NEW or (kind is OrderKind.UPGRADE and not is_in_good_standing)


def check_effective(kind: OrderKind, wished: date | None, *, today: date, earliest_end: date | None = None) -> None:
    """Raise RuleBroken for a first day (of a cancellation: the day after the last) that an order cannot have."""
    if wished is None:
        return
    if wished < today or (wished == today and kind is not OrderKind.NEW):
        raise RuleBroken(N_("This day has gone, or is too near."), N_("Tomorrow at the earliest."), field="effective")
    if kind in {OrderKind.DOWNGRADE, OrderKind.CANCEL} and wished.day != 1:
        raise RuleBroken(N_("This holds from the first day of a month only."), field="effective")
    if earliest_end is not None and wished < earliest_end:
        raise RuleBroken(
            N_("The notice does not run out before {day}."),
            N_("Choose that day, or a later one."),
            field="effective",
            day=earliest_end,
        )


def first_day(kind: OrderKind, wished: date | None, *, released: date) -> date:
    """Return from when a change holds that is released on a day and waits for no payment."""
    earliest = Month.of(released).end if kind is OrderKind.DOWNGRADE else released + timedelta(days=1)
    return max(wished or earliest, earliest)
