"""Debits to export, with accounts whose check digits are right. The names are invented."""

from datetime import UTC, date, datetime

from server.domain.addresses import Address
from server.domain.debits import Creditor, Debit, DebitBatch, DebitFile
from server.domain.mandate import Scheme

CREDITOR_IBAN = "DE89370400440532013000"
DEBTOR_IBANS = ("DE02120300000000202051", "DE02500105170137075030", "AT611904300234573201", "DE02100500000054540402")
MONDAY = date(2026, 11, 2)
MADE = datetime(2026, 10, 30, 14, 5, 9, tzinfo=UTC)

TOWN = Address("Königsallee", "12a", "40212", "Düsseldorf", "DE")
CREDITOR = Creditor("Systemhaus Müller & Söhne GmbH", CREDITOR_IBAN, "DE98ZZZ09999999999", TOWN)


def debit(number: int, cents: int, *, iban: str = DEBTOR_IBANS[0], name: str = "Jürgen Groß", text: str = "Rechnung") -> Debit:
    """Return one debit; everything that names it follows from its number."""
    return Debit(f"R-{number:06}-1", cents, f"M-{number:06}", date(2026, 10, 20), name, iban, TOWN, f"{text} R-2026-{number:04}")


def file_of(*debits: Debit, due: date = MONDAY, number: int = 1, scheme: Scheme = Scheme.CORE) -> DebitFile:
    """Return a file with one batch."""
    return DebitFile(f"GDP-{number:06}", MADE, CREDITOR, scheme, (DebitBatch(f"GDP-{number:06}-1", due, debits),))
