"""The form of an order: its fields by kind of order, in the order of the paper form."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from server.domain.invoice import PaidBy
from server.domain.month import Month
from server.domain.order import OrderKind
from server.domain.sentence import N_
from server.language import a_day, a_number, a_price, say
from server.services.order_choices import Changeable, Choices, Sellable
from server.services.order_rules import REFERENCE_LENGTH, OrderWish
from server.services.orders import OrderPage
from server.web.days import read_day
from server.web.forms import Field, Form, number_sent

MONTHS_AHEAD = 12  # ends that are offered


def order_form(kind: OrderKind, choices: Choices, contract: Changeable | None, *, today: date) -> Form:
    """Return the form of an order of a kind; ``contract``: which it changes."""
    if kind is OrderKind.CANCEL and contract is not None:
        return Form((Field("effective", N_("Last day"), kind="choice", choices=tuple(_ends(contract.earliest_end))),))
    fields = [
        Field("version_id", N_("Package"), kind="choice", choices=tuple(_packages(fitting(kind, choices, contract)))),
        Field("paid_by", N_("Paid by"), kind="choice", choices=tuple((str(way), way.label) for way in choices.ways)),
        _start(kind, today),
    ]
    if kind is OrderKind.NEW:
        hint = say(N_("the first {days:day|days} cost nothing"), days=choices.trial_days)
        fields.append(Field("is_trial", N_("Begin with a trial"), kind="check", hint=hint))
    reference = N_("what the customer wants to read on invoices, such as an order number")
    fields.append(Field("buyer_reference", N_("Buyer's reference"), maximum=REFERENCE_LENGTH, autocomplete="off", hint=reference))
    return Form(fields, {"paid_by": str(contract.paid_by)} if contract is not None else {})


def wish_of(form: Form, kind: OrderKind) -> OrderWish:
    """Return what a form says. Raises RuleBroken for a day that is none."""
    said = form.values
    effective = read_day(said["effective"], field="effective") if said["effective"] else None
    if kind is OrderKind.CANCEL:
        return OrderWish(effective=effective)
    return OrderWish(
        version_id=number_sent(said, "version_id"),
        paid_by=PaidBy(said["paid_by"]),
        effective=effective,
        is_trial=bool(said.get("is_trial")),
        buyer_reference=said["buyer_reference"],
    )


def texts_of(order: OrderPage) -> dict[str, str]:
    """Return an order as its form holds it."""
    return {
        "version_id": str(order.ordered.version_id) if order.ordered else "",
        "paid_by": str(order.paid_by),
        "effective": order.effective.isoformat() if order.effective else "",
        "is_trial": "yes" if order.is_trial else "",
        "buyer_reference": order.buyer_reference,
    }


def fill(form: Form, texts: Mapping[str, str]) -> Form:
    """Let a form hold what is known, as far as it asks for it."""
    form.values.update({name: text for name, text in texts.items() if form.has(name)})
    return form


def fitting(kind: OrderKind, choices: Choices, contract: Changeable | None) -> tuple[Sellable, ...]:
    """Return the packages that an order of a kind can be of: of a change, the larger or the smaller ones."""
    if contract is None:
        return choices.packages
    present = contract.package
    others = [one for one in choices.packages if one.ordered.version_id != present.version_id]
    if kind is OrderKind.DOWNGRADE:
        return tuple(one for one in others if one.ordered.included_gb <= present.included_gb)
    return tuple(one for one in others if one.ordered.included_gb >= present.included_gb)


def _packages(offered: tuple[Sellable, ...]) -> Iterator[tuple[str, str]]:
    for one in offered:
        size = say(N_("{name}, {gb} GB"), name=one.ordered.name, gb=a_number(one.ordered.included_gb))
        price = say(N_("{price} a month"), price=a_price(one.asked.base)) if one.asked else ""
        yield str(one.ordered.version_id), " · ".join(filter(None, (size, price)))


def _start(kind: OrderKind, today: date) -> Field:
    if kind is OrderKind.DOWNGRADE:
        first = Month.of(today).end
        days = (("", a_day(first)), *((day.isoformat(), a_day(day)) for day in _firsts(first)))
        return Field("effective", N_("Holds from"), kind="choice", choices=days)
    hint = (
        N_("empty: as soon as the first payment has arrived") if kind is OrderKind.NEW else N_("empty: as soon as it is released")
    )
    return Field("effective", N_("Wished start"), kind="date", hint=hint, short=True)


def _ends(earliest: date) -> Iterator[tuple[str, str]]:
    yield "", say(N_("{day}, the earliest"), day=earliest - timedelta(days=1))
    for day in _firsts(earliest):
        yield day.isoformat(), a_day(day - timedelta(days=1))


def _firsts(after: date) -> Iterator[date]:
    """Return the first days of the months after a day."""
    day = Month.of(after).end
    for _ in range(MONTHS_AHEAD):
        yield day
        day = Month.of(day).end
