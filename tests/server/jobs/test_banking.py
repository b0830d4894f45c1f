"""The folders of the bank's program: read whole or not yet, put away, laid out once."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

from server.gateways.bank.folders import BankFolders
from server.gateways.files import FileStore
from server.jobs import banking
from server.models.bank import BankFile, BankImport
from server.models.customer import BankAccount
from tests.server.family import NOW, Family
from tests.server.gateways.bank.simulator import Bank
from tests.server.services.money import fresh, owe
from tests.server.services.test_bank import TOLD, prepare


def test_debits_go_out_and_answers_come_in(family: Family, tmp_path: Path) -> None:
    """What a bank's program would do with the folders, twice."""
    prepare(family)
    row = owe(family, "anna", "alpha", 1438, TOLD)
    files, folders = FileStore(tmp_path / "files"), BankFolders(tmp_path / "bank", rested_seconds=0)
    for day in (26, 26, 29, 29):
        now = datetime(2026, 10, day, 8, tzinfo=UTC)
        banking.collect_daily(files, now=now)
        banking.exchange(folders, files, now=now)
    (exported,) = (tmp_path / "bank" / "out" / str(family["alpha"])).iterdir()
    bank = Bank()
    bank.take(exported.read_bytes())
    bank.settle(date(2026, 11, 2))
    (tmp_path / "bank" / "in" / "day.xml").write_bytes(bank.statement(date(2026, 11, 2)))
    (tmp_path / "bank" / "in" / "bad.xml").write_bytes(b"<nothing/>")
    for _ in range(2):
        banking.exchange(folders, files, now=NOW)
    assert fresh(row.id).open_cents == 0
    assert sorted(os.listdir(tmp_path / "bank" / "done")) == ["day.xml"]
    assert sorted(os.listdir(tmp_path / "bank" / "refused")) == ["bad.xml", "bad.xml.txt"]
    assert os.listdir(tmp_path / "bank" / "in") == []
    assert (BankFile.select().count(), BankImport.select().count()) == (1, 1)


def test_a_file_that_is_still_written_waits(tmp_path: Path) -> None:
    """By its age, or by its name."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "new.xml").write_bytes(b"half")
    (folder / "old.xml.part").write_bytes(b"half")
    (folder / "whole.xml").write_bytes(b"whole")
    for name in ("old.xml.part", "whole.xml"):
        os.utime(folder / name, (0, 0))
    assert list(BankFolders(tmp_path).incoming()) == [("whole.xml", b"whole")]


def test_one_creditor_that_cannot_collect_keeps_nobody_from_it(family: Family, tmp_path: Path) -> None:
    """Its account is missing; the log says so, and the others' files are made."""
    prepare(family)
    owe(family, "anna", "alpha", 1438, TOLD)
    banking.collect_daily(FileStore(tmp_path), now=datetime(2026, 10, 26, 8, tzinfo=UTC))
    family_account_gone(family)
    banking.collect_daily(FileStore(tmp_path), now=datetime(2026, 10, 29, 8, tzinfo=UTC))
    assert BankFile.select().count() == 0


def family_account_gone(family: Family) -> None:
    """Take alpha's account away."""
    BankAccount.update(replaced_at=NOW).where(BankAccount.party == family["alpha"]).execute()
