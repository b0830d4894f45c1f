"""Which payment belongs to what. Pure: decides and does nothing; the same facts give the same decisions.

A booking on the account is asked, in this order:

1. Is it the sum of a batch of debits? By the batch's id, and its sum, or its sum less the debits that the bank rejected.
2. Does it name a debit: by its end-to-end id, or by its mandate and amount?
3. Does its text name an invoice? Then it may pay a part of it, or more.
4. Does it come from the account of one debtor, with just what one receivable, or all of them, come to?
5. Else a person decides, with suggestions.

Money that left is a debit that came back (2., and the account with the amount), a bank's charge for one, or not our business.
Only statements book. What a notice (camt.054) tells of a booking is put into it first, and can come before or after it.
"""

from server.domain.matching.bookings import match_entries, match_report, match_statement
from server.domain.matching.by_hand import assign, take_for_return
from server.domain.matching.decisions import (
    Charged,
    Decision,
    Match,
    NotOurs,
    Outcome,
    Paid,
    Rejected,
    Repeated,
    Returned,
    StatusUnknown,
    Suggestion,
    Unmatched,
    Waiting,
    Why,
    keys_of,
)
from server.domain.matching.returns import Advice, advice

__all__ = [
    "Advice", "Charged", "Decision", "Match", "NotOurs", "Outcome", "Paid", "Rejected", "Repeated", "Returned", "StatusUnknown",
    "Suggestion", "Unmatched", "Waiting", "Why", "advice", "assign", "keys_of", "match_entries", "match_report",
    "match_statement", "take_for_return",
]  # fmt: skip
