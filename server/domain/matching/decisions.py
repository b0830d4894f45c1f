"""What follows from a bank's message: decided, printable, and done by nobody yet. Pure facts.

Each carries the key of the booking, or part of one, that it follows from. Whoever carries decisions out stores the keys with
them, in one transaction, so that a message which comes again changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from server.domain.sentence import N_, Word
from server.domain.settlement import Share


class Match(StrEnum):
    """By what a payment was recognized."""

    BATCH = "batch"
    """the sum of a batch, by its id"""
    BATCH_SUM = "batch sum"
    """the sum and the day of a batch, without an id"""
    END_TO_END_ID = "end-to-end id"
    MANDATE = "mandate"
    NUMBER = "number"
    """the number of an invoice in the text"""
    ACCOUNT = "account"
    """the debtor's account and the amount"""
    AMOUNT = "amount"
    """the amount alone; never more than a suggestion"""
    HAND = "hand"
    """a person said so"""


class Why(Word):
    """Why nothing could be decided."""

    CURRENCY = "currency", N_("It is not in euro.")
    DETAILS_DIFFER = "details differ", N_("Its payments do not add up to its amount.")
    BATCH_UNKNOWN = "batch unknown", N_("It belongs to a batch that is not known here.")
    BATCH_DIFFERS = "batch differs", N_("Its amount is neither the sum of the batch nor that sum less the rejected debits.")
    SEVERAL_BATCHES = "several batches", N_("Several batches come to this sum.")
    BATCH_BOOKED = "batch booked", N_("The batch was booked before.")
    AMOUNT_DIFFERS = "amount differs", N_("Its amount is not that of the debit it names.")
    PAID_BEFORE = "paid before", N_("The debit it names was paid before.")
    NOT_PAID_YET = "not paid yet", N_("It takes back a debit whose payment was not seen yet.")
    RETURNED_BEFORE = "returned before", N_("The debit it names came back before.")
    RETURN_UNKNOWN = "return unknown", N_("It takes back a debit that it does not name.")
    SEVERAL_DEBTORS = "several debtors", N_("It may come from several debtors.")
    UNKNOWN = "unknown", N_("Nothing in it is known here.")


@dataclass(frozen=True, slots=True)
class Paid:
    """Money came, and this is what it goes to."""

    key: str
    debtor: int
    cents: int
    shares: tuple[Share, ...]
    excess: int
    """what nothing is open for: to be refunded, or carried over"""
    by: Match
    end_to_end_id: str = ""
    """of the debit that was collected; empty: the debtor paid itself"""


@dataclass(frozen=True, slots=True)
class Returned:
    """A debit came back: what it had paid is open again, and the bank's charge is a claim of its own."""

    key: str
    end_to_end_id: str
    debtor: int
    cents: int
    """the debit itself"""
    shares: tuple[Share, ...]
    """what is open again"""
    excess: int
    """what had been kept for the debtor, and is not there any more"""
    charge: int
    code: str
    by: Match


@dataclass(frozen=True, slots=True)
class Charged:
    """The bank took its charge for a return in a booking of its own."""

    key: str
    end_to_end_id: str
    debtor: int
    cents: int


@dataclass(frozen=True, slots=True)
class Rejected:
    """The bank will not collect a debit; nothing is booked for it."""

    end_to_end_id: str
    debtor: int
    reason: str


@dataclass(frozen=True, slots=True)
class StatusUnknown:
    """The bank reports on a debit or a batch that is not known here."""

    reference: str
    reason: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a person may take a payment for."""

    receivable: str
    debtor: int
    cents: int
    by: Match


@dataclass(frozen=True, slots=True)
class Unmatched:
    """A booking, or part of one, that a person has to look at, or that waits for another message."""

    key: str
    signed_cents: int
    """negative: money left"""
    why: Why
    suggestions: tuple[Suggestion, ...] = ()


@dataclass(frozen=True, slots=True)
class NotOurs:
    """Money left for something that is no return of a debit: not the business of this program."""

    key: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """The bank told it before."""

    key: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is not booked yet; it comes again when it is."""

    key: str


Decision = Paid | Returned | Charged | Unmatched | NotOurs | Repeated | Waiting


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from one booking."""

    key: str
    decisions: tuple[Decision, ...]

    @property
    def changes_nothing(self) -> bool:
        """Nothing follows from it, and what waits of it in the queue goes on waiting. Else it takes the place of what waited."""
        return all(isinstance(one, Repeated | Waiting) for one in self.decisions)

    @property
    def keys(self) -> frozenset[str]:
        """What has to be remembered as seen. A booking with an unmatched part is not: it may be decided again."""
        decided = [one.key for one in self.decisions if not isinstance(one, Unmatched | Waiting)]
        return frozenset(decided if len(decided) < len(self.decisions) else [self.key, *decided])


def keys_of(outcomes: Iterable[Outcome]) -> frozenset[str]:
    """Return what has to be remembered as seen once all of these are carried out."""
    return frozenset(key for one in outcomes for key in one.keys)
