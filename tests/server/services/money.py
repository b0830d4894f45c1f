"""What somebody owes, for tests."""

from datetime import date
from itertools import count

from server.domain.ledger import ReceivableKind
from server.models.base import database
from server.models.money import Receivable
from server.services import ledger
from server.services.ledger import Owing
from tests.server.family import NOW, Family

_NUMBERS = count(1)


def owe(
    family: Family, debtor: str, creditor: str, cents: int, due: date, *, kind: ReceivableKind = ReceivableKind.INVOICE,
    number: str = "", contract_id: int | None = None,
) -> Receivable:  # fmt: skip
    """Enter what a party owes another, or, negative, has with it."""
    number = number or f"R-2026-{next(_NUMBERS):05}"
    with database.atomic():
        made = ledger.issue(
            Owing(family[creditor], family[debtor], kind, number, cents, due, due, contract_id=contract_id), now=NOW
        )
    return fresh(made)


def fresh(receivable_id: int) -> Receivable:
    """Return a receivable as it lies in the database now."""
    row: Receivable = Receivable.get_by_id(receivable_id)
    return row
