"""What is ordered, and at which prices: the package, the chain of sellers, and what each asks on a day."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from server.domain.errors import RuleBroken
from server.domain.party import SalesMode
from server.domain.prices import Asked
from server.domain.seats import Seats
from server.domain.sentence import N_
from server.models.catalogue import Package, PackageVersion, Price
from server.models.order import Order
from server.models.party import Party
from server.services.paper_store import stored_paper


@dataclass(frozen=True, slots=True)
class OrderedVersion:
    """What a package includes."""

    version_id: int
    code: str
    name: str
    included_gb: int
    seats: Seats


@dataclass(frozen=True, slots=True)
class Edge:
    """What one party asks the next one."""

    seller_id: int
    buyer_id: int
    asked: Asked


@dataclass(frozen=True, slots=True)
class Line:
    """Who stands above a customer, and who sells to it: its reseller, or of an agency the distributor."""

    customer_id: int
    reseller_id: int
    distributor_id: int
    operator_id: int
    seller_id: int

    @property
    def is_agency(self) -> bool:
        """Say whether the distributor sells."""
        return self.seller_id == self.distributor_id


def line_of(customer: Party, *, seller_id: int | None = None) -> Line:
    """Return who stands above a customer; ``seller_id``: of a contract that exists, whatever its reseller has become since."""
    reseller = customer.parent
    distributor = None if reseller is None else reseller.parent
    if reseller is None or distributor is None or distributor.parent_id is None:
        raise LookupError(f"party {customer.id} is no customer")
    usual = distributor.id if reseller.mode is SalesMode.AGENCY else reseller.id
    if seller_id is not None and seller_id not in {reseller.id, distributor.id}:
        raise RuleBroken(N_("This contract is with another seller."), N_("The customer orders a new one, or cancels it there."))
    return Line(customer.id, reseller.id, distributor.id, distributor.parent_id, seller_id or usual)


def ordered_version(version_id: int | None) -> OrderedVersion | None:
    """Return what a version includes; None for none."""
    row = PackageVersion.get_or_none(PackageVersion.id == version_id) if version_id else None
    if row is None:
        return None
    package: Package = row.package
    seats = Seats.of(row.workstations, row.servers, json.loads(row.agents))
    return OrderedVersion(row.id, package.code, package.name, row.included_gb, seats)


def edges_on(line: Line, version_id: int, day: date) -> tuple[Edge, ...]:
    """Return what each level asks the next one on a day, the customer's edge last. Raises RuleBroken where one asks nothing."""
    above = [(line.operator_id, line.distributor_id, line.distributor_id)]
    if not line.is_agency:
        above.append((line.distributor_id, line.reseller_id, line.reseller_id))
    # An agent's customers pay what the distributor asks the agent.
    last = (line.seller_id, line.customer_id, line.reseller_id if line.is_agency else line.customer_id)
    return tuple(_edge(*one, version_id=version_id, day=day) for one in (*above, last))


def asked_of_customer(order: Order, day: date) -> Asked | None:
    """Return what the customer pays: as printed, else as it is asked on a day. None: nothing is ordered, or offered."""
    if (paper := stored_paper(order)) is not None and order.package_version_id is not None:
        return Asked(paper.packages[0].base, paper.packages[0].overage)
    if order.package_version_id is None:
        return None
    agent = order.seller_id == order.distributor_id
    buyer = order.reseller_id if agent else order.customer_id
    return asked_on(order.seller_id, buyer, order.package_version_id, day)


def asked_on(seller_id: int, buyer_id: int, version_id: int, day: date) -> Asked | None:
    """Return what a seller asks a buyer on a day: a price of its own, else that for everybody; None: it offers nothing."""
    holds = (Price.valid_from <= day) & (Price.valid_to.is_null() | (Price.valid_to > day))
    edge = (Price.seller == seller_id) & (Price.version == version_id) & (Price.buyer.is_null() | (Price.buyer == buyer_id))
    rows: Iterable[Price] = Price.select().where(edge & holds)
    own = {row.buyer_id: row for row in rows}
    row = own.get(buyer_id) or own.get(None)
    return None if row is None else Asked(row.base, row.overage)


def _edge(seller_id: int, buyer_id: int, priced_for: int, *, version_id: int, day: date) -> Edge:
    asked = asked_on(seller_id, priced_for, version_id, day)
    if asked is None:
        package = PackageVersion.get_by_id(version_id).package
        raise RuleBroken(
            N_("{seller} asks no price for {package} on {day}, so it cannot be ordered."),
            N_("Its prices are set under “Packages”."),
            field="version_id",
            seller=Party.get_by_id(seller_id).legal_name,
            package=package.name,
            day=day,
        )
    return Edge(seller_id, buyer_id, asked)
