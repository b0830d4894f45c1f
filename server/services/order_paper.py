"""The order on paper: what is printed is kept with the order, so that a reprint of the same version says the same."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from server.documents.order_form import order_sheets
from server.domain.errors import NotFound
from server.domain.order import OrderKind, OrderState, OrderStep
from server.domain.order_mark import Part
from server.domain.paper import Account, OrderedPackage, PaperMandate, PaperOrder
from server.domain.party import TaxStatus
from server.domain.prices import Asked
from server.domain.rights import Right
from server.domain.sentence import N_
from server.domain.tax import TaxFacts, tax_rule
from server.gateways.files import FileStore
from server.models.base import database
from server.models.contract import AgreedPrice, Contract
from server.models.order import Order
from server.models.party import Party
from server.services.contract_items import last_item
from server.services.order_mandate import is_new
from server.services.order_rules import check_parties
from server.services.order_steps import check_revision, lock, take
from server.services.ordered import OrderedVersion, edges_on, line_of, ordered_version
from server.services.orders import order_to_manage, sees_prices, visible_order
from server.services.paper_party import reader, writer
from server.services.paper_store import stored_paper, to_store
from server.services.scope import Actor
from server.services.terms import terms_of


@dataclass(frozen=True, slots=True)
class Sheets:
    """A PDF to be handed out."""

    pdf: bytes
    file_name: str


def print_order(actor: Actor, order_id: int, files: FileStore, *, revision: int, today: date, now: datetime) -> None:
    """Fix what stands on an order's sheets, with the prices of today; ``sheets`` hands them out. What is fixed already stays.

    Raises NotFound, NotAllowed, Conflict, RuleBroken.
    """
    with database.atomic():
        order_to_manage(actor, order_id)
        actor.need(Right.SEE_PRICES)
        order = lock(order_id)
        check_revision(order, revision)
        if order.state is not OrderState.PRINTED:
            check_parties(order, today=today)
            paper = _compose(order, files, today=today)
            kept: dict[str, Any] = {"paper": to_store(paper), "content_hash": paper.content_hash, "printed_at": now}
            take(order, OrderStep.PRINT, now=now, actor=actor, **kept)


def sheets(actor: Actor, order_id: int, files: FileStore, *, service_only: bool = False) -> Sheets:
    """Return the sheets of an order that is printed, in the language spoken now, as far as they are the actor's business.

    The distributor who is not the seller gets the service sheet, whatever is asked for.
    Raises NotFound, also where nothing is printed yet; NotAllowed for a role that sees neither orders nor prices.
    """
    actor.need(Right.SEE)
    order = visible_order(actor, order_id)
    paper = stored_paper(order)
    if paper is None:
        raise NotFound(N_("This order is not printed yet."), N_("Print it first."))
    parts = paper.parts if sees_prices(actor, order) and not service_only else (Part.SERVICE,)
    brand = writer(order.seller, files).brand
    pdf = order_sheets(replace(paper, seller=replace(paper.seller, brand=brand)), parts)
    return Sheets(pdf, f"{order.number}-{order.version}.pdf")


def tax_facts(party: Party) -> TaxFacts:
    """Return what the tax of a party depends on."""
    return TaxFacts(party.country, party.tax_status is TaxStatus.SMALL_BUSINESS, party.vat_id_confirmed_on)


def _compose(order: Order, files: FileStore, *, today: date) -> PaperOrder:
    line = line_of(order.customer, seller_id=order.seller_id)
    seller, contract = order.seller, order.contract
    notice = terms_of(seller.id).notice_months if contract is None else contract.notice_months
    ends = order.kind is OrderKind.CANCEL and order.effective is not None
    return PaperOrder(
        number=order.number,
        version=order.version,
        kind=order.kind,
        printed=today,
        customer=reader(order.customer),
        seller=writer(seller, files),
        adviser=reader(order.reseller) if line.is_agency else None,
        distributor=reader(order.distributor, number=f"D-{order.distributor_id}"),
        operator=reader(Party.get_by_id(line.operator_id)),
        packages=(_package(order, contract, today),),
        tax=tax_rule(tax_facts(seller), tax_facts(order.customer), today),
        mandate=_mandate(order),
        effective=order.effective - timedelta(days=1) if ends and order.effective else order.effective,
        notice_months=notice,
    )


def _package(order: Order, contract: Contract | None, today: date) -> OrderedPackage:
    item = None if contract is None else last_item(contract.id)
    present = None if item is None else ordered_version(item.package_version_id)
    if order.kind is OrderKind.CANCEL and item is not None and present is not None:
        agreed = AgreedPrice.get((AgreedPrice.item == item.id) & (AgreedPrice.buyer == order.customer_id))
        return _ordered(present, Asked(agreed.base, agreed.overage))
    wanted = ordered_version(order.package_version_id)
    if wanted is None:
        raise NotFound(N_("There is no such package."))
    asked = edges_on(line_of(order.customer, seller_id=order.seller_id), wanted.version_id, today)[-1].asked
    return _ordered(wanted, asked, replaces="" if present is None else present.name)


def _ordered(version: OrderedVersion, asked: Asked, *, replaces: str = "") -> OrderedPackage:
    return OrderedPackage(
        code=version.code,
        name=version.name,
        included_gb=version.included_gb,
        base=asked.base,
        overage=asked.overage,
        workstations=version.seats.workstations,
        servers=version.seats.servers,
        agents=tuple((str(kind), count) for kind, count in version.seats.agents),
        replaces=replaces,
    )


def _mandate(order: Order) -> PaperMandate | None:
    row = order.mandate
    if row is None or not is_new(row):
        return None
    return PaperMandate(row.reference, Account(row.holder, row.iban, row.bic), row.scheme, row.prenotification_days)
