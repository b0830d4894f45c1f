"""The way of an order from the draft to the service that runs, and everything that stands in its way."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from peewee import Database

from server.domain.contract import ContractState
from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken, ServerError
from server.domain.invoice import PaidBy
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.listing import ListWish
from server.domain.order import OrderKind, OrderState, OrderStep
from server.domain.prices import Asked
from server.domain.rights import Role
from server.models.audit import AuditEntry
from server.models.contract import AgreedPrice, Contract, Mandate
from server.models.customer import BankAccount
from server.models.database import connected
from server.models.mail import OutgoingMail
from server.models.order import Order, OrderEvent
from server.models.party import Party
from server.services import ledger, order_drawing, order_expiry, order_paper, order_release, orders, prices
from server.services.order_rules import OrderWish
from server.services.paper_store import stored_paper
from tests.server.family import NOW, TREE, Family
from tests.server.services.order_world import (
    FIRST_DEBIT,
    IBANS,
    NEW_IBAN,
    World,
    contract_of,
    fresh,
    items_of,
    make_world,
    owed,
    pay,
)  # fmt: skip
from tests.server.services.shop import ALPHA_ASKS, NORTH_ASKS, OPERATOR_ASKS, TODAY, TOMORROW, euro

DECEMBER, MIDDLE, JANUARY = date(2026, 12, 1), date(2026, 12, 16), date(2027, 1, 1)


@pytest.fixture
def world(family: Family, tmp_path: Path) -> World:
    return make_world(family, tmp_path / "files")


def mails_to(address: str) -> list[str]:
    """Return the subjects of what was written to somebody."""
    return [mail.subject for mail in OutgoingMail.select().where(OutgoingMail.recipient == address).order_by(OutgoingMail.id)]


def cancel_first_invoice(order: Order) -> None:
    """Let nothing be owed for an order any more, as when its first invoice is cancelled."""
    receivable = owed(order)
    ledger.book(receivable.id, EntryKind.OFFSET, -receivable.open_cents, booked_on=TODAY, source="cancelled", now=NOW)


def test_a_new_order_becomes_a_service_without_a_click_after_the_release(world: World) -> None:
    """The way that everything else is a variant of."""
    for party in ("north", "alpha", "anna"):
        world.family.user(party)
    order = world.signed()
    order = world.release(order)

    assert order.state is OrderState.AWAITING_PAYMENT
    contract = contract_of(order)
    assert (contract.state, contract.starts, contract.number) == (ContractState.PENDING, None, "V-2026-00001")
    assert owed(order).due == FIRST_DEBIT

    pay(order, FIRST_DEBIT + timedelta(days=1))

    contract, (item,) = contract_of(order), items_of(contract)
    assert fresh(order.id).state is OrderState.FULFILLED
    assert (contract.state, contract.starts, item.starts) == (ContractState.ACTIVE, FIRST_DEBIT, FIRST_DEBIT)
    mandate = Mandate.get()
    assert (mandate.reference, mandate.signed_on, mandate.iban) == ("M-2026-00001", TODAY, IBANS["anna"])
    steps = [event.step for event in OrderEvent.select().order_by(OrderEvent.id)]
    assert steps == ["edit", "print", "sign", "release", "charge", "fulfil"]
    assert "Order A-2026-00001 of Anna GmbH waits for its release" in mails_to("owner@north.example")
    assert "Order A-2026-00001 of Anna GmbH is released" in mails_to("owner@alpha.example")
    assert mails_to("owner@anna.example") == [
        "Your order A-2026-00001: the first payment", "The online backup is active: contract V-2026-00001",
    ]  # fmt: skip


def test_prices_are_frozen_on_every_edge(world: World) -> None:
    """The customer pays what it signed, the levels above what is asked on the day of the release."""
    order = world.signed(paid_by=PaidBy.TRANSFER)
    later = TODAY + timedelta(days=31)
    for seller, asked in (("north", euro("8.90")), ("alpha", euro("14.00"))):
        prices.set_price(world.family.actor(seller), world.small, asked, later, today=TODAY, now=NOW)
    order = world.release(order, today=later)

    agreed = {
        (row.seller_id, row.buyer_id): Asked(row.base, row.overage)
        for row in AgreedPrice.select().where(AgreedPrice.item == order.item_id)
    }
    ids = world.family
    assert agreed == {
        (ids["operator"], ids["north"]): OPERATOR_ASKS,
        (ids["north"], ids["alpha"]): euro("8.90"),
        (ids["alpha"], ids["anna"]): ALPHA_ASKS,
    }


def test_an_agents_customer_buys_of_the_distributor(world: World) -> None:
    """Refused nowhere, and nobody but the distributor is the creditor."""
    order = world.signed("berta")
    order = world.release(order)
    ids = world.family

    assert order.seller_id == ids["north"]
    assert Mandate.get().creditor_id == ids["north"]
    agreed = {(row.seller_id, row.buyer_id): row.base for row in AgreedPrice.select()}
    assert agreed == {(ids["operator"], ids["north"]): OPERATOR_ASKS.base, (ids["north"], ids["berta"]): NORTH_ASKS.base}
    pay(order, FIRST_DEBIT)
    assert contract_of(order).state is ContractState.ACTIVE


def test_a_transfer_begins_on_the_day_it_comes(world: World) -> None:
    """Nobody pays for days before; late activation is credited by the invoices."""
    order = world.release(world.signed(paid_by=PaidBy.TRANSFER))
    pay(order, date(2026, 11, 30), EntryKind.TRANSFER)

    assert contract_of(order).starts == date(2026, 11, 30)
    assert Mandate.select().count() == 0


def test_a_part_of_the_first_payment_activates_nothing(world: World) -> None:
    """Wholly paid means nothing open."""
    order = world.release(world.signed(paid_by=PaidBy.TRANSFER))
    pay(order, TODAY, EntryKind.TRANSFER, cents=1)
    assert fresh(order.id).state is OrderState.AWAITING_PAYMENT

    pay(order, TOMORROW, EntryKind.TRANSFER, source="b2")
    assert fresh(order.id).state is OrderState.FULFILLED

    events = OrderEvent.select().count()
    pay(order, TOMORROW, EntryKind.TRANSFER, cents=0, source="b3")
    assert OrderEvent.select().count() == events


def test_a_returned_debit_that_is_paid_by_transfer_begins_with_the_transfer(world: World) -> None:
    """The debit's day is not the service's when it came back."""
    order = world.release(world.signed())
    receivable = owed(order)
    pay(order, FIRST_DEBIT, cents=receivable.cents - 1)
    pay(order, FIRST_DEBIT, EntryKind.RETURNED, cents=1 - receivable.cents, source="r1")
    pay(order, date(2026, 12, 15), EntryKind.TRANSFER, source="t1")

    assert contract_of(order).starts == date(2026, 12, 15)


def test_a_trial_runs_at_once_and_costs_nothing_yet(world: World) -> None:
    """No invoice; the day from which it is billed is written down."""
    order = world.release(world.signed(is_trial=True))

    contract, (item,) = contract_of(order), items_of(contract_of(order))
    assert (order.state, contract.state) == (OrderState.FULFILLED, ContractState.ACTIVE)
    assert (item.starts, item.free_until) == (TODAY, TODAY + timedelta(days=30))
    with pytest.raises(AssertionError):
        owed(order)


def test_a_larger_package_does_not_end_a_trial(world: World) -> None:
    """What is free stays free until the same day."""
    contract = contract_of(world.release(world.signed(is_trial=True)))
    world.release(world.signed(kind=OrderKind.UPGRADE, version=world.medium, contract=contract))

    assert [(item.starts, item.free_until) for item in items_of(contract)] == [
        (TODAY, TODAY + timedelta(days=30)), (TOMORROW, TODAY + timedelta(days=30)),
    ]  # fmt: skip


def test_an_upgrade_is_carried_out_the_next_day(world: World) -> None:
    """In good standing nobody waits; the old package ends when the new begins, and the mandate that exists serves."""
    contract = world.contract()
    order = world.signed(kind=OrderKind.UPGRADE, version=world.medium, contract=contract, today=MIDDLE)
    order = world.release(order, today=MIDDLE)

    old, new = items_of(contract)
    assert order.state is OrderState.FULFILLED
    assert (old.ends, new.starts, new.ends) == (MIDDLE + timedelta(days=1), MIDDLE + timedelta(days=1), None)
    assert Mandate.select().count() == 1
    paper = stored_paper(order)
    assert paper is not None
    assert (paper.mandate, paper.packages[0].replaces) == (None, "Backup S")
    assert {row.base for row in AgreedPrice.select().where(AgreedPrice.item == new.id)} == {
        Decimal("9.75"), Decimal("13.90"), Decimal("24.50"),
    }  # fmt: skip


def test_a_downgrade_holds_from_the_next_month(world: World) -> None:
    """At the period's end."""
    contract = world.contract(version=world.medium)
    order = world.signed(kind=OrderKind.DOWNGRADE, version=world.small, contract=contract, today=MIDDLE)
    order = world.release(order, today=MIDDLE)

    old, new = items_of(contract)
    assert (order.state, old.ends, new.starts) == (OrderState.FULFILLED, JANUARY, JANUARY)


def test_a_cancelled_contract_ends_when_the_notice_runs_out(world: World) -> None:
    """A month's notice to the end of a month; then the daily work ends it, once."""
    contract = world.contract()
    order = world.release(world.signed(kind=OrderKind.CANCEL, version=None, contract=contract))

    contract = Contract.get_by_id(contract.id)
    assert (order.state, contract.ends, items_of(contract)[0].ends) == (OrderState.FULFILLED, JANUARY, JANUARY)
    order_expiry.end_contracts(today=JANUARY - timedelta(days=1), now=NOW)
    assert Contract.get_by_id(contract.id).state is ContractState.ACTIVE
    for _ in range(2):
        order_expiry.end_contracts(today=JANUARY, now=NOW)
    assert Contract.get_by_id(contract.id).state is ContractState.ENDED
    assert AuditEntry.select().where(AuditEntry.action == "contract.ended").count() == 1


def test_a_trial_that_is_cancelled_ends_with_its_free_days(world: World) -> None:
    """Nobody pays for a trial that was given up in time."""
    contract = contract_of(world.release(world.signed(is_trial=True)))
    world.release(world.signed(kind=OrderKind.CANCEL, version=None, contract=contract))

    assert Contract.get_by_id(contract.id).ends == TODAY + timedelta(days=30)


def test_an_edit_voids_print_and_signature(world: World) -> None:
    """Another version; what is stored of the paper goes, the mandate goes with the way of paying."""
    order = world.signed()
    wish = OrderWish(world.medium, PaidBy.TRANSFER)
    order_drawing.edit(world.family.actor("alpha"), order.id, wish, revision=order.revision, today=TODAY, now=NOW)

    order = fresh(order.id)
    assert (order.state, order.version, order.paper, order.content_hash) == (OrderState.DRAFT, 2, "", "")
    assert (order.signed_at, order.signed_on_paper, order.mandate_id, Mandate.select().count()) == (None, False, None, 0)


def test_a_new_account_needs_a_new_mandate(world: World) -> None:
    """And an order that is edited takes the account of now."""
    contract = world.contract()
    BankAccount.update(iban=NEW_IBAN).where(BankAccount.party == world.family["anna"]).execute()
    order = world.print(world.draw(kind=OrderKind.UPGRADE, version=world.medium, contract=contract))

    assert order.mandate is not None
    assert order.mandate.iban == NEW_IBAN
    paper = stored_paper(order)
    assert paper is not None
    assert paper.mandate is not None
    assert paper.mandate.reference == "M-2026-00002"
    world.release(world.sign(order))
    assert Contract.get_by_id(contract.id).mandate_id == order.mandate_id


def test_a_reprint_says_the_same(world: World) -> None:
    """Whatever has changed since: what is signed is what was printed."""
    order = world.print(world.draw())
    Party.update(city="Bonn").where(Party.id == world.family["anna"]).execute()
    again = world.print(order)

    assert (again.paper, again.content_hash, again.revision) == (order.paper, order.content_hash, order.revision)
    paper = stored_paper(again)
    assert paper is not None
    assert (paper.content_hash, paper.customer.address.city) == (order.content_hash, "Köln")


def test_a_form_sent_twice_draws_up_one_order(world: World) -> None:
    """Also with another click in between."""
    first, second = world.draw(form_key="k1"), world.draw(form_key="k1")
    other = world.draw(form_key="k2")

    assert first.id == second.id != other.id


def test_one_contract_is_changed_by_one_order_at_a_time(world: World) -> None:
    """The error names the order that is in the way."""
    contract = world.contract()
    first = world.draw(kind=OrderKind.UPGRADE, version=world.medium, contract=contract)
    with pytest.raises(RuleBroken, match=first.number):
        world.draw(kind=OrderKind.CANCEL, version=None, contract=contract)
    alpha = world.family.actor("alpha")
    order_drawing.withdraw(alpha, first.id, revision=first.revision, today=TODAY, now=NOW)

    assert world.draw(kind=OrderKind.CANCEL, version=None, contract=contract).state is OrderState.DRAFT


def test_two_who_release_at_once_make_one_contract(world: World, database: Database) -> None:
    """Whoever comes second hears of it; numbers have no gap."""
    order = world.signed()
    barrier, told = threading.Barrier(2), []

    def try_it(role: Role) -> None:
        with connected():
            actor = world.family.actor("north", role)
            barrier.wait(20)
            try:
                order_release.release(actor, order.id, revision=order.revision, today=TODAY, now=NOW)
            except ServerError as error:
                told.append(error)

    for role in (Role.OWNER, Role.SALES):
        world.family.user("north", role)
    threads = [threading.Thread(target=try_it, args=(role,)) for role in (Role.OWNER, Role.SALES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert [type(error) for error in told] == [Conflict]
    assert Contract.select().count() == 1
    assert OrderEvent.select().where(OrderEvent.step == OrderStep.RELEASE).count() == 1


@pytest.mark.parametrize("role", [Role.BILLING, Role.SUPPORT, Role.READ_ONLY])
def test_roles_that_may_not_do_not(world: World, role: Role) -> None:
    """Neither draw up nor release."""
    order = world.signed()
    for deed in (
        lambda: order_drawing.create(
            world.family.actor("alpha", role), world.family["anna"], OrderKind.NEW, OrderWish(world.small), today=TODAY, now=NOW
        ),
        lambda: order_drawing.withdraw(
            world.family.actor("alpha", role), order.id, revision=order.revision, today=TODAY, now=NOW
        ),
        lambda: order_release.release(world.family.actor("north", role), order.id, revision=order.revision, today=TODAY, now=NOW),
        lambda: order_release.reject(world.family.actor("north", role), order.id, "no", revision=order.revision, now=NOW),
    ):
        with pytest.raises(NotAllowed):
            deed()


def test_what_is_foreign_does_not_exist(world: World) -> None:
    """For every party that is none of the order's: the same answer as for a number that nobody has."""
    order = world.signed()
    concerned = {"operator", "north", "alpha", "anna"}
    for party in TREE:
        actor = world.family.actor(party)
        listed = [row.id for row in orders.list_orders(actor, ListWish()).items]
        if party in concerned:
            assert listed == [order.id]
            assert orders.see(actor, order.id, today=TODAY).number == order.number
            continue
        assert listed == []
        for deed in (
            lambda actor=actor: orders.see(actor, order.id, today=TODAY),
            lambda actor=actor: order_drawing.withdraw(actor, order.id, revision=order.revision, today=TODAY, now=NOW),
            lambda actor=actor: order_paper.sheets(actor, order.id, world.files),
            lambda actor=actor: order_release.release(actor, order.id, revision=order.revision, today=TODAY, now=NOW),
        ):
            with pytest.raises(NotFound):
                deed()
    with pytest.raises(NotFound):
        order_drawing.create(
            world.family.actor("beta"), world.family["anna"], OrderKind.NEW, OrderWish(world.small), today=TODAY, now=NOW
        )


def test_a_price_is_seen_by_the_two_ends_and_the_agent(world: World) -> None:
    """Not by the operator, not by a distributor who is not the seller, not by somebody who works as the reseller."""
    order, agents = world.signed(), world.signed("berta")

    def price(party: str, which: Order, on_behalf_of: str | None = None) -> Asked | None:
        page = orders.see(world.family.actor(party, on_behalf_of=on_behalf_of), which.id, today=TODAY)
        assert page.sees_prices is (page.price is not None) is (page.mandate is not None)
        return page.price

    assert [price(party, order) for party in ("operator", "north", "alpha", "anna")] == [None, None, ALPHA_ASKS, ALPHA_ASKS]
    assert [price(party, agents) for party in ("operator", "north", "beta", "berta")] == [
        None,
        NORTH_ASKS,
        NORTH_ASKS,
        NORTH_ASKS,
    ]
    assert price("north", order, "alpha") is None


def test_each_sees_the_steps_that_are_its_own(world: World) -> None:
    """What a page offers is what a service does."""
    order = world.draw()

    def steps(party: str) -> set[OrderStep]:
        return set(orders.see(world.family.actor(party), order.id, today=TODAY).steps)

    assert steps("alpha") == {OrderStep.EDIT, OrderStep.PRINT, OrderStep.WITHDRAW}
    assert steps("north") == steps("anna") == steps("operator") == set()
    world.sign(world.print(order))
    assert steps("alpha") == {OrderStep.EDIT, OrderStep.WITHDRAW}
    assert steps("north") == {OrderStep.RELEASE, OrderStep.REJECT}
    assert orders.count_waiting(world.family.actor("north")) == 1
    assert orders.count_waiting(world.family.actor("alpha")) == orders.count_waiting(world.family.actor("south")) == 0


def test_a_rejected_order_says_why_and_is_put_right(world: World) -> None:
    """Without a reason nobody can."""
    world.family.user("alpha")
    order = world.signed()
    north, alpha = world.family.actor("north"), world.family.actor("alpha")
    with pytest.raises(RuleBroken, match="why"):
        order_release.reject(north, order.id, "  ", revision=order.revision, now=NOW)
    order_release.reject(north, order.id, "The signature is missing.", revision=order.revision, now=NOW)

    order = fresh(order.id)
    assert (order.state, order.reason) == (OrderState.REJECTED, "The signature is missing.")
    assert "is rejected" in mails_to("owner@alpha.example")[-1]
    with pytest.raises(RuleBroken):
        world.release(order)
    order_drawing.edit(alpha, order.id, OrderWish(world.small), revision=order.revision, today=TODAY, now=NOW)
    assert world.release(world.sign(world.print(order))).state is OrderState.AWAITING_PAYMENT


@pytest.mark.parametrize(
    ("step", "message"),
    [("print", "printed"), ("sign", "printed|draft"), ("release", "draft")],
)
def test_no_step_is_taken_out_of_turn(world: World, step: str, message: str) -> None:
    """A draft is neither signed nor released; a signed one is not printed again."""
    order = world.signed() if step == "print" else world.draw()
    with pytest.raises(RuleBroken):
        {"print": world.print, "sign": world.sign, "release": world.release}[step](order)

    assert fresh(order.id).revision == order.revision


def test_who_has_not_seen_the_last_change_changes_nothing(world: World) -> None:
    """An old page is refused, whatever its step."""
    order = world.signed()
    alpha, north = world.family.actor("alpha"), world.family.actor("north")
    old = order.revision - 1
    for deed in (
        lambda: order_drawing.edit(alpha, order.id, OrderWish(world.small), revision=old, today=TODAY, now=NOW),
        lambda: order_drawing.withdraw(alpha, order.id, revision=old, today=TODAY, now=NOW),
        lambda: order_release.release(north, order.id, revision=old, today=TODAY, now=NOW),
        lambda: order_release.reject(north, order.id, "no", revision=old, now=NOW),
    ):
        with pytest.raises(Conflict):
            deed()
    assert fresh(order.id).state is OrderState.SIGNED


def test_what_stands_against_an_order_is_named(world: World) -> None:
    """Each with what to do about it."""
    ids = world.family

    def refused(match: str, customer: str = "anna", **wish: object) -> None:
        with pytest.raises(RuleBroken, match=match):
            world.draw(customer, **wish)  # type: ignore[arg-type]
        assert Order.select().count() == 0

    BankAccount.delete().where(BankAccount.party == ids["axel"]).execute()
    refused("no bank account", "axel")
    refused("cannot be paid", paid_by=PaidBy.OFFSET)
    refused("day has gone", effective=TODAY - timedelta(days=1))
    prices.end_price(ids.actor("north"), world.small, TOMORROW, today=TODAY, now=NOW)
    refused("North GmbH asks no price for Backup S", today=TOMORROW)
    Party.update(creditor_id="").where(Party.id == ids["alpha"]).execute()
    refused("creditor identifier")
    Party.update(tax_number="").where(Party.id == ids["alpha"]).execute()
    refused("tax number")
    Party.update(ended_at=NOW).where(Party.id == ids["anna"]).execute()
    refused("has ended")


def test_a_change_fits_the_contract(world: World) -> None:
    """Neither the package it has, nor a larger one as a downgrade, nor anything of one that ends or waits."""
    contract = world.contract()
    for kind, version, match in (
        (OrderKind.UPGRADE, world.small, "already"),
        (OrderKind.DOWNGRADE, world.medium, "another kind of change"),
    ):
        with pytest.raises(RuleBroken, match=match):
            world.draw(kind=kind, version=version, contract=contract)
    with pytest.raises(RuleBroken, match="does not run out before"):
        world.draw(kind=OrderKind.CANCEL, version=None, contract=contract, effective=DECEMBER)
    world.release(world.signed(kind=OrderKind.CANCEL, version=None, contract=contract))
    with pytest.raises(RuleBroken, match="ends on"):
        world.draw(kind=OrderKind.UPGRADE, version=world.medium, contract=contract)
    waits = contract_of(world.release(world.signed("axel")))
    with pytest.raises(RuleBroken, match="waits for its first payment"):
        world.draw("axel", OrderKind.UPGRADE, version=world.medium, contract=waits)
    with pytest.raises(NotFound):
        world.draw("axel", OrderKind.CANCEL, version=None, contract=contract)


def test_orders_that_wait_for_too_long_expire_once(world: World) -> None:
    """The printed and the unpaid; what is signed waits for the distributor, however long."""
    printed, unpaid, signed = world.print(world.draw()), world.release(world.signed("axel")), world.signed("berta")
    soon, later = NOW + timedelta(days=80), NOW + timedelta(days=91)
    order_expiry.expire(today=soon.date(), now=soon)
    order_expiry.expire(today=later.date(), now=later - timedelta(days=2))
    assert [fresh(order.id).state for order in (printed, unpaid)] == [OrderState.PRINTED, OrderState.AWAITING_PAYMENT]
    order_expiry.expire(today=later.date(), now=later)
    assert fresh(unpaid.id).state is OrderState.AWAITING_PAYMENT
    cancel_first_invoice(unpaid)
    for _ in range(2):
        order_expiry.expire(today=later.date(), now=later)

    assert [fresh(order.id).state for order in (printed, unpaid, signed)] == [
        OrderState.EXPIRED, OrderState.EXPIRED, OrderState.SIGNED,
    ]  # fmt: skip
    assert contract_of(unpaid).state is ContractState.ENDED
    assert OrderEvent.select().where(OrderEvent.step == OrderStep.EXPIRE).count() == 2


def test_money_that_comes_after_the_end_of_an_order_activates_nothing(world: World) -> None:
    """Withdrawn is withdrawn."""
    order = world.release(world.signed(paid_by=PaidBy.TRANSFER))
    alpha = world.family.actor("alpha")
    with pytest.raises(RuleBroken, match="is open"):
        order_drawing.withdraw(alpha, order.id, revision=order.revision, today=TODAY, now=NOW)
    cancel_first_invoice(order)
    order_drawing.withdraw(alpha, order.id, revision=order.revision, today=TODAY, now=NOW)
    pay(order, TOMORROW, EntryKind.TRANSFER, cents=owed(order).cents)

    assert fresh(order.id).state is OrderState.WITHDRAWN
    assert contract_of(order).state is ContractState.ENDED


def test_the_form_offers_what_can_be_ordered(world: World) -> None:
    """What is not asked for on every edge is not offered; a debit only where there is an account."""
    contract = world.contract()
    alpha = world.family.actor("alpha")
    found = order_drawing.choices(alpha, world.family["anna"], today=TODAY)

    assert [(one.ordered.code, one.asked) for one in found.packages] == [("M", euro("24.50", "0.099")), ("S", ALPHA_ASKS)]
    assert [(one.number, one.package.name, one.earliest_end) for one in found.contracts] == [
        (contract.number, "Backup S", JANUARY)
    ]
    assert found.ways == (PaidBy.DEBIT, PaidBy.TRANSFER)
    BankAccount.delete().where(BankAccount.party == world.family["axel"]).execute()
    assert PaidBy.DEBIT not in order_drawing.choices(alpha, world.family["axel"], today=TODAY).ways
    prices.end_price(world.family.actor("north"), world.small, TOMORROW, today=TODAY, now=NOW)
    later = order_drawing.choices(alpha, world.family["anna"], today=TOMORROW)
    assert [one.ordered.code for one in later.packages] == ["M"]


def fall_behind(world: World, contract: Contract) -> None:
    """Let a customer owe its seller something that fell due long ago."""
    owing = ledger.Owing(
        contract.seller_id, contract.customer_id, ReceivableKind.INVOICE, "old", 100, TODAY - timedelta(days=40),
        TODAY - timedelta(days=20), contract.id,
    )  # fmt: skip
    ledger.issue(owing, now=NOW)


def test_whoever_is_in_arrears_orders_nothing_new_and_may_always_leave(world: World) -> None:
    """Neither drawn up nor released; smaller and cancelled is not held up."""
    contract, waiting = world.contract(version=world.medium), world.signed()
    fall_behind(world, contract)

    with pytest.raises(RuleBroken, match="overdue"):
        world.draw()
    with pytest.raises(RuleBroken, match="overdue"):
        world.release(waiting)
    assert fresh(waiting.id).state is OrderState.SIGNED
    smaller = world.release(world.signed(kind=OrderKind.DOWNGRADE, version=world.small, contract=contract))
    assert smaller.state is OrderState.FULFILLED
    assert world.release(world.signed(kind=OrderKind.CANCEL, version=None, contract=contract)).state is OrderState.FULFILLED


def test_an_upgrade_of_somebody_in_arrears_waits_for_its_first_payment(world: World) -> None:
    """The present package goes on until then."""
    contract = world.contract()
    order = world.signed(kind=OrderKind.UPGRADE, version=world.medium, contract=contract, paid_by=PaidBy.TRANSFER)
    fall_behind(world, contract)
    order = world.release(order, today=MIDDLE)
    old, new = items_of(contract)
    assert (order.state, old.ends, new.starts) == (OrderState.AWAITING_PAYMENT, None, None)

    pay(order, MIDDLE + timedelta(days=4), EntryKind.TRANSFER, source="t9")
    old, new = items_of(contract)
    day = MIDDLE + timedelta(days=4)
    assert (fresh(order.id).state, old.ends, new.starts) == (OrderState.FULFILLED, day, day)
    assert Contract.get_by_id(contract.id).starts == FIRST_DEBIT
