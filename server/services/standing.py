"""Who is in arrears with whom, and what follows for orders. What is open decides, nothing is remembered of it.

Something is overdue when more is open between two parties than is kept for the debtor, from the day after it fell due (or, of a
debit that came back, from the day on which it did).
"""

from datetime import date, timedelta

from server.domain.arrears import ArrearsSchedule, ArrearsStep, step_on
from server.domain.errors import RuleBroken
from server.domain.sentence import N_
from server.models.money import Receivable
from server.models.party import Party
from server.models.terms import SellerTerms
from server.services import ledger
from server.services.terms import terms_of


def schedule_of(terms: SellerTerms) -> ArrearsSchedule:
    """Return after how many days a seller takes which step."""
    return ArrearsSchedule(terms.reminder_days, terms.blocked_days, terms.paused_days, terms.ended_days, terms.kept_days)


def overdue_since(debtor_id: int, creditor_id: int) -> date | None:
    """Return the first day on which something of a debtor's is overdue with a creditor, be it to come; None: nothing is open.

    What is kept for the debtor, and payments that it made too much, stand against what fell due first.
    """
    return first_overdue(ledger.open_between(creditor_id, debtor_id))


def first_overdue(rows: tuple[Receivable, ...]) -> date | None:
    """Return from when what is open between two parties is overdue; see ``overdue_since``."""
    credit = -sum(row.open_cents for row in rows if row.open_cents < 0)
    days = []
    for row in rows:
        if row.open_cents > 0:
            credit -= row.open_cents
            if credit < 0:
                days.append(row.overdue_since or row.due + timedelta(days=1))
    return min(days, default=None)


def step_of(debtor_id: int, creditor_id: int, day: date) -> ArrearsStep:
    """Return what holds for a debtor on a day, by its creditor's schedule."""
    return step_on(overdue_since(debtor_id, creditor_id), day, schedule_of(terms_of(creditor_id)))


def is_in_good_standing(customer_id: int, seller_id: int, day: date) -> bool:
    """Say whether nothing of a customer is overdue with its seller."""
    since = overdue_since(customer_id, seller_id)
    return since is None or day < since


def check_may_order(customer_id: int, seller_id: int, day: date) -> None:
    """Raise RuleBroken where new orders are blocked: by what the customer owes its seller, or somebody above owes further up."""
    if _is_blocked(customer_id, seller_id, day):
        raise RuleBroken(
            N_("Something that {customer} owes {seller} is overdue; nothing new can be ordered until it is paid."),
            N_("Backups go on as the contract says. Once it is paid, order again."),
            customer=Party.get_by_id(customer_id).legal_name,
            seller=Party.get_by_id(seller_id).legal_name,
        )
    customer: Party = Party.get_by_id(customer_id)
    debtor = customer.parent
    while debtor is not None and debtor.parent is not None:
        if _is_blocked(debtor.id, debtor.parent_id, day):
            raise RuleBroken(
                N_("New orders are blocked: an invoice between the sellers is overdue."),
                N_("Ask your distributor. Customers who pay are served as ever."),
            )
        debtor = debtor.parent


def _is_blocked(debtor_id: int, creditor_id: int | None, day: date) -> bool:
    if creditor_id is None:
        return False
    return step_of(debtor_id, creditor_id, day) in {
        ArrearsStep.ORDERS_BLOCKED, ArrearsStep.BACKUP_PAUSED, ArrearsStep.ENDED,
    }  # fmt: skip
