"""What an order may be: checked when it is drawn up and edited, and again when it is printed and released."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from server.domain.addresses import clean_text
from server.domain.contract import ContractState, notice_end
from server.domain.errors import NotFound, RuleBroken
from server.domain.invoice import PaidBy
from server.domain.order import OrderKind, check_effective
from server.domain.sentence import N_
from server.models.catalogue import PackageVersion
from server.models.contract import Contract
from server.models.order import Order
from server.models.party import Party
from server.services import standing
from server.services.contract_items import last_item
from server.services.ordered import edges_on, line_of
from server.services.paypal_accounts import takes_paypal

REFERENCE_LENGTH = 70
WAYS = (PaidBy.DEBIT, PaidBy.TRANSFER, PaidBy.PAYPAL)
_NOT_BLOCKED = frozenset({OrderKind.DOWNGRADE, OrderKind.CANCEL})


@dataclass(frozen=True, slots=True)
class OrderWish:
    """What of an order is chosen in its form."""

    version_id: int | None = None
    """of the package; None: of a cancellation"""
    paid_by: PaidBy = PaidBy.DEBIT
    """of a cancellation: without meaning"""
    effective: date | None = None
    """first day; of a downgrade and a cancellation the first day of a month: of the smaller package, without any"""
    is_trial: bool = False
    buyer_reference: str = ""


def checked_wish(order: Order, wish: OrderWish, *, today: date) -> dict[str, Any]:
    """Return the columns of an order (which names its parties, its kind, its contract) as it is wished.

    Raises: NotFound for a package that does not exist; RuleBroken with the field that is wrong.
    """
    check_parties(order, today=today)
    contract = None if order.contract_id is None else contract_to_change(order, order.kind)
    earliest = None if contract is None or order.kind is not OrderKind.CANCEL else earliest_end(contract, today)
    check_effective(order.kind, wish.effective, today=today, earliest_end=earliest)
    if order.kind is OrderKind.CANCEL and contract is not None:
        return {"package_version": None, "paid_by": contract.paid_by, "effective": wish.effective or earliest, "is_trial": False}
    if wish.paid_by not in WAYS:
        raise RuleBroken(N_("An order cannot be paid like that."), field="paid_by")
    if wish.paid_by is PaidBy.PAYPAL and not takes_paypal(order.seller_id):
        raise RuleBroken(
            N_("{seller} does not take PayPal."),
            N_("Choose another way to pay."),
            field="paid_by",
            seller=order.seller.legal_name,
        )
    if wish.is_trial and order.kind is not OrderKind.NEW:
        raise RuleBroken(N_("Only a new contract begins with a trial."), field="is_trial")
    version = _version(wish.version_id, today)
    if contract is not None:
        _check_size(contract, version, order.kind)
    edges_on(line_of(order.customer, seller_id=order.seller_id), version.id, today)
    return {
        "package_version": version.id,
        "paid_by": wish.paid_by,
        "effective": wish.effective,
        "is_trial": wish.is_trial,
        "buyer_reference": clean_text(wish.buyer_reference, field="buyer_reference", longest=REFERENCE_LENGTH),
    }


def check_parties(order: Order, *, today: date) -> None:
    """Raise RuleBroken where the parties of an order cannot have one: ended, moved away, in arrears, unable to send invoices."""
    customer, seller = order.customer, order.seller
    if customer.ended_at is not None:
        raise RuleBroken(N_("This customer has ended."), N_("Take it up again first."))
    if customer.parent_id != order.reseller_id:
        raise RuleBroken(N_("The customer has gone to another reseller."), N_("Withdraw the order."))
    if not (customer.street and customer.postal_code and customer.city):
        raise RuleBroken(N_("The address of {party} is not complete."), N_("Enter it first."), party=customer.legal_name)
    if not (seller.tax_number or seller.vat_id):
        raise RuleBroken(
            N_("{seller} has neither a tax number nor a VAT id, so it cannot send invoices."),
            N_("Enter one with the data of the party."),
            seller=seller.legal_name,
        )
    if order.kind not in _NOT_BLOCKED:
        standing.check_may_order(order.customer_id, order.seller_id, today)


def contract_to_change(order: Order, kind: OrderKind) -> Contract:
    """Return the contract that an order changes or ends. Raises RuleBroken where that cannot be."""
    contract = Contract.get_or_none((Contract.id == order.contract_id) & (Contract.customer == order.customer_id))
    if contract is None:
        raise NotFound(N_("There is no such contract."))
    if contract.state is ContractState.PENDING:
        raise RuleBroken(N_("The contract {number} waits for its first payment."), number=contract.number)
    if contract.state is ContractState.ENDED:
        raise RuleBroken(N_("The contract {number} has ended."), number=contract.number)
    if contract.ends is not None:
        raise RuleBroken(N_("The contract {number} ends on {day} already."), number=contract.number, day=contract.ends)
    if contract.state is ContractState.PAUSED and kind is not OrderKind.CANCEL:
        raise RuleBroken(N_("The backup of {number} is paused."), N_("What is overdue is paid first."), number=contract.number)
    return contract


def earliest_end(contract: Contract, received: date) -> date:
    """Return the day after the last of a contract that is cancelled on a day; a trial is over with its free days."""
    item = last_item(contract.id)
    if item is not None and item.free_until is not None and received < item.free_until:
        return item.free_until
    return notice_end(received, contract.notice_months)


def _version(version_id: int | None, today: date) -> PackageVersion:
    version = PackageVersion.get_or_none(PackageVersion.id == version_id)
    if version is None:
        raise NotFound(N_("There is no such package."))
    begun = (PackageVersion.package == version.package_id) & (PackageVersion.valid_from <= today)
    current: PackageVersion | None = PackageVersion.select().where(begun).order_by(PackageVersion.valid_from.desc()).first()
    if current is None or current.id != version.id:
        raise RuleBroken(
            N_("This is not what {package} includes today."),
            N_("Choose the package again."),
            field="version_id",
            package=version.package.name,
        )
    return current


def _check_size(contract: Contract, version: PackageVersion, kind: OrderKind) -> None:
    item = last_item(contract.id)
    if item is None:
        raise RuleBroken(N_("The contract {number} waits for its first payment."), number=contract.number)
    now, then = item.package_version, version
    if then.id == now.id:
        raise RuleBroken(N_("The customer has this package already."), field="version_id")
    smaller = then.included_gb < now.included_gb
    if smaller is not (kind is OrderKind.DOWNGRADE) and then.included_gb != now.included_gb:
        raise RuleBroken(
            N_("{package} includes {gb} GB, the present one {present} GB: that is another kind of change."),
            N_("A smaller one is a downgrade, a larger one an upgrade."),
            field="version_id",
            package=then.package.name,
            gb=then.included_gb,
            present=now.included_gb,
        )


def parties_of(customer: Party, contract: Contract | None) -> dict[str, int]:
    """Return the columns of an order that name its parties."""
    line = line_of(customer, seller_id=None if contract is None else contract.seller_id)
    return {
        "customer": line.customer_id,
        "reseller": line.reseller_id,
        "seller": line.seller_id,
        "distributor": line.distributor_id,
    }
