"""What the invoices of a month are planned from, read for some hundred contracts at a time."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from peewee import Expression

from server.domain.errors import RuleBroken
from server.domain.invoice import InvoiceKind
from server.domain.lines import Account, LineKind
from server.domain.money import PRICE_PLACES
from server.domain.month import Month
from server.domain.service import Service, Terms
from server.domain.usage import UsageDay
from server.models.catalogue import Package, PackageVersion
from server.models.contract import AgreedPrice, Contract, ContractItem, UsageRow
from server.models.money import Invoice, InvoiceLine
from server.models.party import Party

LOOK_BACK_MONTHS = 6
"""how far back a month is set right: a payment that came later than planned, an invoice that was cancelled"""


@dataclass(frozen=True, slots=True)
class Edge:
    """Who sends a document to whom: a customer's contract, or everything between two parties further up."""

    kind: InvoiceKind
    issuer_id: int
    recipient_id: int
    percent: int = 100
    """of the agreed price: what an agent gets"""

    @property
    def is_commission(self) -> bool:
        """It is for what the recipient brought."""
        return self.kind is InvoiceKind.COMMISSION


@dataclass(slots=True)
class Delivered:
    """One contract, as one edge sees it."""

    contract: Contract
    services: list[Service] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)
    """of packages, by item"""
    usage: list[UsageDay] = field(default_factory=list)

    @property
    def label(self) -> str:
        """How an invoice for many contracts names this one."""
        return f"{self.contract.number} · {self.contract.customer.legal_name}"


@dataclass(slots=True)
class History:
    """What an edge, or a contract, has on its documents."""

    base: dict[tuple[int, Month], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    overage: dict[tuple[int, Month], Fraction] = field(default_factory=lambda: defaultdict(Fraction))
    again: set[Month] = field(default_factory=set)
    count: int = 0
    """how many invoices there were for the month"""
    is_issued: bool = False
    """one of them holds"""

    def period(self, month: Month) -> str:
        """Return what the next invoice for the month is known by."""
        return f"{month}.{self.count + 1}" if self.count else str(month)

    @property
    def account(self) -> Account:
        """As the plan wants it."""
        return Account(self.base, self.overage, frozenset(self.again))


def months_before(month: Month) -> tuple[Month, ...]:
    """Return the earlier months that are set right, the earliest first."""
    months = [month.before]
    while len(months) < LOOK_BACK_MONTHS:
        months.append(months[-1].before)
    return tuple(reversed(months))


def begun(month: Month) -> Expression:
    """Return the condition on ContractItem that holds where something may be billed once a month is over."""
    oldest = months_before(month)[0].first
    begins = ContractItem.starts.is_null(False) & (ContractItem.starts < month.end)
    condition: Expression = begins & (ContractItem.ends.is_null() | (ContractItem.ends > oldest))
    return condition


def deliveries(contract_ids: Sequence[int], edge: Edge | None, month: Month) -> dict[int, Delivered]:
    """Return what was agreed of contracts, by their ids; ``edge``: as that one sees it, None: as their customers do."""
    rows = Contract.select(Contract, Party).join(Party, on=Contract.customer).where(Contract.id.in_(contract_ids))
    found = {row.id: Delivered(row) for row in rows.order_by(Contract.id)}
    if edge is None or edge.is_commission:
        agreed = (AgreedPrice.seller == Contract.seller) & (AgreedPrice.buyer == Contract.customer)
    else:
        agreed = (AgreedPrice.seller == edge.issuer_id) & (AgreedPrice.buyer == edge.recipient_id)
    prices = (
        AgreedPrice.select(AgreedPrice, ContractItem, PackageVersion, Package)
        .join(ContractItem)
        .join(PackageVersion)
        .join(Package)
        .join(Contract, on=ContractItem.contract == Contract.id)
        .where(Contract.id.in_(contract_ids) & ContractItem.starts.is_null(False) & agreed)
        .order_by(ContractItem.starts, ContractItem.id)
    )
    percent = 100 if edge is None else edge.percent
    for price in prices:
        _add(found[price.item.contract_id], price, percent)
    return found


def read_usage(found: dict[int, Delivered], months: Iterable[Month]) -> None:
    """Give contracts what was stored in some months."""
    spans: Expression | None = None
    for month in sorted(set(months)):
        span = (UsageRow.day >= month.first) & (UsageRow.day < month.end)
        spans = span if spans is None else spans | span
    rows = UsageRow.select(UsageRow.contract, UsageRow.day, UsageRow.stored_bytes, UsageRow.metering)
    chosen = rows.where(UsageRow.contract.in_(list(found)) & spans).order_by(UsageRow.day)
    for number, day, stored, metering in tuples_of(chosen):
        found[number].usage.append(UsageDay(day, stored, metering))


def histories(whose: Expression, month: Month, *, kind: InvoiceKind, by_contract: bool) -> dict[int, History]:
    """Return what is on the documents that a condition names, by contract; by 0 where they are for all contracts together."""
    known: dict[int, History] = defaultdict(History)
    kinds = [kind] if kind is InvoiceKind.COMMISSION else [kind, InvoiceKind.CANCELLATION]
    since = months_before(month)[0]
    chosen = whose & Invoice.kind.in_(kinds)
    columns = (Invoice.id, Invoice.contract, Invoice.kind, Invoice.period, Invoice.corrects)
    documents = tuples_of(Invoice.select(*columns).where(chosen & (Invoice.issued_on >= since.first)))
    cancelled = {corrects for *_, corrects in documents if corrects}
    for number, contract, form, period, _ in documents:
        of = _month_of(period)
        if form is InvoiceKind.CANCELLATION or of is None:
            continue
        history = known[(contract or 0) if by_contract else 0]
        if of == month:
            history.count += 1
            history.is_issued |= number not in cancelled
        elif number in cancelled:
            history.again.add(of)
    line = InvoiceLine
    facts = (Invoice.contract, line.item, line.kind, line.month, line.numerator, line.denominator)
    lines = line.select(*facts).join(Invoice).where(chosen & (line.month >= str(since)))
    for contract, item, line_kind, text, numerator, denominator in tuples_of(lines):
        history = known[(contract or 0) if by_contract else 0]
        billed = history.base if line_kind is LineKind.BASE else history.overage
        billed[item, Month.parse(text)] += Fraction(numerator, denominator)
    return known


def tuples_of(query: Any) -> list[tuple[Any, ...]]:
    """Return what a query finds, read to the end: SQLite lets nobody write who is still reading."""
    return list(query.tuples())


def missing_days(services: Sequence[Service], known: Iterable[date], month: Month) -> Iterable[date]:
    """Return the days of a month on which something was delivered, and nothing is known of what was stored."""
    there = set(known)
    for offset in range(month.days):
        day = month.first + timedelta(days=offset)
        if day not in there and any(one.holds_on(day) for one in services):
            yield day


def _add(one: Delivered, price: AgreedPrice, percent: int) -> None:
    item, version = price.item, price.item.package_version
    if item.starts is None:
        return
    starts = max(item.starts, item.free_until or item.starts)
    if item.ends is not None and item.ends <= starts:
        return
    base, overage = price.base, price.overage
    if percent != 100:
        share = Decimal(percent) / 100
        base, overage = (round(amount * share, PRICE_PLACES) for amount in (base, overage))
    terms = Terms(version.included_gb, base, overage)
    one.services.append(Service(item.id, version.package.code, terms, starts, item.ends))
    one.names[item.id] = version.package.name


def _month_of(period: str) -> Month | None:
    try:
        return Month.parse(period.partition(".")[0])
    except RuleBroken:
        return None
