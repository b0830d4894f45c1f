"""What is to be issued for a month: planned for all tiers from the same usage, a few hundred contracts in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from server.domain.errors import ServerError
from server.domain.invoice import InvoiceKind, InvoiceLine, UsageTable, invoice_line
from server.domain.lines import Line, LineKind, plan_month
from server.domain.month import Month
from server.domain.party import PartyKind
from server.domain.tax import tax_rule
from server.domain.usage import UsageDay
from server.models.contract import AgreedPrice, Contract, ContractItem
from server.models.money import Invoice
from server.models.party import Party
from server.services.invoice_facts import (
    Delivered,
    Edge,
    History,
    begun,
    deliveries,
    histories,
    months_before,
    read_usage,
    tuples_of,
)
from server.services.issuing import Planned
from server.services.order_paper import tax_facts
from server.services.terms import terms_of

CHUNK = 500


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be issued, and why. The others go on."""

    issuer_id: int
    recipient_id: int
    contract: str
    error: ServerError


def plan(month: Month, *, issuer_id: int | None = None) -> Iterator[Planned | Refused]:
    """Yield what is to be issued for a month, the customers' first; ``issuer_id``: by one party alone."""
    sellers: dict[int, Party] = {}
    for chunk in _chunks(_contracts(month) if issuer_id is None else _contracts(month) & (Contract.seller == issuer_id)):
        yield from _plan_customers(chunk, month, sellers)
    for edge in _edges(month):
        if issuer_id in {None, edge.issuer_id} and (planned := _plan_edge(edge, month)) is not None:
            yield planned


def chunks_of(month: Month) -> Iterator[list[int]]:
    """Yield the contracts of which something may be billed for a month, some hundred at a time."""
    yield from _chunks(_contracts(month))


def _plan_customers(chunk: Sequence[int], month: Month, sellers: dict[int, Party]) -> Iterator[Planned | Refused]:
    found = deliveries(chunk, None, month)
    known = histories(Invoice.contract.in_(chunk), month, kind=InvoiceKind.INVOICE, by_contract=True)
    read_usage(found, {month}.union(*(one.again for one in known.values())))
    for one in found.values():
        history, contract = known.get(one.contract.id, History()), one.contract
        if history.is_issued:
            continue
        if contract.seller_id not in sellers:
            sellers[contract.seller_id] = Party.get_by_id(contract.seller_id)
        seller = sellers[contract.seller_id]
        try:
            lines = plan_month(one.services, one.usage, month, history.account, before=months_before(month), in_advance=True)
            shown = _shown(lines, one, seller, contract.customer)
        except ServerError as error:
            yield Refused(seller.id, contract.customer_id, contract.number, error)
            continue
        if any(line.cents for line in shown):
            tables = tuple(_tables(one, lines, month))
            yield Planned(
                InvoiceKind.INVOICE, seller.id, contract.customer_id, history.period(month), shown, tables,
                contract.id, contract.number,
            )  # fmt: skip


def _plan_edge(edge: Edge, month: Month) -> Planned | Refused | None:
    """Return what one party sends another for all contracts below; None: nothing."""
    between = (Invoice.issuer == edge.issuer_id) & (Invoice.recipient == edge.recipient_id) & Invoice.contract.is_null()
    history = histories(between, month, kind=edge.kind, by_contract=False).get(0, History())
    if history.is_issued:
        return None
    issuer, recipient = Party.get_by_id(edge.issuer_id), Party.get_by_id(edge.recipient_id)
    seller, buyer = (recipient, issuer) if edge.is_commission else (issuer, recipient)
    shown: list[InvoiceLine] = []
    tables: list[UsageTable] = []
    try:
        for chunk in _chunks(_contracts(month) & _of(edge)):
            found = deliveries(chunk, edge, month)
            read_usage(found, {month} | history.again)
            for one in found.values():
                lines = plan_month(one.services, one.usage, month, history.account, before=months_before(month))
                shown.extend(_shown(lines, one, seller, buyer, label=one.label))
                if any(line.kind is LineKind.OVERAGE for line in lines):
                    tables.extend(_tables(one, lines, month, label=one.label))
    except ServerError as error:
        return Refused(edge.issuer_id, edge.recipient_id, "", error)
    if not any(line.cents for line in shown):
        return None
    return Planned(edge.kind, issuer.id, recipient.id, history.period(month), tuple(shown), tuple(tables))


def _shown(lines: Iterable[Line], one: Delivered, seller: Party, buyer: Party, *, label: str = "") -> tuple[InvoiceLine, ...]:
    """Return lines with all that stands in them; each is taxed as on the last day that it is for."""
    shown = []
    for line in lines:
        rule = tax_rule(tax_facts(seller), tax_facts(buyer), line.month.last)
        shown.append(invoice_line(line, one.services, rule, one.names[line.item], label))
    return tuple(shown)


def _tables(one: Delivered, lines: Iterable[Line], month: Month, *, label: str = "") -> Iterator[UsageTable]:
    for of in sorted({month} | {line.month for line in lines if line.kind is LineKind.OVERAGE}):
        days: tuple[UsageDay, ...] = tuple(day for day in one.usage if Month.of(day.day) == of)
        if days:
            yield UsageTable(label, of, days, tuple(one.services))


def _contracts(month: Month):  # type: ignore[no-untyped-def]  # peewee's conditions have no type of their own
    """Return the condition on Contract that holds where something may be billed."""
    return Contract.id.in_(ContractItem.select(ContractItem.contract).where(begun(month)))


def _of(edge: Edge):  # type: ignore[no-untyped-def]  # as above
    """Return the condition on Contract that holds for those that an edge is about."""
    if edge.is_commission:
        brought = Party.select(Party.id).where(Party.parent == edge.recipient_id)
        return (Contract.seller == edge.issuer_id) & Contract.customer.in_(brought)
    agreed = (AgreedPrice.seller == edge.issuer_id) & (AgreedPrice.buyer == edge.recipient_id)
    return Contract.id.in_(ContractItem.select(ContractItem.contract).join(AgreedPrice).where(agreed))


def _chunks(condition) -> Iterator[list[int]]:  # type: ignore[no-untyped-def]  # as above
    last = 0
    numbers = Contract.select(Contract.id).where(condition).order_by(Contract.id).limit(CHUNK)
    while chunk := [row.id for row in numbers.where(Contract.id > last)]:
        yield chunk
        last = chunk[-1]


def _edges(month: Month) -> Iterator[Edge]:
    """Yield who sends what to whom above the customers: from the bottom up, commissions last."""
    buyer = Party.alias()
    between = (
        AgreedPrice.select(AgreedPrice.seller, AgreedPrice.buyer, buyer.kind)
        .join(ContractItem)
        .join(buyer, on=AgreedPrice.buyer == buyer.id)
        .where(begun(month) & (buyer.kind != PartyKind.CUSTOMER))
        .distinct()
    )
    found = sorted(tuples_of(between), key=lambda one: (one[2] is PartyKind.DISTRIBUTOR, one[0], one[1]))
    yield from (Edge(InvoiceKind.INVOICE, seller, bought) for seller, bought, _ in found)
    customer, seller_of = Party.alias(), Party.alias()
    agencies = (
        Contract.select(Contract.seller, customer.parent)
        .join(customer, on=Contract.customer == customer.id)
        .switch(Contract)
        .join(seller_of, on=Contract.seller == seller_of.id)
        .where(_contracts(month) & (seller_of.kind == PartyKind.DISTRIBUTOR))
        .distinct()
    )
    for issuer, agent in sorted(tuples_of(agencies)):
        if percent := terms_of(issuer).commission_percent:
            yield Edge(InvoiceKind.COMMISSION, issuer, agent, percent)
