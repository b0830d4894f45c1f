"""German VAT on what one party sells to another: which category and rate, and how much for an invoice.

The categories are those of UNTDID 5305, which e-invoices use. Which rule holds depends on the tax status of issuer and recipient
on the day of the service; the syntax of a VAT id proves nothing, only a stored confirmation does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from server.domain.money import whole_cents

EUROPEAN_UNION = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"}
    | {"IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)
_STANDARD_PERCENT = ((date(2021, 1, 1), 19), (date(2020, 7, 1), 16), (date(2007, 1, 1), 19))


class TaxCategory(StrEnum):
    """How a sale is taxed."""

    STANDARD = "S"
    REVERSE_CHARGE = "AE"
    """the recipient owes the tax (§ 13b UStG, article 196 of the VAT directive)"""
    EXEMPT = "E"
    """the issuer is a small business (§ 19 UStG)"""
    OUTSIDE = "O"
    """not taxable here"""


@dataclass(frozen=True, slots=True)
class TaxFacts:
    """What the tax of a party depends on."""

    country: str
    """ISO 3166-1, two letters"""
    is_small_business: bool = False
    """§ 19 UStG; of an issuer"""
    vat_id_confirmed: date | None = None
    """on which day the tax office confirmed its VAT id; None: never"""


@dataclass(frozen=True, slots=True, order=True)
class TaxRule:
    """How a line is taxed."""

    category: TaxCategory
    percent: int


@dataclass(frozen=True, slots=True)
class TaxGroup:
    """The lines of an invoice under one rule, together. In cents."""

    rule: TaxRule
    net: int

    @property
    def vat(self) -> int:
        """The tax on their sum: rounded once."""
        return whole_cents(Fraction(self.net * self.rule.percent, 10_000))


def tax_rule(issuer: TaxFacts, recipient: TaxFacts, service_day: date) -> TaxRule:
    """Return the rule for a service that was, or will be, delivered by a day (the last of its period)."""
    if issuer.is_small_business:
        return TaxRule(TaxCategory.EXEMPT, 0)
    if recipient.country not in EUROPEAN_UNION:
        return TaxRule(TaxCategory.OUTSIDE, 0)
    if recipient.country != issuer.country and recipient.vat_id_confirmed is not None:
        return TaxRule(TaxCategory.REVERSE_CHARGE, 0)
    return TaxRule(TaxCategory.STANDARD, next(percent for since, percent in _STANDARD_PERCENT if service_day >= since))


def tax_groups(taxed: Iterable[tuple[TaxRule, int]]) -> tuple[TaxGroup, ...]:
    """Return the groups of an invoice's lines, given as rule and cents."""
    nets: dict[TaxRule, int] = {}
    for rule, cents in taxed:
        nets[rule] = nets.get(rule, 0) + cents
    return tuple(TaxGroup(rule, nets[rule]) for rule in sorted(nets))
