"""What a bank tells: bookings on an account, notices about them, and the status of debits that were given to it. Pure facts.

Only a statement (camt.053) books. A notice (camt.054) and a status report (pain.002) say more about what is booked, or will be.
Amounts are whole cents without a sign; the direction is a field of its own, as in the messages.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Direction(StrEnum):
    """Which way money went on the account."""

    CREDIT = "CRDT"
    DEBIT = "DBIT"

    @property
    def sign(self) -> int:
        """What to multiply cents with."""
        return 1 if self is Direction.CREDIT else -1


class StatementKind(StrEnum):
    """Which of the bank's two messages about an account it is."""

    STATEMENT = "camt.053"
    NOTICE = "camt.054"


@dataclass(frozen=True, slots=True)
class Detail:
    """One payment of a booking (TxDtls)."""

    direction: Direction
    cents: int | None = None
    """None: the bank gives no amount for it"""
    instructed_cents: int | None = None
    """what was asked for: of a return, the debit without the bank's charges"""
    charges: int = 0
    reference: str = ""
    """the bank's own (AcctSvcrRef)"""
    end_to_end_id: str = ""
    mandate: str = ""
    payment_id: str = ""
    """of the batch (PmtInfId)"""
    name: str = ""
    """of the other side, like the account"""
    iban: str = ""
    text: str = ""
    return_code: str = ""
    """why a debit came back, as far as the banks say: they mask causes"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One booking (Ntry)."""

    key: str
    """the same whenever this booking is told again; see ``server.gateways.bank.keys``"""
    direction: Direction
    cents: int
    currency: str
    is_booked: bool
    """not merely pending or told for information"""
    is_reversal: bool
    """the bank takes back, or gives back, what it booked before; the direction is that of this booking"""
    booked: date
    reference: str = ""
    family: str = ""
    """ISO code of the kind of booking, like PMNT/IDDT/ESDD"""
    proprietary: str = ""
    """the banks' own code, like NDDT+192+9"""
    payment_id: str = ""
    """of the batch that is booked as one sum"""
    message_id: str = ""
    """of the file that the batch came in"""
    count: int | None = None
    """how many debits the bank says the sum holds"""
    notice_id: str = ""
    """of the notice that tells its payments"""
    charges: int = 0
    text: str = ""
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """The bookings of one account in one message."""

    kind: StatementKind
    message_id: str
    statement_id: str
    account: str
    """IBAN, or whatever the bank calls it"""
    entries: tuple[Entry, ...]
    is_duplicate: bool = False
    """the bank itself marks it as sent before"""
    opening: int | None = None
    """signed cents before its first booking; None: the bank does not say, or it is a later page"""
    closing: int | None = None
    """signed cents after its last booking; None: the bank does not say, or another page follows"""

    def continues(self, closing: int | None) -> bool:
        """Say whether no statement is missing between the last that was read, with its closing balance, and this one."""
        return closing is None or self.opening is None or self.opening == closing


@dataclass(frozen=True, slots=True)
class DebitStatus:
    """What the bank says about one debit."""

    end_to_end_id: str
    status: str
    """RJCT: it will not be collected"""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class BatchStatus:
    """What the bank says about one batch: of the whole, or of the debits it names."""

    payment_id: str
    status: str = ""
    reason: str = ""
    debits: tuple[DebitStatus, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusReport:
    """What the bank says about a file of debits (pain.002)."""

    message_id: str
    original_message_id: str
    status: str = ""
    """of the whole file, where the bank gives one"""
    reason: str = ""
    batches: tuple[BatchStatus, ...] = ()


REJECTED = "RJCT"

Message = Statement | StatusReport
