"""Stub."""

from datetime import date, datetime

from server.models.order import Order


def issue_first(order: Order, *, starts: date, due: date, now: datetime) -> int | None:
    """Issue the first invoice."""
    return None
