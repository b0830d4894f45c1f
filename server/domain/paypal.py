"""The states of payments by PayPal, and when an unfinished one is looked at again. Pure; the caller supplies the clock.

An order at PayPal is what a payer agrees to; a capture is the money that comes of it, a refund what goes back.
"""

from datetime import datetime, timedelta

from server.domain.sentence import N_, Word

CURRENCY = "EUR"
KEY_WORKS = timedelta(hours=5)  # PayPal knows a request again for six hours; after them it would do the work a second time
APPROVAL_WORKS = timedelta(days=3)  # longer than any approval at PayPal
CHARGES_MOST = 3
CHARGE_PAUSE = timedelta(days=3)
_FIRST_PAUSE = timedelta(minutes=2)
_LONGEST_PAUSE = timedelta(hours=6)
_DOUBLINGS = 12


class OrderState(Word):
    """Where one attempt to be paid stands."""

    NEW = "new", N_("being prepared")
    """PayPal may not know it yet"""
    OPEN = "open", N_("waits for the payer")
    PENDING = "pending", N_("PayPal is checking it")
    """not paid"""
    PAID = "paid", N_("paid")
    FAILED = "failed", N_("refused")
    DROPPED = "dropped", N_("not used")
    """nothing was taken, and nothing will be"""
    UNCLEAR = "unclear", N_("unclear")
    """PayPal gave no answer as long as asking again was safe: somebody has to look at PayPal's own pages"""

    @property
    def is_unfinished(self) -> bool:
        """Whether it may still become something else by itself."""
        return self in {OrderState.NEW, OrderState.OPEN, OrderState.PENDING}


class CaptureState(Word):
    """Where a payment stands."""

    PENDING = "pending", N_("PayPal is checking it")
    COMPLETED = "completed", N_("paid")
    DENIED = "denied", N_("refused")
    PARTIALLY_REFUNDED = "partially refunded", N_("partly refunded")
    REFUNDED = "refunded", N_("refunded")
    REVERSED = "reversed", N_("taken back by PayPal")

    @property
    def has_arrived(self) -> bool:
        """Whether the money came, whatever became of it later."""
        return self not in {CaptureState.PENDING, CaptureState.DENIED}


class RefundState(Word):
    """Where a repayment stands."""

    NEW = "new", N_("on its way")
    PENDING = "pending", N_("PayPal is checking it")
    COMPLETED = "completed", N_("repaid")
    FAILED = "failed", N_("refused")
    UNCLEAR = "unclear", N_("unclear")


class Verdict(Word):
    """What became of a message from PayPal."""

    WAITING = "waiting", N_("waiting")
    DONE = "done", N_("done")
    NOT_OURS = "not ours", N_("not about a payment of ours")
    """other shops may share the account"""


def next_look(attempts: int, now: datetime) -> datetime:
    """Return when something unfinished is looked at again, after so many looks."""
    return now + min(_FIRST_PAUSE * (1 << min(attempts, _DOUBLINGS)), _LONGEST_PAUSE)


def invoice_mark(number: str, attempt: int) -> str:
    """Return what PayPal shows as the invoice's number: it takes each but once, so that a further attempt has a suffix."""
    return number if attempt == 1 else f"{number}/{attempt}"
