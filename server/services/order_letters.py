"""Mails about orders, each in its recipient's language. They say what is true when they are written."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.invoice import PaidBy
from server.domain.order import OrderKind
from server.domain.rights import Right, rights_of
from server.domain.sentence import N_
from server.language import LANGUAGES, money, say, speaking, translate
from server.models.contract import Contract
from server.models.customer import Contact
from server.models.money import Receivable
from server.models.order import Order
from server.models.party import Party
from server.models.people import Membership, User
from server.services import letters, links, mails, pay_links
from server.services.ordered import ordered_version


@dataclass(frozen=True, slots=True)
class _Reader:
    """Somebody who gets a mail."""

    email: str
    language: str
    party_id: int


def tell_signed(order: Order, *, now: datetime) -> None:
    """Tell the distributor that an order is signed and waits for the release."""
    for reader in _people(order.distributor, Right.RELEASE_ORDERS):
        with speaking(reader.language):
            subject = say(N_("Order {number} of {customer} waits for its release"), **_facts(order))
            paragraphs = (
                say(N_("{reseller} has brought in the signed order {number} of {customer}: {what}."), **_facts(order)),
                translate(N_("Look at it, then release or reject it:")),
                links.order_link(order.id),
            )
        _post(reader, subject, paragraphs, now=now)


def tell_released(order: Order, *, now: datetime) -> None:
    """Tell the reseller that an order is released."""
    _tell_reseller(
        order,
        N_("Order {number} of {customer} is released"),
        N_("{distributor} has released the order {number} of {customer}: {what}."),
        now=now,
    )


def tell_rejected(order: Order, *, now: datetime) -> None:
    """Tell the reseller that an order is rejected, and why."""
    _tell_reseller(
        order,
        N_("Order {number} of {customer} is rejected"),
        N_("{distributor} has rejected the order {number} of {customer}: {reason}"),
        N_("Edit it and let it be signed again, or withdraw it:"),
        now=now,
    )


def tell_expired(order: Order, *, now: datetime) -> None:
    """Tell the reseller that an order has waited for too long."""
    _tell_reseller(
        order,
        N_("Order {number} of {customer} has expired"),
        N_("The order {number} of {customer} has waited for too long and has expired: {what}."),
        N_("If the customer still wants it, draw up a new one:"),
        now=now,
    )


def ask_for_payment(order: Order, receivable_id: int, *, now: datetime) -> None:
    """Tell the customer what is to be paid first, how and when: of a debit, this announces it."""
    owed = Receivable.get_by_id(receivable_id)
    is_charged = pay_links.pays_by_itself(owed.creditor_id, owed.debtor_id)
    page = pay_links.pay_link(receivable_id, now=now) if order.paid_by is PaidBy.PAYPAL and not is_charged else ""
    if page:
        pay_links.note_mailed(receivable_id, now=now)
    for reader in money_readers(order.customer):
        with speaking(reader.language):
            facts = _facts(order) | {
                "amount": money(owed.open_cents),
                "due": owed.due,
                "invoice": owed.number,
                "page": page,
                "is_charged": is_charged,
            }
            subject = say(N_("Your order {number}: the first payment"), **facts)
            paragraphs = (
                say(
                    N_("Your order {number} is released: {what}. It begins by itself when the first payment has arrived."),
                    **facts,
                ),
                say(N_("Invoice {invoice}: {amount}."), **facts),
                *_how_to_pay(order, facts),
                links.login_link(),
            )
        _post(reader, subject, paragraphs, now=now)


def tell_fulfilled(order: Order, *, starts: date, now: datetime) -> None:
    """Tell the customer and its reseller that an order is fulfilled, and what comes next."""
    contract = Contract.get_by_id(order.contract_id)
    begins = order.kind is OrderKind.NEW
    subject_of, said = _FULFILLED[order.kind]
    for reader in (*money_readers(order.customer), *_people(order.reseller, Right.MANAGE_ORDERS)):
        with speaking(reader.language):
            facts = _facts(order) | {"contract": contract.number, "day": starts}
            subject, paragraphs = say(subject_of, **facts), [say(said, **facts)]
            if begins and reader.party_id == order.customer_id:
                paragraphs += [
                    _three_steps(),
                    say(N_("Your contract, its invoices and its payments: {link}"), link=links.login_link()),
                ]
            else:
                paragraphs.append(links.order_link(order.id))
        _post(reader, subject, paragraphs, now=now)


_FULFILLED = {
    OrderKind.NEW: (
        N_("The online backup is active: contract {contract}"),
        N_("The contract {contract} of {customer} is active: {package}, from {day} on."),
    ),
    OrderKind.UPGRADE: (
        N_("Contract {contract}: another package from {day}"),
        N_("The contract {contract} of {customer} changes to {package} on {day}."),
    ),
    OrderKind.DOWNGRADE: (
        N_("Contract {contract}: another package from {day}"),
        N_("The contract {contract} of {customer} changes to {package} on {day}."),
    ),
    OrderKind.CANCEL: (
        N_("Contract {contract} is cancelled"),
        N_(
            "The contract {contract} of {customer} ends; {day} is its last day. Until then backups go on. Afterwards they can "
            "still be restored for at least 30 days, and the deletion is announced twice beforehand."
        ),
    ),
}


def _three_steps() -> str:
    steps = (
        say(N_("1. Download the program: {link}"), link=links.download_link()),
        translate(N_("2. Install it on each computer that is to be saved.")),
        translate(N_("3. Begin a backup set, and print the recovery sheet. Nobody but you can open your data.")),
    )
    return "\n".join((translate(N_("Three steps to the first backup:")), *steps))


def _how_to_pay(order: Order, facts: dict[str, object]) -> Iterable[str]:
    match order.paid_by:
        case PaidBy.DEBIT if order.mandate is not None:
            mandate = facts | {
                "reference": order.mandate.reference,
                "creditor": order.seller.creditor_id,
                "last": order.mandate.iban[-4:],
            }
            yield say(
                N_(
                    "{seller} (creditor identifier {creditor}) debits it on {due} by the mandate {reference} from the account "
                    "ending in {last}. You need not do anything."
                ),
                **mandate,
            )
        case PaidBy.PAYPAL if facts["page"]:
            yield say(N_("Please pay it by PayPal until {due} on this page: {page}"), **facts)
        case PaidBy.PAYPAL if facts["is_charged"]:
            yield say(N_("{seller} charges it to your PayPal account on {due}. You need not do anything."), **facts)
        case _:
            yield say(
                N_("Please transfer it to {seller} until {due}, and name {invoice}. The account stands on the invoice."), **facts
            )


def _tell_reseller(order: Order, subject_of: str, said: str, then: str = "", *, now: datetime) -> None:
    for reader in _people(order.reseller, Right.MANAGE_ORDERS):
        with speaking(reader.language):
            subject = say(subject_of, **_facts(order))
            paragraphs = (say(said, **_facts(order)), *filter(None, (translate(then),)), links.order_link(order.id))
        _post(reader, subject, paragraphs, now=now)


def _facts(order: Order) -> dict[str, object]:
    version = ordered_version(order.package_version_id)
    package = "" if version is None else version.name
    what = f"{translate(order.kind.label)}, {package}" if package else translate(order.kind.label)
    return {
        "number": order.number, "customer": order.customer.legal_name, "reseller": order.reseller.legal_name, "what": what,
        "distributor": order.distributor.legal_name, "seller": order.seller.legal_name, "package": package,
        "reason": order.reason,
    }  # fmt: skip


def _people(party: Party, right: Right) -> tuple[_Reader, ...]:
    """Return those of a party's people who may do something."""
    rows = Membership.select(Membership, User).join(User).where((Membership.party == party.id) & User.disabled_at.is_null())
    return tuple(
        _Reader(row.user.email, row.user.language, party.id)
        for row in rows.order_by(Membership.id)
        if right in rights_of(party.kind, row.role)
    )


def money_readers(customer: Party) -> tuple[_Reader, ...]:
    """Return whom a customer's mails go to, each address once: who sees its money here; else its contacts; else itself."""
    people = _people(customer, Right.SEE_MONEY)
    if people:
        return people
    contacts = [
        row.email for row in Contact.select().where((Contact.party == customer.id) & (Contact.email != "")).order_by(Contact.id)
    ]
    addresses = contacts or ([customer.email] if customer.email else [])
    return tuple(_Reader(address, LANGUAGES[0], customer.id) for address in dict.fromkeys(addresses))


def _post(reader: _Reader, subject: str, paragraphs: Iterable[str], *, now: datetime) -> None:
    with speaking(reader.language):
        text = letters.whole(*paragraphs)
    mails.queue(to=reader.email, subject=subject, text=text, language=reader.language, party_id=reader.party_id, now=now)
