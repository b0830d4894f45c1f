"""VAT identification numbers of the European Union: how they are written. Pure.

A number that is written right proves nothing: only the tax office's answer does, and it is stored with the day it was given
(``tax_rule`` asks for that day). Whoever changes a number loses the confirmation of the old one.
"""

from dataclasses import dataclass
from datetime import date

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from server.domain.errors import RuleBroken
from server.domain.sentence import N_


@dataclass(frozen=True, slots=True)
class VatId:
    """A VAT id as it stands on invoices, and when the tax office confirmed it."""

    number: str
    """such as ``DE136695976``; empty: none"""
    confirmed_on: date | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", read_vat_id(self.number))
        if self.confirmed_on is not None and not self.number:
            raise RuleBroken(N_("Without a VAT id nothing can be confirmed."), field="vat_id")

    def confirmed(self, day: date, *, today: date) -> "VatId":
        """Return it with a confirmation that was given on a day. Raises RuleBroken for a day to come."""
        if day > today:
            raise RuleBroken(N_("{day} has not come yet."), field="confirmed_on", day=day)
        return VatId(self.number, day)

    def changed(self, number: str) -> "VatId":
        """Return the one that takes its place: it keeps the confirmation only if it is the same number."""
        wanted = read_vat_id(number)
        return VatId(wanted, self.confirmed_on if wanted == self.number else None)


def read_vat_id(text: str) -> str:
    """Return a VAT id without blanks and dots, in capitals; nothing stays nothing. Raises RuleBroken."""
    if not text.strip():
        return ""
    try:
        return str(vat.validate(text.strip()))
    except ValidationError as error:
        raise RuleBroken(
            N_("“{text}” is no VAT id of the European Union."),
            hint=N_("It begins with the country's two letters, such as DE123456789. Leave it empty if there is none."),
            field="vat_id",
            text=text.strip(),
        ) from error
