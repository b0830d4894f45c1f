"""A bank of another maker takes our file, and we understand its answers. It is mock-bank, a program of its own."""

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace

import pytest

from server.domain.settlement import ItemState
from server.gateways.bank.pain008 import write_pain008
from tests.server.gateways.bank.office import Office, invoice, item
from tests.server.gateways.bank.samples import CREDITOR, MONDAY, debit, file_of

# Accounts that it starts with: our creditor's, one with 12.50 euro, one that is closed; and one at another bank.
OURS, POOR, CLOSED, ELSEWHERE = "NL41MOCK0000000001", "NL14MOCK0000000002", "NL84MOCK0000000003", "NL30MOCK0000000005"
TRIES = 200


class MockBank:
    """Speaks to the running program."""

    def __init__(self, port: int) -> None:
        self._base = f"http://127.0.0.1:{port}"

    def ask(self, path: str, data: bytes | None = None) -> bytes:
        """Return the answer to a GET, or to a POST where there is data."""
        with urllib.request.urlopen(urllib.request.Request(self._base + path, data), timeout=20) as answer:
            return bytes(answer.read())

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Return once it answers."""
        for _ in range(TRIES):
            try:
                self.ask("/_mock/health")
            except OSError:
                assert process.poll() is None
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
            else:
                return
        pytest.fail("mock-bank does not answer")

    def messages(self) -> list[bytes]:
        """Collect what it has to tell of our account, in the kinds that we read."""
        told = json.loads(self.ask("/_mock/mailbox?leave"))
        names = [one["id"] for one in told if not one["type"].startswith("pacs")]
        self.ask("/_mock/mailbox")
        told_us = [self.ask(f"/_mock/mailbox/{name}") for name in names]
        return [one for one in told_us if b"CstmrPmtStsRpt" in one or OURS.encode() in one]


@pytest.fixture
def mock_bank() -> Iterator[MockBank]:
    """Return the program, on the Friday before the debits fall due."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mockbank", "--port", str(port), "--clock", "2026-10-30T09:00", "--quiet"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        bank = MockBank(port)
        bank.wait(process)
        yield bank
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.peer
def test_another_bank_collects_rejects_and_returns(mock_bank: MockBank) -> None:
    """Rejects by its report, credits one by one, a return days later; its notices repeat its statements."""
    rows = [(1, 1438, ELSEWHERE), (2, 2000, POOR), (3, 500, CLOSED), (4, 777, ELSEWHERE)]
    office = Office(OURS)
    office.remember(
        *(item(number, cents, iban, due=MONDAY) for number, cents, iban in rows),
        invoices=[invoice(number, cents, due=MONDAY) for number, cents, _ in rows],
    )
    file = replace(
        file_of(*(debit(number, cents, iban=iban) for number, cents, iban in rows)), creditor=replace(CREDITOR, iban=OURS)
    )

    mock_bank.ask("/payments", write_pain008(file))
    told = mock_bank.messages()
    for message in told:
        office.read(message)
    assert [one.state for one in office.items.values()] == [
        ItemState.EXPORTED,
        ItemState.REJECTED,
        ItemState.REJECTED,
        ItemState.EXPORTED,
    ]

    mock_bank.ask("/_mock/advance?days=4", b"")
    told += (settled := mock_bank.messages())
    for message in settled:
        office.read(message)
    assert [office.owes(number) for number, _, _ in rows] == [0, 2000, 500, 0]

    mock_bank.ask("/_mock/collections/R-000001-1/refuse", b'{"reason": "MD06"}')
    mock_bank.ask("/_mock/advance?days=2", b"")
    told += (returned := mock_bank.messages())
    for message in returned:
        office.read(message)
    assert [office.owes(number) for number, _, _ in rows] == [1438, 2000, 500, 0]
    assert (office.queue, office.strange) == ({}, [])

    before = office.cash
    for message in reversed(told):
        office.read(message)
    assert (office.cash, office.queue) == (before, {})
