"""What becomes of contracts whose customer owes something: once a day, and at once when a payment arrives.

A contract is in the state that the oldest overdue debt demands; who pays is back where he was. What has ended stays ended.
"""

from collections.abc import Iterator
from datetime import date, datetime

from server.domain.actions import Action
from server.domain.arrears import ArrearsStep, deletion_day
from server.domain.contract import ContractState
from server.models.base import database
from server.models.contract import Contract
from server.models.money import Receivable
from server.services import audit, contract_items, money_letters, standing
from server.services.terms import terms_of

_DEMANDED = {
    ArrearsStep.NONE: ContractState.ACTIVE,
    ArrearsStep.REMINDED: ContractState.ACTIVE,
    ArrearsStep.ORDERS_BLOCKED: ContractState.RESTRICTED,
    ArrearsStep.BACKUP_PAUSED: ContractState.PAUSED,
    ArrearsStep.ENDED: ContractState.ENDED,
}
_RUNNING = (ContractState.ACTIVE, ContractState.RESTRICTED, ContractState.PAUSED)


def apply_arrears(day: date, now: datetime) -> int:
    """Bring every running contract into the state that a day demands. Returns how many changed; a second call changes none."""
    return sum(refresh(customer_id, seller_id, day=day, now=now) for customer_id, seller_id in _edges())


def refresh(customer_id: int, seller_id: int, *, day: date, now: datetime) -> int:
    """Bring the running contracts between two parties into their state, and tell customer and reseller. Returns how many."""
    demanded = _DEMANDED[standing.step_of(customer_id, seller_id, day)]
    mine = (Contract.customer == customer_id) & (Contract.seller == seller_id) & Contract.state.in_(_RUNNING)
    with database.atomic():
        return sum(_lead(row, demanded, day, now) for row in Contract.select().where(mine).order_by(Contract.id))


def _lead(contract: Contract, demanded: ContractState, day: date, now: datetime) -> bool:
    if contract.state is demanded:
        return False
    values: dict[str, object] = {"state": demanded, "version": Contract.version + 1}
    deletion = None
    if demanded is ContractState.ENDED:
        values["ends"] = day
        deletion = deletion_day(day, standing.schedule_of(terms_of(contract.seller_id)))
    as_read = (Contract.id == contract.id) & (Contract.version == contract.version)
    if not Contract.update(**values).where(as_read).execute():
        return False  # somebody was quicker; the next look finds what is left to do
    if demanded is ContractState.ENDED:
        contract_items.end_items(contract.id, day)
        details = {"number": contract.number}
        audit.record(
            None,
            Action.CONTRACT_ENDED,
            now=now,
            party_id=contract.customer_id,
            subject=("contract", contract.id),
            details=details,
        )
    money_letters.tell_state(Contract.get_by_id(contract.id), deletion, now=now)
    return True


def _edges() -> Iterator[tuple[int, int]]:
    """Yield customer and seller of the contracts that may change: something is open between them, or they are restricted."""
    owing = Receivable.select(Receivable.debtor).where(Receivable.open_cents > 0)
    touched = (Contract.state == ContractState.ACTIVE) & Contract.customer.in_(owing)
    touched |= Contract.state.in_((ContractState.RESTRICTED, ContractState.PAUSED))
    rows = Contract.select(Contract.customer, Contract.seller).where(touched).distinct()
    yield from sorted({(row.customer_id, row.seller_id) for row in rows})
