"""What stands on paper: who writes to whom, what is ordered, by which mandate it is paid. Pure facts; documents lay them out."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from server.domain.errors import RuleBroken
from server.domain.mandate import PRENOTIFICATION_DAYS, Scheme
from server.domain.money import PRICE_PLACES, check_price, line_cents
from server.domain.order import OrderKind
from server.domain.order_mark import Mark, Part, shortened
from server.domain.sentence import N_
from server.domain.tax import TaxGroup, TaxRule

TEXT_EDITION = "2026-11"  # of the mandate and the data-processing agreement; a change of their words is another content


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in its parts, as banks demand it."""

    street: str
    house_number: str
    postal_code: str
    city: str
    country: str = "DE"
    """ISO 3166-1, two letters"""


@dataclass(frozen=True, slots=True)
class Account:
    """A bank account. Never in a repr."""

    holder: str
    iban: str
    """without spaces"""
    bic: str = ""
    bank: str = ""

    def __repr__(self) -> str:
        return f"Account(…{self.iban[-4:]})"

    @property
    def grouped_iban(self) -> str:
        """The IBAN as people read it: in fours."""
        return " ".join(self.iban[start : start + 4] for start in range(0, len(self.iban), 4))


@dataclass(frozen=True, slots=True)
class Brand:
    """How letters of a party look."""

    name: str = ""
    colour: str = "#0B5D6B"
    """of the thin rule; ``#rrggbb``"""
    logo: bytes | None = None
    """PNG or JPEG"""


@dataclass(frozen=True, slots=True)
class PaperParty:
    """Who writes a letter, receives it, or is named in it."""

    name: str
    """the legal one"""
    address: Address
    number: str = ""
    """under which whoever writes knows it: the customer's number, the supplier's"""
    is_person: bool = False
    contact: str = ""
    """whom to ask for"""
    email: str = ""
    phone: str = ""
    tax_number: str = ""
    vat_id: str = ""
    creditor_id: str = ""
    account: Account | None = None
    legal_notice: tuple[str, ...] = ()
    """what the law wants on letters: register, managers; one line each"""
    brand: Brand = Brand()

    @property
    def shown_name(self) -> str:
        """What its letters are headed with."""
        return self.brand.name or self.name


@dataclass(frozen=True, slots=True)
class OrderedPackage:
    """One package that is ordered, changed to or ended, at the seller's prices without VAT."""

    code: str
    name: str
    included_gb: int
    """of 10^9 bytes"""
    base: Decimal
    """euro a month"""
    overage: Decimal
    """euro a GB and month"""
    workstations: int = 0
    servers: int = 0
    agents: tuple[tuple[str, int], ...] = ()
    """kind and number"""
    replaces: str = ""
    """name of the package that ends when this begins"""

    def __post_init__(self) -> None:
        check_price(self.base)
        check_price(self.overage)


@dataclass(frozen=True, slots=True)
class PaperMandate:
    """A SEPA mandate, to be signed. Its creditor is the seller: nobody collects for others."""

    reference: str
    account: Account
    """of the customer; to be filled in by hand where its IBAN is empty"""
    scheme: Scheme = Scheme.CORE
    prenotification_days: int = PRENOTIFICATION_DAYS


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """An order as it is printed and signed."""

    number: str
    version: int
    kind: OrderKind
    printed: date
    customer: PaperParty
    seller: PaperParty
    """the customer's contract partner, who sends invoices and is the creditor"""
    adviser: PaperParty | None
    """the reseller, where somebody else sells"""
    distributor: PaperParty
    """releases the order"""
    operator: PaperParty
    """runs the data centre"""
    packages: tuple[OrderedPackage, ...]
    tax: TaxRule
    mandate: PaperMandate | None = None
    """None: the customer pays otherwise, or goes on by a mandate that exists"""
    effective: date | None = None
    """from when it holds, of a cancellation: to when; None: from the first payment on"""
    notice_months: int = 1
    measures: tuple[str, ...] = ()
    """technical and organisational ones, as the operator has them; empty: those that the program itself sees to"""

    def __post_init__(self) -> None:
        if not self.packages:
            raise RuleBroken(N_("An order without a package orders nothing."))
        if self.mandate is not None and not self.seller.creditor_id:
            raise RuleBroken(N_("A mandate needs the seller's creditor identifier."), field="creditor_id")

    @property
    def monthly(self) -> TaxGroup:
        """What it costs a month, without overage."""
        return TaxGroup(self.tax, sum(line_cents(Fraction(1), one.base) for one in self.packages))

    @property
    def content_hash(self) -> str:
        """What tells its content from any other; 26 characters. How the letter looks is no content."""
        return shortened(hashlib.sha256(_canonical(self)).digest())

    @property
    def parts(self) -> tuple[Part, ...]:
        """The sheets that are signed for it. An end needs no prices; a change goes on under the agreement that exists."""
        if self.kind is OrderKind.CANCEL:
            return (Part.SERVICE,)
        mandate = () if self.mandate is None else (Part.MANDATE,)
        processing = (Part.PROCESSING,) if self.kind is OrderKind.NEW else ()
        return (Part.SERVICE, Part.PRICES, *mandate, *processing)

    @property
    def processors(self) -> tuple[PaperParty, ...]:
        """Who processes personal data for the seller, from the near to the far."""
        others = (self.adviser, self.distributor, self.operator)
        named = {one.name: one for one in others if one is not None and one.name != self.seller.name}
        return tuple(named.values())

    def mark(self, part: Part) -> Mark:
        """Return what a sheet of it is known by."""
        return Mark(self.number, self.version, part, self.content_hash)


def _canonical(order: PaperOrder) -> bytes:
    """Return everything that is signed, in one order and one spelling."""
    mandate = order.mandate
    content = {
        "edition": TEXT_EDITION,
        "order": order.number,
        "kind": order.kind,
        "customer": _identity(order.customer),
        "seller": _identity(order.seller),
        "processors": [_identity(one) for one in order.processors],
        "distributor": _identity(order.distributor),
        "packages": [
            [one.code, one.name, one.included_gb, _price(one.base), _price(one.overage), *_seats(one), one.replaces]
            for one in order.packages
        ],
        "tax": [order.tax.category, order.tax.percent],
        "mandate": mandate and [order.seller.creditor_id, *_mandate(mandate)],
        "effective": order.effective and order.effective.isoformat(),
        "notice": order.notice_months,
        "measures": list(order.measures),
    }
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _identity(party: PaperParty) -> list[str]:
    place = party.address
    return [party.name, party.vat_id, place.street, place.house_number, place.postal_code, place.city, place.country]


def _mandate(mandate: PaperMandate) -> list[str | int]:
    account = mandate.account
    return [mandate.reference, mandate.scheme, mandate.prenotification_days, account.holder, account.iban]


def _seats(package: OrderedPackage) -> list[object]:
    return [package.workstations, package.servers, [list(agent) for agent in package.agents]]


def _price(price: Decimal) -> str:
    return f"{price:.{PRICE_PLACES}f}"
