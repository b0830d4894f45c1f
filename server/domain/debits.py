"""What a creditor gives to its bank: direct debits in batches, a file for each creditor and scheme. Pure.

A batch is what the bank books as one sum, and is known by its ``payment_id`` (PmtInfId); a debit by its ``end_to_end_id``, which
is new for each attempt. Both come back in statements, often only one of them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.addresses import Address
from server.domain.bank_days import is_bank_day
from server.domain.errors import RuleBroken
from server.domain.mandate import Scheme
from server.domain.sentence import N_

ID_LENGTH = 35
MANDATE_ID_LENGTH = 35
MOST_CENTS = 99_999_999_999  # what the scheme's amount of eleven digits holds

_ID = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9+?/\-:().,' ]{1,35}(?<!/)")


@dataclass(frozen=True, slots=True)
class Creditor:
    """Who collects: the issuer of the invoices, the owner of the account that is credited."""

    name: str
    iban: str
    creditor_id: str
    address: Address
    bic: str = ""


@dataclass(frozen=True, slots=True)
class Debit:
    """One attempt to collect from one account by one mandate."""

    end_to_end_id: str
    cents: int
    mandate: str
    signed: date
    name: str
    """of the account's holder"""
    iban: str
    address: Address
    text: str
    """what the debtor reads on its statement"""
    bic: str = ""

    def __post_init__(self) -> None:
        check_id(self.end_to_end_id)
        check_id(self.mandate)
        if " " in self.mandate:
            raise RuleBroken(N_("The mandate reference {reference} has a space."), reference=self.mandate)
        if not 0 < self.cents <= MOST_CENTS:
            raise RuleBroken(N_("A debit of {cents} cents cannot be."), cents=self.cents)


@dataclass(frozen=True, slots=True)
class DebitBatch:
    """Debits that fall due on one day, which the bank books as one sum."""

    payment_id: str
    due: date
    debits: tuple[Debit, ...]

    def __post_init__(self) -> None:
        check_id(self.payment_id)
        if not self.debits:
            raise RuleBroken(N_("The batch {batch} holds no debit."), batch=self.payment_id)
        if not is_bank_day(self.due):
            raise RuleBroken(N_("No payments are settled on {day}."), day=self.due)

    @property
    def cents(self) -> int:
        """Their sum."""
        return sum(one.cents for one in self.debits)


@dataclass(frozen=True, slots=True)
class DebitFile:
    """What goes to the bank at once, for one creditor by one scheme. A batch for each day."""

    message_id: str
    created: datetime
    """aware"""
    creditor: Creditor
    scheme: Scheme
    batches: tuple[DebitBatch, ...]

    def __post_init__(self) -> None:
        check_id(self.message_id)
        if not self.batches:
            raise RuleBroken(N_("The file {file} holds no debit."), file=self.message_id)
        _refuse_twins(batch.payment_id for batch in self.batches)
        _refuse_twins(batch.due.isoformat() for batch in self.batches)
        _refuse_twins(debit.end_to_end_id for batch in self.batches for debit in batch.debits)

    @property
    def cents(self) -> int:
        """The sum of all its debits."""
        return sum(batch.cents for batch in self.batches)

    @property
    def count(self) -> int:
        """How many debits it holds."""
        return sum(len(batch.debits) for batch in self.batches)


def check_id(text: str) -> None:
    """Raise RuleBroken unless banks carry a text as an identifier: up to 35 Latin characters, no stray slashes."""
    if _ID.fullmatch(text) is None or text != text.strip():
        raise RuleBroken(N_("{text} cannot be an identifier in a bank file."), text=repr(text))


def _refuse_twins(texts: Iterable[str]) -> None:
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise RuleBroken(N_("{text} stands twice in a bank file."), text=text)
        seen.add(text)
