"""Where a debit stands from its announcement on, and what is decided when it came back. Pure."""

from server.domain.sentence import N_, Word


class DebitState(Word):
    """Where a debit stands that was announced."""

    ANNOUNCED = "announced", N_("announced")
    EXPORTED = "exported", N_("at the bank")
    DROPPED = "dropped", N_("not collected")
    """paid meanwhile, too late, or its mandate cannot be used any more"""
    OVER = "over", N_("answered")
    """paid, rejected or returned"""

    @property
    def is_under_way(self) -> bool:
        """Whether nothing else may collect what it collects."""
        return self in {DebitState.ANNOUNCED, DebitState.EXPORTED}


class ReturnDecision(Word):
    """What is done about a debit that came back."""

    OPEN = "open", N_("to be decided")
    RETRY = "retry", N_("debit it again")
    NEW_MANDATE = "new mandate", N_("ask for a new mandate")
    STOP = "stop", N_("do not debit it again")
