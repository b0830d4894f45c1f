"""The way of an order: every step from every state."""

import pytest

from server.domain.errors import RuleBroken
from server.domain.order import OrderKind, OrderState, OrderStep, after, needs_payment, steps_from

WAYS = {
    OrderState.DRAFT: {"edit": "draft", "print": "printed", "withdraw": "withdrawn"},
    OrderState.PRINTED: {"edit": "draft", "print": "printed", "sign": "signed", "withdraw": "withdrawn", "expire": "expired"},
    OrderState.SIGNED: {"edit": "draft", "release": "released", "reject": "rejected", "withdraw": "withdrawn"},
    OrderState.REJECTED: {"edit": "draft", "withdraw": "withdrawn"},
    OrderState.RELEASED: {"charge": "awaiting payment", "fulfil": "fulfilled", "withdraw": "withdrawn", "expire": "expired"},
    OrderState.AWAITING_PAYMENT: {"fulfil": "fulfilled", "withdraw": "withdrawn", "expire": "expired"},
    OrderState.FULFILLED: {},
    OrderState.WITHDRAWN: {},
    OrderState.EXPIRED: {},
}
"""as the design draws it"""


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("step", OrderStep)
def test_every_step_from_every_state(state: OrderState, step: OrderStep) -> None:
    """Leads where it should, or is refused with both named."""
    if (target := WAYS[state].get(step)) is not None:
        assert after(state, step) == target
        return
    with pytest.raises(RuleBroken, match=f"{state}.*{step}"):
        after(state, step)


@pytest.mark.parametrize("state", OrderState)
def test_a_page_offers_what_can_be_done(state: OrderState) -> None:
    """And nothing where an order is over."""
    assert set(steps_from(state)) == set(WAYS[state])
    assert state.is_over == (not WAYS[state])


@pytest.mark.parametrize(
    ("kind", "is_in_good_standing", "waits"),
    [
        (OrderKind.NEW, True, True),
        (OrderKind.UPGRADE, True, False),
        (OrderKind.UPGRADE, False, True),
        (OrderKind.DOWNGRADE, False, False),
        (OrderKind.CANCEL, False, False),
    ],
)
def test_who_pays_first(kind: OrderKind, is_in_good_standing: bool, waits: bool) -> None:
    """Only the payment on the customer's edge activates."""
    assert needs_payment(kind, is_in_good_standing=is_in_good_standing) is waits
