"""The way of an order, from a draft to a service that runs.

    draft > printed > signed > released > awaiting payment > fulfilled
                                        > fulfilled, when nothing has to be paid first

Whoever edits an order voids what was printed and signed: the version goes up, and a scan of an older one is known by its number.
A payment that failed leaves the order where it waits.
"""

from enum import StrEnum

from server.domain.errors import RuleBroken


class OrderKind(StrEnum):
    """What is ordered. To take over another computer is no order."""

    NEW = "new"
    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    CANCEL = "cancel"


class OrderState(StrEnum):
    """Where an order stands."""

    DRAFT = "draft"
    PRINTED = "printed"
    SIGNED = "signed"
    RELEASED = "released"
    AWAITING_PAYMENT = "awaiting payment"
    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def is_over(self) -> bool:
        """Nothing leads on from here."""
        return self in _OVER


class OrderStep(StrEnum):
    """What can be done with an order, or happen to it."""

    EDIT = "edit"
    PRINT = "print"
    SIGN = "sign"
    """the scan arrived, or the paper"""
    RELEASE = "release"
    REJECT = "reject"
    CHARGE = "charge"
    """the first payment was asked for"""
    FULFIL = "fulfil"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


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
        raise RuleBroken(f"an order that is {state} cannot take the step {step}")
    return target


def steps_from(state: OrderState) -> tuple[OrderStep, ...]:
    """Return the steps that can be taken, for a page to offer."""
    return tuple(step for step, (origins, _) in _STEPS.items() if state in origins)


def needs_payment(kind: OrderKind, *, is_in_good_standing: bool) -> bool:
    """Say whether the first payment is waited for before an order is fulfilled.

    An upgrade of somebody who owes nothing is not held up; a downgrade or an end costs nothing.
    """
    return kind is OrderKind.NEW or (kind is OrderKind.UPGRADE and not is_in_good_standing)
