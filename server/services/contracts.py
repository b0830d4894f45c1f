"""Contracts as the record of a customer shows them."""

from dataclasses import dataclass
from datetime import date

from server.domain.contract import ContractState
from server.models.contract import Contract
from server.models.order import Order
from server.models.party import Party
from server.services.contract_items import last_item
from server.services.order_money import reversible_until
from server.services.ordered import ordered_version
from server.services.scope import Actor, visible_party


@dataclass(frozen=True, slots=True)
class KnownContract:
    """One contract."""

    id: int
    number: str
    state: ContractState
    package: str
    """empty: waits for its first payment"""
    starts: date | None
    ends: date | None
    """the day after its last"""
    reversible_until: date | None
    """until when the debit that paid it first can be taken back without a reason"""


def contracts_of(actor: Actor, customer_id: int) -> tuple[KnownContract, ...]:
    """Return the contracts of a customer, the newest first. Raises NotFound."""
    customer: Party = visible_party(actor, customer_id)
    rows = Contract.select().where(Contract.customer == customer.id).order_by(Contract.id.desc())
    return tuple(_known(row) for row in list(rows))


def _known(row: Contract) -> KnownContract:
    item = last_item(row.id)
    version = ordered_version(item.package_version_id) if item is not None else None
    first = Order.select().where(Order.contract == row.id).order_by(Order.id).first()
    until = reversible_until(first) if first is not None else None
    return KnownContract(row.id, row.number, row.state, version.name if version else "", row.starts, row.ends, until)
