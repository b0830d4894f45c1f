"""What follows when a customer does not pay, or a debit comes back: never the end of backups at once, never of restores. Pure.

The steps come by days since the receivable fell due (after a return: since it came back), as the seller's schedule says. Who pays
is back where he was at once; what was announced for a deletion begins anew.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from server.domain.errors import RuleBroken
from server.domain.sentence import N_, Word

KEPT_AFTER_END_DAYS = 30  # at least so long after a contract's end data is kept
ANNOUNCED_DAYS_BEFORE = (14, 3)  # a deletion is announced twice


class ArrearsStep(Word):
    """What holds for a customer who owes something; each includes those before it, restores are always allowed."""

    NONE = "none", N_("nothing is overdue")
    REMINDED = "reminded", N_("reminded")
    ORDERS_BLOCKED = "orders blocked", N_("orders blocked")
    BACKUP_PAUSED = "backup paused", N_("backup paused")
    ENDED = "ended", N_("ended")


@dataclass(frozen=True, slots=True)
class ArrearsSchedule:
    """After how many days each step comes."""

    reminder: int = 0
    orders_blocked: int = 0
    backup_paused: int = 30
    ended: int = 90
    kept: int = 60
    """days from the end of the contract to the deletion of its data"""

    def __post_init__(self) -> None:
        if not 0 <= self.reminder <= self.orders_blocked <= self.backup_paused <= self.ended:
            raise RuleBroken(N_("The steps of arrears must follow each other."))
        if self.kept < KEPT_AFTER_END_DAYS:
            raise RuleBroken(
                N_("Data is kept for at least {days:day|days} after the end of a contract."),
                field="kept",
                days=KEPT_AFTER_END_DAYS,
            )


def step_on(since: date | None, day: date, schedule: ArrearsSchedule) -> ArrearsStep:
    """Return what holds on a day for somebody whose oldest open receivable is overdue since a day; None: nothing is."""
    if since is None or day < since:
        return ArrearsStep.NONE
    overdue = (day - since).days
    steps = (
        (schedule.ended, ArrearsStep.ENDED),
        (schedule.backup_paused, ArrearsStep.BACKUP_PAUSED),
        (schedule.orders_blocked, ArrearsStep.ORDERS_BLOCKED),
        (schedule.reminder, ArrearsStep.REMINDED),
    )
    return next((step for after, step in steps if overdue >= after), ArrearsStep.NONE)


def deletion_day(ended: date, schedule: ArrearsSchedule) -> date:
    """Return when the data of an ended contract is deleted."""
    return ended + timedelta(days=schedule.kept)


def announcements(deletion: date) -> tuple[date, ...]:
    """Return the days on which a deletion is announced."""
    return tuple(deletion - timedelta(days=days) for days in ANNOUNCED_DAYS_BEFORE)
