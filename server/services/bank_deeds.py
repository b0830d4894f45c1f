"""What follows from the decisions about bank messages, in the rows. Within the transaction of the message, or of a person."""

from collections.abc import Iterable
from datetime import date, datetime

from server.domain.banking import DebitState, ReturnDecision
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.matching import Charged, Decision, Paid, Rejected, Returned, Unmatched
from server.domain.settlement import Item, ItemState, Known, Share
from server.models.bank import AnnouncedDebit, BankFile, CollectionItem, DebitReturn, QueuedBooking
from server.models.money import Receivable
from server.services import activation, ledger, money_letters, numbers
from server.services.bank_known import item_of, read_shares, write_shares
from server.services.ledger import Owing

SERIES_CREDIT, SERIES_CHARGE = "credit", "bank-charge"


def do(creditor_id: int, booked: date, decisions: Iterable[Decision], *, now: datetime) -> tuple[Unmatched, ...]:
    """Do what was decided of a booking. Returns what a person has to look at."""
    waits: list[Unmatched] = []
    for one in decisions:
        if isinstance(one, Unmatched):
            waits.append(one)
        elif isinstance(one, Paid):
            pay(creditor_id, one, booked, now=now)
        elif isinstance(one, Returned):
            give_back(creditor_id, one, booked, now=now)
        elif isinstance(one, Charged):
            _charge(creditor_id, one.debtor, one.cents, one.end_to_end_id, booked, now)
    return tuple(waits)


def pay(creditor_id: int, paid: Paid, booked: date, *, now: datetime) -> None:
    """Book what came, keep for the debtor what nothing is open for, and let begin what waited for it."""
    kind = EntryKind.DEBIT if paid.end_to_end_id else EntryKind.TRANSFER
    ledger.pay(paid.shares, kind, booked_on=booked, source=paid.key, now=now)
    if paid.excess:
        _issue((creditor_id, paid.debtor), ReceivableKind.CREDIT, -paid.excess, booked=booked, reason=paid.end_to_end_id, now=now)
    if paid.end_to_end_id:
        _answer(creditor_id, paid.end_to_end_id, ItemState.PAID, paid.shares)
    ids = [int(share.receivable) for share in paid.shares]
    Receivable.update(is_held=False, overdue_since=None).where(Receivable.id.in_(ids) & (Receivable.open_cents <= 0)).execute()
    activation.payments_arrived(ids, day=booked, now=now)


def give_back(creditor_id: int, returned: Returned, booked: date, *, now: datetime) -> None:
    """Open again what a debit had paid, held until somebody decides; the bank's charge becomes a claim. The debtor is told."""
    item = _answer(creditor_id, returned.end_to_end_id, ItemState.RETURNED, ())
    ids = [int(share.receivable) for share in returned.shares]
    for share in returned.shares:
        ledger.book(
            int(share.receivable), EntryKind.RETURNED, share.cents, booked_on=booked, source=returned.key, now=now,
            note=returned.code,
        )  # fmt: skip
    Receivable.update(is_held=True, overdue_since=booked).where(Receivable.id.in_(ids)).execute()
    if returned.excess:
        _take_back_credit(creditor_id, returned, booked, now)
    if returned.charge:
        ids.append(_charge(creditor_id, returned.debtor, returned.charge, returned.end_to_end_id, booked, now))
    DebitReturn.create(
        item=item.id, key=returned.key, code=returned.code, cents=returned.cents, charge=returned.charge, booked=booked,
        decision=ReturnDecision.OPEN,
    )  # fmt: skip
    if ids:
        money_letters.tell_returned(tuple(Receivable.select().where(Receivable.id.in_(ids)).order_by(Receivable.id)), now=now)


def reject(creditor_id: int, rejected: Rejected) -> None:
    """Note that the bank will not collect a debit: what it was for is held until somebody decides."""
    item = _answer(creditor_id, rejected.end_to_end_id, ItemState.REJECTED, ())
    ids = [int(share.receivable) for share in read_shares(item.shares)]
    Receivable.update(is_held=True).where(Receivable.id.in_(ids)).execute()


def unqueue(account: str, key: str) -> None:
    """Take a booking out of the queue of what waits for a person."""
    QueuedBooking.delete().where((QueuedBooking.account == account) & (QueuedBooking.key == key)).execute()


def items_of_file(message_id: str) -> tuple[Item, ...]:
    """Return the debits of a file for the bank."""
    rows = CollectionItem.select(CollectionItem, BankFile).join(BankFile).where(BankFile.message_id == message_id)
    return tuple(item_of(row) for row in rows.order_by(CollectionItem.id))


def known_items(creditor_id: int, items: tuple[Item, ...]) -> Known:
    """Return what has to be known about a report on debits."""
    return Known(str(creditor_id), items)


def _answer(creditor_id: int, end_to_end_id: str, state: ItemState, settled: tuple[Share, ...]) -> CollectionItem:
    mine = (CollectionItem.creditor == creditor_id) & (CollectionItem.end_to_end_id == end_to_end_id)
    item: CollectionItem = CollectionItem.get(mine)
    CollectionItem.update(state=state, settled=write_shares(settled)).where(CollectionItem.id == item.id).execute()
    AnnouncedDebit.update(state=DebitState.OVER).where(AnnouncedDebit.id == item.debit_id).execute()
    return item


def _take_back_credit(creditor_id: int, returned: Returned, booked: date, now: datetime) -> None:
    """Take what had been kept from a debit; where it was used meanwhile, the debtor owes it."""
    mine = (
        (Receivable.creditor == creditor_id)
        & (Receivable.debtor == returned.debtor)
        & (Receivable.kind == ReceivableKind.CREDIT)
        & (Receivable.reason == returned.end_to_end_id)
    )
    credit = Receivable.select().where(mine).order_by(Receivable.id.desc()).get()
    ledger.book(credit.id, EntryKind.RETURNED, returned.excess, booked_on=booked, source=returned.key, now=now)
    Receivable.update(is_held=True, overdue_since=booked).where(Receivable.id == credit.id).execute()


def _charge(creditor_id: int, debtor_id: int, cents: int, end_to_end_id: str, booked: date, now: datetime) -> int:
    made = _issue((creditor_id, debtor_id), ReceivableKind.BANK_CHARGE, cents, booked=booked, reason=end_to_end_id, now=now)
    Receivable.update(is_held=True, overdue_since=booked).where(Receivable.id == made).execute()
    return made


def _issue(edge: tuple[int, int], kind: ReceivableKind, cents: int, *, booked: date, reason: str, now: datetime) -> int:
    """Enter a credit or a charge; ``edge`` is creditor and debtor, ``reason`` the debit that it is about."""
    creditor_id, debtor_id = edge
    letter, series = ("G", SERIES_CREDIT) if kind is ReceivableKind.CREDIT else ("B", SERIES_CHARGE)
    number = f"{letter}-{booked.year}-{numbers.draw(creditor_id, f'{series}-{booked.year}'):05}"
    return ledger.issue(Owing(creditor_id, debtor_id, kind, number, cents, booked, booked, reason=reason), now=now)
