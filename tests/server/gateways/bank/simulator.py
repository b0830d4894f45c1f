"""A bank that sees nothing but the files of debits it is given, and answers as banks do.

It books a batch as one sum, with its rejects or net of them, with payments or without; takes debits back with its charge; tells a
day again in a notice with every payment, or as a copy of the statement.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from lxml import etree

from tests.server.gateways.bank.messages import Booking, Payment, Told, notice, statement, status_report


class Kind(NamedTuple):
    """ISO's code for a kind of booking, and the German banks' own."""

    family: tuple[str, str]
    code: str


COLLECTION = Kind(("IDDT", "ESDD"), "NDDT+192+9")
RETURN = Kind(("IDDT", "UPDD"), "NRTI+109+931")
TRANSFER = Kind(("RCDT", "ESCT"), "NTRF+166+9")
CHARGE = Kind(("MDOP", "CHRG"), "NCHG+808+9")


@dataclass
class Batch:
    """A batch of debits as it stands in the file."""

    message_id: str
    payment_id: str
    due: date
    payments: dict[str, Payment]
    is_booked: bool = False


@dataclass
class Bank:
    """The bank of one creditor."""

    account: str = ""
    opening: int = 100_000
    batches: list[Batch] = field(default_factory=list)
    bookings: list[Booking] = field(default_factory=list)
    rejected: dict[str, str] = field(default_factory=dict)
    numbers: int = 0

    def take(self, exported: bytes) -> None:
        """Read a file of debits."""
        document = etree.fromstring(exported)
        message_id = _text(document, "GrpHdr/MsgId")
        for batch in document.findall(".//{*}PmtInf"):
            self.account = _text(batch, "CdtrAcct/Id/IBAN")
            payments = [_debit(one) for one in batch.findall("{*}DrctDbtTxInf")]
            due = date.fromisoformat(_text(batch, "ReqdColltnDt"))
            known = {one.end_to_end_id: one for one in payments}
            assert len(known) == len(payments)
            self.batches.append(Batch(message_id, _text(batch, "PmtInfId"), due, known))

    def reject(self, end_to_end_id: str, reason: str = "AC04") -> None:
        """Refuse to collect a debit."""
        self.rejected[end_to_end_id] = reason

    def report(self, day: date) -> list[bytes]:
        """Return a status report for each file of which debits are rejected."""
        found: dict[str, dict[str, dict[str, tuple[int, str]]]] = defaultdict(lambda: defaultdict(dict))
        for batch in self.batches:
            for end_to_end_id in batch.payments.keys() & self.rejected.keys():
                told = batch.payments[end_to_end_id].cents, self.rejected[end_to_end_id]
                found[batch.message_id][batch.payment_id][end_to_end_id] = told
        return [status_report(self._number("P"), day, message_id, rejected) for message_id, rejected in found.items()]

    def settle(self, day: date, told: Told = Told.SUM, *, net: bool = True) -> None:
        """Book what is due. Net of rejects, or the whole sum, and each reject taken back."""
        for batch in self.batches:
            if batch.is_booked or batch.due > day:
                continue
            batch.is_booked = True
            some = [one for one in batch.payments.values() if not net or one.end_to_end_id not in self.rejected]
            self._book(
                day, sum(one.cents for one in some), COLLECTION, some, batch=None if told is Told.BARE_SUM else batch, told=told
            )
            for one in batch.payments.values():
                if not net and one.end_to_end_id in self.rejected:
                    code = self.rejected[one.end_to_end_id]
                    self._book(day, -one.cents, RETURN, [replace(one, return_code=code)])

    def send_back(self, end_to_end_id: str, day: date, code: str = "MS03", charge: int = 300, *, apart: bool = False) -> None:
        """Take a debit back, with the bank's charge in the same booking or apart."""
        payment = self._payment(end_to_end_id)
        within = 0 if apart else charge
        returned = replace(payment, return_code=code, charge=within)
        self._book(day, -payment.cents - within, RETURN, [returned])
        if apart:
            self._book(day, -charge, CHARGE, [replace(payment, cents=charge)])

    def send_back_together(self, end_to_end_ids: Sequence[str], day: date, charge: int = 300) -> None:
        """Take several debits back in one booking, which names each with its charge beside it."""
        payments = [self._payment(one) for one in end_to_end_ids]
        returned = [replace(one, return_code="MS03", charge=charge) for one in payments]
        self._book(day, -sum(one.cents + charge for one in payments), RETURN, returned)

    def undo_return(self, end_to_end_id: str, day: date) -> None:
        """Book a return's debit once more: the return was a mistake."""
        payment = self._payment(end_to_end_id)
        self._book(day, payment.cents, RETURN, [payment])
        self.bookings[-1] = replace(self.bookings[-1], is_reversal=True)

    def transfer(self, day: date, cents: int, name: str, iban: str, text: str, end_to_end_id: str = "NOTPROVIDED") -> None:
        """Book what somebody paid, or for negative cents was paid."""
        payment = Payment(abs(cents), name, iban, text, end_to_end_id)
        self._book(day, cents, TRANSFER, [payment])

    def statement(self, day: date, *, copy: bool = False) -> bytes:
        """Return the statement of a day; of the same day always the same."""
        before = sum(one.signed_cents for one in self.bookings if one.day < day)
        today = [one for one in self.bookings if one.day == day]
        return statement(f"{day:%Y%m%d}", self.account, day, self.opening + before, today, copy=copy)

    def notice(self, day: date) -> bytes:
        """Return the notice of a day, which says again what its statement says, with all payments."""
        return notice(f"N{day:%Y%m%d}", self.account, day, [one for one in self.bookings if one.day == day])

    def _book(
        self, day: date, signed_cents: int, kind: Kind, payments: list[Payment], *,
        batch: Batch | None = None, told: Told = Told.DETAILS,
    ) -> None:  # fmt: skip
        ids = (batch.payment_id, batch.message_id) if batch else ("", "")
        reference = self._number("B")
        self.bookings.append(Booking(day, signed_cents, reference, kind.family, kind.code, tuple(payments), *ids, told=told))

    def _payment(self, end_to_end_id: str) -> Payment:
        (payment,) = [batch.payments[end_to_end_id] for batch in self.batches if end_to_end_id in batch.payments]
        return payment

    def _number(self, letter: str) -> str:
        self.numbers += 1
        return f"{letter}{self.numbers:07}"


def _debit(element: etree._Element) -> Payment:
    cents = _text(element, "InstdAmt").replace(".", "")
    return Payment(
        int(cents),
        _text(element, "Dbtr/Nm"),
        _text(element, "DbtrAcct/Id/IBAN"),
        _text(element, "RmtInf/Ustrd"),
        _text(element, "PmtId/EndToEndId"),
        _text(element, "DrctDbtTx/MndtRltdInf/MndtId"),
    )


def _text(element: etree._Element, path: str) -> str:
    found = element.findtext(".//" + "/".join("{*}" + name for name in path.split("/")))
    assert found, path
    return found
