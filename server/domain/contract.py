"""The states of a contract. Pure."""

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
