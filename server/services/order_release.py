"""The distributor releases or rejects what is signed. A release makes the contract, freezes its prices, asks for the money."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from server.domain.addresses import clean_text
from server.domain.bank_days import next_bank_day
from server.domain.contract import ContractState
from server.domain.errors import RuleBroken
from server.domain.invoice import PaidBy
from server.domain.mandate import due_day
from server.domain.order import OrderKind, OrderState, OrderStep, first_day, needs_payment
from server.domain.order_mark import Part, Verdict
from server.domain.prices import Asked
from server.domain.sentence import N_
from server.language import ZONE
from server.models.base import database
from server.models.contract import AgreedPrice, Contract, ContractItem, Mandate
from server.models.order import Order, Scan, ScanSheet
from server.services import first_invoice, numbers, order_letters, standing
from server.services.activation import fulfil
from server.services.contract_items import end_items, last_item
from server.services.order_mandate import is_new, is_valid
from server.services.order_rules import check_parties, contract_to_change, earliest_end
from server.services.order_sheets import verdict_now
from server.services.order_steps import check_revision, lock, take
from server.services.ordered import Edge, edges_on, line_of
from server.services.orders import order_to_release
from server.services.paper_store import stored_paper
from server.services.scope import Actor, hold
from server.services.terms import terms_of

REASON_LENGTH = 500


@dataclass(frozen=True, slots=True)
class Released:
    """What became of an order."""

    state: OrderState
    contract_id: int
    contract_number: str


def reject(actor: Actor, order_id: int, reason: str, *, revision: int, now: datetime) -> None:
    """Send an order back to its reseller, with a reason. Raises NotFound, NotAllowed, Conflict, RuleBroken."""
    told = clean_text(reason, field="reason", longest=REASON_LENGTH)
    if not told:
        raise RuleBroken(N_("Say why, so that the reseller can put it right."), field="reason")
    with database.atomic():
        order_to_release(actor, order_id)
        order = lock(order_id)
        check_revision(order, revision)
        order_letters.tell_rejected(take(order, OrderStep.REJECT, now=now, actor=actor, note=told, reason=told), now=now)


def release(actor: Actor, order_id: int, *, revision: int, today: date, now: datetime) -> Released:
    """Let an order be carried out: at once where nothing is to be paid first, else when the first payment has arrived.

    The customer pays what it has signed; further up holds what is asked today.
    Raises: NotFound, NotAllowed, Conflict; RuleBroken where something stands against it, which is named.
    """
    with database.atomic():
        order_to_release(actor, order_id)
        order = lock(order_id)
        check_revision(order, revision)
        order = take(order, OrderStep.RELEASE, now=now, actor=actor, released_at=now)
        hold(order.customer_id)
        match order.kind:
            case OrderKind.NEW:
                order = _begin(order, today=today, now=now)
            case OrderKind.CANCEL:
                order = _cancel(order, now=now)
            case _:
                order = _change(order, today=today, now=now)
        order_letters.tell_released(order, now=now)
        contract = Contract.get_by_id(order.contract_id)
        return Released(order.state, contract.id, contract.number)


def _begin(order: Order, *, today: date, now: datetime) -> Order:
    check_parties(order, today=today)
    _let_mandate_be_valid(order, today=today, now=now)
    paper = stored_paper(order)
    year = now.astimezone(ZONE).year
    operator_id = line_of(order.customer, seller_id=order.seller_id).operator_id
    number = f"V-{year}-{numbers.draw(operator_id, f'contract-{year}'):05}"
    contract = Contract.create(
        customer=order.customer_id, seller=order.seller_id, number=number, repository=number.lower(), state=ContractState.PENDING,
        paid_by=order.paid_by, mandate=order.mandate_id, buyer_reference=order.buyer_reference, created_at=now,
        notice_months=terms_of(order.seller_id).notice_months if paper is None else paper.notice_months,
    )  # fmt: skip
    Order.update(contract=contract.id).where(Order.id == order.id).execute()
    order = _agree(Order.get_by_id(order.id), contract, today=today)
    if not order.is_trial:
        return _charge(order, today=today, now=now)
    starts = max(order.effective or today, today)
    free_until = starts + timedelta(days=terms_of(order.seller_id).trial_days)
    ContractItem.update(free_until=free_until).where(ContractItem.id == order.item_id).execute()
    return fulfil(order, starts=starts, now=now)


def _change(order: Order, *, today: date, now: datetime) -> Order:
    contract = contract_to_change(order, order.kind)
    _let_mandate_be_valid(order, today=today, now=now)
    values = {"paid_by": order.paid_by, "mandate": order.mandate_id, "buyer_reference": order.buyer_reference}
    Contract.update(**values, version=Contract.version + 1).where(Contract.id == contract.id).execute()
    before = last_item(contract.id)
    order = _agree(order, contract, today=today)
    if before is not None and before.free_until is not None and before.free_until > today:
        ContractItem.update(free_until=before.free_until).where(ContractItem.id == order.item_id).execute()
    good = standing.is_in_good_standing(order.customer_id, order.seller_id, today)
    if needs_payment(order.kind, is_in_good_standing=good):
        return _charge(order, today=today, now=now)
    starts = first_day(order.kind, order.effective, released=today)
    return fulfil(order, starts=max(starts, contract.starts or starts), now=now)


def _cancel(order: Order, *, now: datetime) -> Order:
    contract = contract_to_change(order, order.kind)
    received = (order.signed_at or now).astimezone(ZONE).date()
    earliest = earliest_end(contract, received)
    ends = max(order.effective or earliest, earliest)
    Contract.update(ends=ends, version=Contract.version + 1).where(Contract.id == contract.id).execute()
    end_items(contract.id, ends)
    order = take(order, OrderStep.FULFIL, now=now, effective=ends)
    order_letters.tell_fulfilled(order, starts=ends - timedelta(days=1), now=now)
    return order


def _agree(order: Order, contract: Contract, *, today: date) -> Order:
    """Freeze the prices of an order on every edge, and return it with its item."""
    paper = stored_paper(order)
    if paper is None or order.package_version_id is None:
        raise RuleBroken(N_("This order is not printed yet."), N_("Print it first."))
    signed = Asked(paper.packages[0].base, paper.packages[0].overage)
    *above, last = edges_on(line_of(order.customer, seller_id=order.seller_id), order.package_version_id, today)
    item = ContractItem.create(contract=contract.id, package_version=order.package_version_id)
    for edge in (*above, Edge(last.seller_id, last.buyer_id, signed)):
        AgreedPrice.create(
            item=item.id, seller=edge.seller_id, buyer=edge.buyer_id, base=edge.asked.base, overage=edge.asked.overage
        )
    Order.update(item=item.id).where(Order.id == order.id).execute()
    agreed: Order = Order.get_by_id(order.id)
    return agreed


def _charge(order: Order, *, today: date, now: datetime) -> Order:
    """Issue the first invoice and wait for it to be paid; where it comes to nothing, carry the order out."""
    starts, due = _planned(order, today)
    receivable_id = first_invoice.issue_first(order, starts=starts, due=due, now=now)
    if receivable_id is None:
        return fulfil(order, starts=starts, now=now)
    order = take(order, OrderStep.CHARGE, now=now)
    order_letters.ask_for_payment(order, receivable_id, now=now)
    return order


def _planned(order: Order, today: date) -> tuple[date, date]:
    """Return the planned first day, and when the first payment is due."""
    wished = max(order.effective or today, today)
    if order.paid_by is PaidBy.DEBIT and order.mandate is not None:
        due = next_bank_day(max(wished, due_day(today, order.mandate.prenotification_days)))
        return due, due
    return wished, today + timedelta(days=terms_of(order.seller_id).payment_days)


def _let_mandate_be_valid(order: Order, *, today: date, now: datetime) -> None:
    """Let the mandate that was signed with an order be used from now on; one that existed must still be valid."""
    mandate = order.mandate
    if mandate is None:
        return
    if is_new(mandate):
        signed_on = (order.signed_at or now).astimezone(ZONE).date()
        values = {"signed_on": signed_on, "valid_from": now, "evidence": _evidence(order)}
        Mandate.update(**values).where(Mandate.id == mandate.id).execute()
    elif not is_valid(mandate, today):
        raise RuleBroken(
            N_("The mandate {reference} is not valid any more."),
            N_("Reject the order; once it is edited, a new mandate is printed with it."),
            reference=mandate.reference,
        )


def _evidence(order: Order) -> str:
    """Return the file with the signed mandate; empty where somebody has it on paper."""
    rows = ScanSheet.select(ScanSheet, Scan).join(Scan)
    found = rows.where((ScanSheet.order == order.id) & (ScanSheet.part == Part.MANDATE)).order_by(ScanSheet.id.desc())
    return next((row.scan.file for row in found if verdict_now(order, row) is Verdict.CURRENT), "")
