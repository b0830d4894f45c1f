"""Direct debits and statements end to end, with a bank that sees nothing but the exported files."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from server.domain.banking import ReturnDecision
from server.domain.errors import RuleBroken
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.mandate import Scheme
from server.domain.settlement import ItemState
from server.gateways.files import FileStore
from server.models.bank import BankFile, BankImport, CollectionItem, DebitReturn, QueuedPart
from server.models.contract import Mandate
from server.models.customer import BankAccount
from server.models.database import connected
from server.models.mail import OutgoingMail
from server.models.money import LedgerEntry, Receivable
from server.models.party import Party
from server.services import collect, standing, statements
from tests.server.family import NOW, Family
from tests.server.gateways.bank.messages import Told
from tests.server.gateways.bank.simulator import Bank
from tests.server.services.money import fresh, owe

TOLD, EXPORTED = date(2026, 10, 26), datetime(2026, 10, 29, 18, tzinfo=UTC)
FIRST, RETURN = date(2026, 11, 2), date(2026, 11, 9)
OWN_IBAN = "DE89370400440532013000"
IBANS = {"anna": "DE02120300000000202051", "axel": "DE02500105170137075030"}


def prepare(family: Family) -> None:
    """Let alpha be able to collect from its customers."""
    Party.update(street="Ring", house_number="1", postal_code="50667", city="Köln", email="post@x.example").execute()
    Party.update(creditor_id="DE98ZZZ09999999999").where(Party.id == family["alpha"]).execute()
    BankAccount.create(party=family["alpha"], iban=OWN_IBAN, holder="Alpha GmbH", valid_from=NOW)
    for name, iban in IBANS.items():
        BankAccount.create(party=family[name], iban=iban, holder=f"{name} GmbH", valid_from=NOW)
        Mandate.create(
            creditor=family["alpha"], debtor=family[name], reference=f"M-{name}", scheme=Scheme.CORE, holder=f"{name} GmbH",
            iban=iban, prenotification_days=7, signed_on=date(2026, 10, 24), valid_from=NOW, created_at=NOW,
        )  # fmt: skip


def run_collect(family: Family, folder: Path, day: datetime) -> collect.Collected:
    """Collect what alpha may collect on a day."""
    return collect.collect(family["alpha"], FileStore(folder), day=day.date(), now=day)


def collected(family: Family, folder: Path) -> tuple[Bank, Receivable, Receivable]:
    """Return the bank that has the file of both debits, and what they collect."""
    prepare(family)
    first = owe(family, "anna", "alpha", 1438, TOLD)
    other = owe(family, "axel", "alpha", 2000, TOLD)
    run_collect(family, folder, datetime(2026, 10, 26, 8, tzinfo=UTC))
    made = run_collect(family, folder, EXPORTED)
    bank = Bank()
    for file_id in made.files:
        bank.take(FileStore(folder).get(BankFile.get_by_id(file_id).file))
    return bank, first, other


def read(data: bytes) -> statements.Imported:
    """Import a file."""
    return statements.import_file("from the bank", data, now=NOW)


def books() -> tuple[object, ...]:
    """Return all that an import may change."""
    entries = [(row.receivable_id, row.kind, row.cents, row.source) for row in LedgerEntry.select().order_by(LedgerEntry.id)]
    return entries, OutgoingMail.select().count(), QueuedPart.select().count(), DebitReturn.select().count()


def test_payments_of_the_acceptance_example(family: Family, tmp_path: Path) -> None:
    """2 Nov one credit of 34.38: both paid. 9 Nov return of 17.38: open 17.38, orders blocked. 12 Nov transfer: open 0.00."""
    bank, first, other = collected(family, tmp_path)
    assert [one.due for one in bank.batches] == [FIRST]
    bank.settle(FIRST, Told.BARE_SUM)
    assert [one.signed_cents for one in bank.bookings] == [3438]
    assert read(bank.statement(FIRST)).decided == 1
    assert (fresh(first.id).open_cents, fresh(other.id).open_cents) == (0, 0)

    end_to_end_id = CollectionItem.get(CollectionItem.debtor == family["anna"]).end_to_end_id
    bank.send_back(end_to_end_id, RETURN, "MS03", charge=300)
    read(bank.statement(RETURN))
    opened = Receivable.select().where((Receivable.debtor == family["anna"]) & (Receivable.open_cents > 0))
    assert {(one.kind, one.open_cents, one.is_held) for one in opened} == {
        (ReceivableKind.INVOICE, 1438, True),
        (ReceivableKind.BANK_CHARGE, 300, True),
    }
    assert DebitReturn.get().decision is ReturnDecision.OPEN
    with pytest.raises(RuleBroken):
        standing.check_may_order(family["anna"], family["alpha"], RETURN)
    standing.check_may_order(family["axel"], family["alpha"], RETURN)

    paid = date(2026, 11, 12)
    bank.transfer(paid, 1738, "Anna", IBANS["anna"], "alles")
    read(bank.statement(paid))
    assert fresh(first.id).open_cents == 0
    standing.check_may_order(family["anna"], family["alpha"], paid)


def test_any_file_again_changes_nothing(family: Family, tmp_path: Path) -> None:
    """The same bytes, a copy by the bank, the notice that repeats it."""
    bank, *_ = collected(family, tmp_path)
    bank.settle(FIRST, Told.BARE_SUM)
    bank.send_back(CollectionItem.select().order_by(CollectionItem.id).get().end_to_end_id, RETURN)
    files = [bank.statement(FIRST), bank.notice(FIRST), bank.statement(RETURN), bank.notice(RETURN)]
    for one in files:
        read(one)
    before = books()
    for one in [*files, bank.statement(FIRST, copy=True), bank.statement(RETURN, copy=True)]:
        read(one)
    assert books() == before


def test_two_at_once_import_once(family: Family, tmp_path: Path) -> None:
    """Two workers that find the same file."""
    bank, first, other = collected(family, tmp_path)
    bank.settle(FIRST)
    told: list[bool] = []

    def work() -> None:
        with connected():
            told.append(read(bank.statement(FIRST)).is_known)

    together(work)
    assert sorted(told) == [False, True]
    assert (fresh(first.id).open_cents, fresh(other.id).open_cents) == (0, 0)


def test_two_at_once_collect_once(family: Family, tmp_path: Path) -> None:
    """Neither a second announcement nor a second file."""
    prepare(family)
    owe(family, "anna", "alpha", 1438, TOLD)

    def work() -> None:
        with connected():
            run_collect(family, tmp_path, datetime(2026, 10, 26, 8, tzinfo=UTC))
            run_collect(family, tmp_path, EXPORTED)

    together(work)
    assert (BankFile.select().count(), CollectionItem.select().count()) == (1, 1)
    assert OutgoingMail.select().where(OutgoingMail.party == family["anna"]).count() == 1


def together(work: Callable[[], None]) -> None:
    """Let two threads do the same."""
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


def test_a_reject_is_held_and_not_debited_again(family: Family, tmp_path: Path) -> None:
    """The batch comes net of it; what it was for waits for somebody's decision."""
    bank, first, other = collected(family, tmp_path)
    item = CollectionItem.get(CollectionItem.debtor == family["anna"])
    bank.reject(item.end_to_end_id)
    for report in bank.report(FIRST):
        assert read(report).rejected == 1
    bank.settle(FIRST)
    read(bank.statement(FIRST))
    assert CollectionItem.get_by_id(item.id).state is ItemState.REJECTED
    assert (fresh(first.id).open_cents, fresh(first.id).is_held, fresh(other.id).open_cents) == (1438, True, 0)
    assert run_collect(family, tmp_path, datetime(2026, 11, 20, 8, tzinfo=UTC)).announced.debits == ()


def test_what_was_paid_meanwhile_is_not_debited(family: Family, tmp_path: Path) -> None:
    """Announced, then transferred: the debit is dropped; what comes too much is kept."""
    prepare(family)
    row = owe(family, "anna", "alpha", 1438, TOLD, number="R-2026-0001")
    run_collect(family, tmp_path, datetime(2026, 10, 26, 8, tzinfo=UTC))
    bank = Bank(OWN_IBAN)
    bank.transfer(date(2026, 10, 27), 2000, "Anna", IBANS["anna"], "R-2026-0001")
    read(bank.statement(date(2026, 10, 27)))
    assert run_collect(family, tmp_path, EXPORTED).files == ()
    assert fresh(row.id).open_cents == 0
    assert Receivable.get(Receivable.kind == ReceivableKind.CREDIT).open_cents == -562
    assert LedgerEntry.select().where(LedgerEntry.kind == EntryKind.TRANSFER).count() == 1


@pytest.mark.parametrize("data", [b"", b"<x/>", b":20:MT940", b"PK\x03\x04broken", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_hostile_files_are_refused_whole(family: Family, data: bytes) -> None:
    """Nothing is noted of them."""
    prepare(family)
    with pytest.raises(RuleBroken):
        read(data)
    assert BankImport.select().count() == 0


def test_a_strangers_account_is_refused(family: Family) -> None:
    """A statement of an account that nobody here has."""
    prepare(family)
    bank = Bank("DE02100500000054540402")
    bank.transfer(FIRST, 100, "X", IBANS["anna"], "x")
    with pytest.raises(RuleBroken):
        read(bank.statement(FIRST))


def test_a_missing_statement_is_told(family: Family) -> None:
    """By the balance that does not follow; what is read is booked nevertheless."""
    prepare(family)
    bank = Bank(OWN_IBAN)
    for day in (2, 3, 4):
        bank.transfer(date(2026, 11, day), 100, "X", IBANS["anna"], "x")
    assert read(bank.statement(date(2026, 11, 2))).missing == ()
    assert read(bank.statement(date(2026, 11, 4))).missing == ("20261104",)
