"""What binds a customer: contracts that run, orders under way, money that is owed."""

from datetime import date

from server.domain.contract import ContractState
from server.domain.errors import RuleBroken
from server.domain.order import OrderState
from server.domain.sentence import N_
from server.models.contract import Contract
from server.models.money import Receivable
from server.models.order import Order


def refuse_while_served(customer_id: int, *, today: date) -> None:
    """Raise RuleBroken while a contract of the customer runs or an order is under way."""
    goes_on = (Contract.state != ContractState.ENDED) & (Contract.ends.is_null() | (Contract.ends > today))
    contract = Contract.get_or_none((Contract.customer == customer_id) & goes_on)
    if contract is not None:
        raise RuleBroken(N_("The contract {number} still runs."), N_("Cancel it, and wait for its end."), number=contract.number)
    over = [state for state in OrderState if state.is_over]
    order = Order.get_or_none((Order.customer == customer_id) & Order.state.not_in(over))
    if order is not None:
        raise RuleBroken(N_("The order {number} is under way."), N_("Withdraw it first."), number=order.number)


def refuse_while_owing(customer_id: int) -> None:
    """Raise RuleBroken while something is open between the customer and a creditor, whoever owes it."""
    row = Receivable.get_or_none((Receivable.debtor == customer_id) & (Receivable.open_cents != 0))
    if row is not None:
        raise RuleBroken(N_("{number} is not settled yet."), N_("Settle what is open first."), number=row.number)
