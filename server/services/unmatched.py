"""A payment that nothing could be decided about, given by a person to what it pays. What is left of it is kept for the debtor."""

from datetime import datetime

from server.domain.actions import Action
from server.domain.errors import NotFound, RuleBroken
from server.domain.matching import Unmatched, Why, assign
from server.domain.rights import Right
from server.domain.sentence import N_
from server.domain.settlement import Share
from server.models.bank import QueuedBooking, QueuedPart
from server.models.base import database
from server.models.money import Receivable
from server.services import audit, bank_deeds, ledger, statements
from server.services.scope import Actor, hold


def assign_by_number(actor: Actor, part_id: int, number: str, *, now: datetime) -> None:
    """Take a payment for what is owed under a number of the actor's; beyond it, the debtor's other open sums, then a credit.

    Raises NotFound, NotAllowed; RuleBroken for a number under which nothing is open, or where no money came.
    """
    actor.need(Right.MANAGE_MONEY)
    with database.atomic():
        hold(actor.party_id)
        part = _part(actor, part_id)
        wanted = Receivable.get_or_none((Receivable.creditor == actor.party_id) & (Receivable.number == number.strip()))
        if wanted is None or wanted.open_cents <= 0:
            raise RuleBroken(N_("Nothing is open under {number}."), field="number", number=number.strip())
        opened = [row for row in ledger.open_between(actor.party_id, wanted.debtor_id) if row.open_cents > 0]
        opened.sort(key=lambda row: row.id != wanted.id)
        shares, left = [], part.cents
        for row in opened:
            if (cents := min(left, row.open_cents)) > 0:
                shares.append(Share(str(row.id), cents))
                left -= cents
        unmatched = Unmatched(part.key, part.cents, Why(part.why))
        paid = assign(unmatched, wanted.debtor_id, shares, [ledger.as_open(row) for row in opened])
        booking = part.booking
        bank_deeds.pay(actor.party_id, paid, booking.booked, now=now)
        QueuedPart.delete().where(QueuedPart.id == part.id).execute()
        is_last = not QueuedPart.select().where(QueuedPart.booking == booking.id).exists()
        statements.remember(booking.account, {part.key, booking.key} if is_last else {part.key})
        if is_last:
            bank_deeds.unqueue(booking.account, booking.key)
        details = {"number": wanted.number}
        about = ("receivable", wanted.id)
        audit.record(actor, Action.PAYMENT_ASSIGNED, now=now, party_id=actor.party_id, subject=about, details=details)


def _part(actor: Actor, part_id: int) -> QueuedPart:
    mine = (QueuedPart.id == part_id) & (QueuedBooking.creditor == actor.party_id)
    part: QueuedPart | None = QueuedPart.select(QueuedPart, QueuedBooking).join(QueuedBooking).where(mine).first()
    if part is None:
        raise NotFound(N_("There is no such booking."))
    return part
