"""The order path as people go it on the pages: from the customer's record to a backup that is active."""

import io
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from server.domain.contract import ContractState
from server.domain.invoice import PaidBy
from server.domain.order import OrderState
from server.domain.rights import Role
from server.gateways.files import FileStore
from server.models.bank import BankFile
from server.models.contract import Contract
from server.models.customer import BankAccount
from server.models.mail import OutgoingMail
from server.models.money import Receivable
from server.models.order import Order, Scan
from server.services import collect
from server.web.app import WebSettings, create_app
from tests.server.family import NOW, Family
from tests.server.gateways.bank.messages import Told
from tests.server.gateways.bank.simulator import Bank
from tests.server.services.order_world import FIRST_DEBIT, World, fresh, make_world, owed
from tests.server.web.visitor import Visitor, Visitors

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EXPORTED = datetime(2026, 12, 4, 8, tzinfo=UTC)


@pytest.fixture
def app(family: Family, tmp_path: Path) -> Flask:
    """GDPAC with a folder for files."""
    del family
    return create_app(WebSettings(b"k" * 32, files=tmp_path / "files"), clock=lambda: NOW)


@pytest.fixture
def world(family: Family, tmp_path: Path) -> World:
    """Parties that can sell and collect."""
    return make_world(family, tmp_path / "files")


def draw_up(reseller: Visitor, world: World) -> Order:
    """Draw up an order on the page of anna."""
    page = f"/parties/{world.family['anna']}/orders/new"
    answer = reseller.send(
        page, version_id=str(world.small), paid_by="debit", effective="", buyer_reference="B-1", submission="s"
    )
    assert answer.status_code == 303, answer.text
    return fresh(int(answer.location.rpartition("/")[2]))


def step(visitor: Visitor, order: Order, name: str, **fields: str) -> int:
    """Press a button of an order, as its page stands now."""
    page = f"/orders/{order.id}"
    return visitor.send(f"{page}/{name}", page=page, revision=str(fresh(order.id).revision), **fields).status_code


def bring(visitor: Visitor, *files: tuple[str, bytes], to: str = "/scans") -> str:
    """Upload files."""
    sent = [FileStorage(io.BytesIO(data), name) for name, data in files]
    form = {"csrf_token": visitor.form_token("/scans" if to == "/scans" else "/bank"), "files": sent}
    return post(visitor, to, form).text


def post(visitor: Visitor, path: str, form: dict[str, Any]) -> TestResponse:
    """Send a form with files, put together in memory: what the client lays into a file of its own, it never closes."""
    boundary, body = encode_multipart(form)
    return visitor.client.post(path, data=body, content_type=f'multipart/form-data; boundary="{boundary}"')


def test_from_the_customers_record_to_a_backup_that_is_active(world: World, visitors: Visitors, tmp_path: Path) -> None:
    """Drawn up, printed, brought back as the PDF that was printed, released, debited, booked: active, and nobody has clicked."""
    reseller, distributor = visitors.of("alpha"), visitors.of("north")
    record = f"/parties/{world.family['anna']}"
    assert f"{record}/orders/new" in reseller.text(record)
    order = draw_up(reseller, world)
    assert step(reseller, order, "print") == 303
    sheets = reseller.get(f"/orders/{order.id}/paper.pdf")
    assert sheets.data.startswith(b"%PDF")

    told = bring(reseller, ("signed.pdf", sheets.data))
    assert "is wholly signed now" in told
    assert order.number in distributor.text("/releases")
    assert "1 order waits for you." in distributor.text("/")
    desk = distributor.text(f"/orders/{order.id}/release")
    seen = re.findall(r'<img src="(/scans/\d+/pages/\d+\.png)"', desk)
    assert len(seen) == 1, "the distributor sees the service sheet, and none with prices"
    assert distributor.get(seen[0]).data.startswith(b"\x89PNG")
    every = {f"/scans/{Scan.get().id}/pages/{page}.png" for page in range(1, Scan.get().pages + 1)}
    assert {distributor.get(one).status_code for one in every - set(seen)} == {403}
    assert step(distributor, order, "release") == 303
    assert fresh(order.id).state is OrderState.AWAITING_PAYMENT

    alpha, files = world.family["alpha"], FileStore(tmp_path / "files")
    collect.collect(alpha, files, day=NOW.date(), now=NOW)
    collect.collect(alpha, files, day=EXPORTED.date(), now=EXPORTED)
    link = re.search(r'href="(/bank/files/\d+)"', reseller.text("/bank"))
    assert link is not None
    bank = Bank()
    bank.take(reseller.get(link[1]).data)
    assert visitors.of("alpha", Role.SALES).get(link[1]).status_code == 403
    bank.settle(FIRST_DEBIT, Told.BARE_SUM)
    statement = bank.statement(FIRST_DEBIT)
    assert "1 decided" in bring(reseller, ("c53.xml", statement), to="/bank/statements")
    assert Contract.get().state is ContractState.ACTIVE
    assert fresh(order.id).state is OrderState.FULFILLED
    assert OutgoingMail.select().where(OutgoingMail.text.contains("/download")).exists()
    page = reseller.text(record)
    assert Contract.get().number in page
    assert "can be reversed until" in page
    assert "was read before" in bring(reseller, ("c53.xml", statement), to="/bank/statements")
    assert "The contract runs" in visitors.of("anna").text(f"/orders/{order.id}")


def test_a_bank_file_about_somebody_elses_account_is_refused(world: World, visitors: Visitors, tmp_path: Path) -> None:
    """And what is no bank file at all."""
    order = world.release(world.signed())
    alpha, files = world.family["alpha"], FileStore(tmp_path / "files")
    collect.collect(alpha, files, day=NOW.date(), now=NOW)
    collect.collect(alpha, files, day=EXPORTED.date(), now=EXPORTED)
    bank = Bank()
    bank.take(files.get(BankFile.get().file))
    bank.settle(FIRST_DEBIT, Told.BARE_SUM)
    told = bring(visitors.of("north"), ("c53.xml", bank.statement(FIRST_DEBIT)), ("x.xml", b"<a>"), to="/bank/statements")

    assert "not about an account of yours" in told
    assert told.count("■") == 2
    assert fresh(order.id).state is OrderState.AWAITING_PAYMENT
    assert visitors.of("north").get(f"/bank/files/{BankFile.get().id}").status_code == 404


def test_an_order_that_goes_back_is_changed_and_its_old_sheets_are_void(world: World, visitors: Visitors) -> None:
    """The reason is read where it is put right; what was signed before is known as outdated."""
    reseller, distributor = visitors.of("alpha"), visitors.of("north")
    order = draw_up(reseller, world)
    step(reseller, order, "print")
    old = reseller.get(f"/orders/{order.id}/paper.pdf").data
    step(reseller, order, "paper-received")
    assert step(distributor, order, "reject") == 422
    assert step(distributor, order, "reject", reason="The signature is missing") == 303
    assert "The signature is missing" in reseller.text(f"/orders/{order.id}")

    fields = {"version_id": str(world.medium), "paid_by": "debit", "effective": "", "buyer_reference": ""}
    assert step(reseller, order, "edit", **fields) == 303
    stale = reseller.send(f"/orders/{order.id}/edit", revision="1", **fields | {"buyer_reference": "mine"})
    assert stale.status_code == 409
    assert step(reseller, order, "print") == 303
    assert "of an older version" in bring(reseller, ("old.pdf", old))
    assert fresh(order.id).state is OrderState.PRINTED
    assert step(reseller, order, "withdraw") == 303
    assert fresh(order.id).state is OrderState.WITHDRAWN


def test_a_form_sent_twice_draws_up_one_order(world: World, visitors: Visitors) -> None:
    """A double click."""
    reseller = visitors.of("alpha")
    assert draw_up(reseller, world).id == draw_up(reseller, world).id
    assert Order.select().count() == 1


def test_a_page_without_a_code_is_matched_by_what_is_typed(world: World, visitors: Visitors) -> None:
    """A picture of something else waits until somebody says what it is; a file of another kind is refused by name."""
    from PIL import Image

    reseller = visitors.of("alpha")
    order = draw_up(reseller, world)
    step(reseller, order, "print")
    drawn = io.BytesIO()
    Image.new("RGB", (400, 300), "white").save(drawn, "PNG")
    told = bring(reseller, ("leer.png", drawn.getvalue()), ("brief.docx", b"PK\x03\x04"))

    assert "brief.docx" in told
    found = re.search(r'action="(/scans/sheets/\d+)/match"', told)
    assert found is not None
    assert reseller.send(f"{found[1]}/match", page="/scans", typed="nonsense").status_code == 422
    code = re.search(r"A-\d{4}-\d{5}", order.number)
    assert code is not None
    assert visitors.of("gamma").send(f"{found[1]}/match", page="/scans", typed="x").status_code == 404
    assert reseller.send(f"{found[1]}/dismiss", page="/scans").status_code == 303
    assert found[1] not in reseller.text("/scans")


def test_a_scan_of_20_mb_is_read_and_other_forms_stay_small(world: World, visitors: Visitors) -> None:
    """The limit of the whole is 8 MB; signed sheets may have 25."""
    reseller = visitors.of("alpha")
    order = draw_up(reseller, world)
    step(reseller, order, "print")
    sheets = reseller.get(f"/orders/{order.id}/paper.pdf").data
    large = sheets + b"\n%" + bytes(20_000_000)

    assert "cannot be read" not in bring(reseller, ("large.pdf", large))
    form = {"csrf_token": reseller.form_token("/brand"), "version": "1", "logo": FileStorage(io.BytesIO(large), "logo.png")}
    assert post(reseller, "/brand/logo", form).status_code == 413


def test_a_payment_that_says_nothing_is_given_to_an_invoice_by_hand(world: World, visitors: Visitors) -> None:
    """Once: the same statement again changes nothing. What is too much is kept for the customer."""
    order = world.release(world.signed(paid_by=PaidBy.TRANSFER))
    bill = owed(order)
    bank = Bank(account=BankAccount.get(BankAccount.party == world.family["alpha"]).iban)
    bank.transfer(FIRST_DEBIT, bill.open_cents + 250, "Somebody", "DE12500105170648489890", "thanks")
    statement = bank.statement(FIRST_DEBIT)
    reseller = visitors.of("alpha")
    assert "1 wait" in bring(reseller, ("c53.xml", statement), to="/bank/statements")
    found = re.search(r'action="(/bank/undecided/\d+)"', reseller.text("/bank"))
    assert found is not None
    assert visitors.of("north").send(found[1], page="/bank", number=bill.number).status_code == 404
    assert reseller.send(found[1], page="/bank", number="R-nothing").status_code == 422
    assert reseller.send(found[1], page="/bank", number=bill.number).status_code == 303
    assert Receivable.get_by_id(bill.id).open_cents == 0
    assert [row.open_cents for row in Receivable.select().where(Receivable.open_cents < 0)] == [-250]
    assert Contract.get().state is ContractState.ACTIVE
    assert reseller.send(found[1], page="/bank", number=bill.number).status_code == 404
    bring(reseller, ("c53.xml", statement + b"\n"), to="/bank/statements")
    assert found[1] not in reseller.text("/bank")
    assert [row.open_cents for row in Receivable.select().where(Receivable.open_cents != 0)] == [-250]
