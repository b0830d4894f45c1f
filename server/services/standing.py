"""Stub."""

from datetime import date


def check_may_order(customer_id: int, seller_id: int, day: date) -> None:
    """Raise RuleBroken where orders are blocked."""


def is_in_good_standing(customer_id: int, seller_id: int, day: date) -> bool:
    """Say whether nothing is overdue."""
    return True
