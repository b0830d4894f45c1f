"""The summary declaration (Zusammenfassende Meldung, § 18a UStG): what was sold to whom in the EU who owes the tax. Pure.

The file is the one that Mein ELSTER imports, version 3.0: UTF-8, commas, whole euro, S for services.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from server.domain.errors import RuleBroken
from server.domain.money import whole_euros
from server.domain.month import Month
from server.domain.sentence import N_

_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_VERSION = "#v3.0"
_HEAD = "Umsatzsteuer-Identifikationsnummer (USt-IdNr.),Summe (Euro),Art der Leistung"
_SERVICE = "S"
MOST_LINES = 1500  # of one file, as the import has it
MONTHS_OF_A_QUARTER = 3


@dataclass(frozen=True, slots=True)
class Span:
    """The months that a declaration is for: one, or a quarter."""

    first: Month
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return what ``2026-11`` or ``2026-Q4`` means. Raises RuleBroken."""
        if found := _QUARTER.fullmatch(text):
            return cls(Month(int(found[1]), (int(found[2]) - 1) * MONTHS_OF_A_QUARTER + 1), MONTHS_OF_A_QUARTER)
        try:
            return cls(Month.parse(text), 1)
        except RuleBroken as error:
            raise RuleBroken(
                N_("{text} is no month and no quarter."), N_("Write it like 2026-11 or 2026-Q4."), field="period", text=text
            ) from error

    def __str__(self) -> str:
        if self.count == 1:
            return str(self.first)
        return f"{self.first.year:04}-Q{(self.first.number - 1) // MONTHS_OF_A_QUARTER + 1}"

    @property
    def months(self) -> tuple[Month, ...]:
        """Its months, in order."""
        found = [self.first]
        while len(found) < self.count:
            found.append(found[-1].next)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Sale:
    """A part of an invoice on which the recipient owes the tax."""

    vat_id: str
    name: str
    number: str
    cents: int


@dataclass(frozen=True, slots=True)
class DeclaredLine:
    """What was sold to one VAT id."""

    vat_id: str
    name: str
    cents: int

    @property
    def euros(self) -> int:
        """As it is declared: in whole euro."""
        return whole_euros(Fraction(self.cents, 100))


def declared(sales: Iterable[Sale]) -> tuple[DeclaredLine, ...]:
    """Return the lines of a declaration, by VAT id. Raises RuleBroken for a sale without one."""
    cents: dict[str, int] = {}
    names: dict[str, str] = {}
    for sale in sales:
        if not sale.vat_id:
            raise RuleBroken(
                N_("{number} has no VAT id of {name}, who owes the tax."), number=sale.number, name=sale.name
            )  # fmt: skip
        cents[sale.vat_id] = cents.get(sale.vat_id, 0) + sale.cents
        names[sale.vat_id] = sale.name
    return tuple(DeclaredLine(vat_id, names[vat_id], sold) for vat_id, sold in sorted(cents.items()))


def write_declaration(lines: Iterable[DeclaredLine]) -> bytes:
    """Return the file, without lines that come to nothing. Raises RuleBroken where there are too many for one."""
    rows = [f"{one.vat_id},{one.euros},{_SERVICE}" for one in lines if one.euros]
    if len(rows) > MOST_LINES:
        raise RuleBroken(N_("One file holds at most {count:line|lines}."), count=MOST_LINES)
    return "".join(f"{line}\r\n" for line in (_VERSION, _HEAD, *rows)).encode()
