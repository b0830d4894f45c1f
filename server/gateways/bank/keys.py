"""By what a booking is known when a bank tells it again: in the same file, in a copy, or in another file.

The bank's own reference is the key where there is one, together with account, day and amount; a statement's number and what the
booking says, where there is none. Bookings that agree in all of that are counted within their statement, so that two customers
who pay alike on one day stay two.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date

NO_REFERENCES = frozenset({"", "NONREF", "NOTPROVIDED", "NOTAVAILABLE"})


class Keys:
    """Gives the bookings of one statement their keys, in the order in which they stand there."""

    def __init__(self, account: str, statement: str) -> None:
        self._account = account
        self._statement = statement
        self._seen: Counter[str] = Counter()

    def key(self, reference: str, booked: date, signed_cents: int, content: Callable[[], bytes]) -> str:
        """Return the key of the next booking.

        Args:
            reference: what the bank calls it (AcctSvcrRef).
            booked: on which day.
            signed_cents: negative when money left.
            content: gives all that the message says about it; asked for only where there is no reference.
        """
        if reference in NO_REFERENCES:
            told = f"{self._statement}|{hashlib.sha256(content()).hexdigest()[:24]}"
        else:
            told = f"{booked.isoformat()}|{signed_cents}|{reference}"
        base = f"{self._account}|{told}"
        self._seen[base] += 1
        return f"{base}|{self._seen[base]}"
