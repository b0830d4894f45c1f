"""What a form for orders of a customer offers: packages, contracts, ways to pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.domain.contract import ContractState
from server.domain.errors import RuleBroken
from server.domain.invoice import PaidBy
from server.domain.order import OrderState
from server.domain.prices import Asked
from server.domain.rights import Right
from server.models.catalogue import Package, PackageVersion
from server.models.contract import Contract
from server.models.customer import BankAccount
from server.models.order import Order
from server.models.party import Party
from server.services.contract_items import last_item
from server.services.order_rules import WAYS, earliest_end
from server.services.ordered import Line, OrderedVersion, edges_on, line_of, ordered_version
from server.services.paypal_accounts import takes_paypal
from server.services.scope import Actor
from server.services.terms import terms_of

_OPEN = tuple(state for state in OrderState if not state.is_over)


@dataclass(frozen=True, slots=True)
class Sellable:
    """A package that can be ordered today."""

    ordered: OrderedVersion
    asked: Asked | None
    """what the customer pays; None: not the reader's business"""


@dataclass(frozen=True, slots=True)
class Changeable:
    """A contract that can be changed or ended by an order."""

    id: int
    number: str
    package: OrderedVersion
    paid_by: PaidBy
    earliest_end: date
    """the day after its last, if it were cancelled today"""
    open_order: tuple[int, str] | None
    """id and number of the order that changes it already; then no other can"""


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be ordered for a customer."""

    customer_id: int
    customer: str
    seller: str
    packages: tuple[Sellable, ...]
    """by code"""
    contracts: tuple[Changeable, ...]
    ways: tuple[PaidBy, ...]
    """how it can be paid: by debit where the seller has a creditor identifier and the customer an account"""
    trial_days: int


def choices_for(actor: Actor, customer: Party, *, today: date) -> Choices:
    """Return what can be ordered for a customer by its reseller, who is the actor's party."""
    line = line_of(customer)
    sees = actor.may(Right.SEE_PRICES)
    return Choices(
        customer_id=customer.id,
        customer=customer.legal_name,
        seller=Party.get_by_id(line.seller_id).legal_name,
        packages=tuple(_sellable(line, today, sees_prices=sees)),
        contracts=tuple(_changeable(customer, today)),
        ways=_ways(line),
        trial_days=terms_of(line.seller_id).trial_days,
    )


def open_order_of(contract_id: int) -> Order | None:
    """Return the order that changes a contract and is not over."""
    found: Order | None = Order.get_or_none((Order.contract == contract_id) & Order.state.in_(_OPEN))
    return found


def _sellable(line: Line, today: date, *, sees_prices: bool) -> Iterable[Sellable]:
    for package in Package.select().where(Package.owner == line.operator_id).order_by(Package.code):
        begun = (PackageVersion.package == package.id) & (PackageVersion.valid_from <= today)
        version = PackageVersion.select().where(begun).order_by(PackageVersion.valid_from.desc()).first()
        if version is None:
            continue
        try:
            edges = edges_on(line, version.id, today)
        except RuleBroken:
            continue  # somebody on the way down does not offer it
        if (ordered := ordered_version(version.id)) is not None:
            yield Sellable(ordered, edges[-1].asked if sees_prices else None)


def _changeable(customer: Party, today: date) -> Iterable[Changeable]:
    goes_on = Contract.state.not_in([ContractState.PENDING, ContractState.ENDED]) & Contract.ends.is_null()
    for contract in Contract.select().where((Contract.customer == customer.id) & goes_on).order_by(Contract.id):
        item = last_item(contract.id)
        package = None if item is None else ordered_version(item.package_version_id)
        if package is None:
            continue
        order = open_order_of(contract.id)
        yield Changeable(
            contract.id,
            contract.number,
            package,
            contract.paid_by,
            earliest_end(contract, today),
            None if order is None else (order.id, order.number),
        )


def _ways(line: Line) -> tuple[PaidBy, ...]:
    account = (BankAccount.party == line.customer_id) & BankAccount.replaced_at.is_null()
    can_debit = bool(Party.get_by_id(line.seller_id).creditor_id) and BankAccount.select().where(account).exists()
    possible = {PaidBy.DEBIT: can_debit, PaidBy.PAYPAL: takes_paypal(line.seller_id)}
    return tuple(way for way in WAYS if possible.get(way, True))
