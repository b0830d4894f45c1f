"""The states of a contract, and when it ends. Pure."""

from datetime import date

from server.domain.month import Month
from server.domain.sentence import N_, Word


class ContractState(Word):
    """Whether backups may be made. Restores always may, until the data is deleted."""

    PENDING = "pending", N_("waits for the first payment")
    ACTIVE = "active", N_("active")
    RESTRICTED = "restricted", N_("orders blocked")
    """something is overdue: nothing new can be ordered, backups go on"""
    PAUSED = "paused", N_("backup paused")
    ENDED = "ended", N_("ended")

    @property
    def may_back_up(self) -> bool:
        """Whether new data is taken."""
        return self in {ContractState.ACTIVE, ContractState.RESTRICTED}


def notice_end(received: date, notice_months: int) -> date:
    """Return the day after the last of a contract that is cancelled: the end of the month in which the notice runs out."""
    month = Month.of(received)
    for _ in range(notice_months):
        month = month.next
    return month.end
