"""An invoice is taken back, and what it billed is billed again; its document is drawn once and told of once."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from server.domain.errors import NotFound, RuleBroken
from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.ledger import EntryKind
from server.domain.listing import ListWish
from server.domain.month import Month
from server.domain.rights import Role
from server.gateways.files import FileStore
from server.models.customer import BankAccount
from server.models.mail import OutgoingMail
from server.models.money import Invoice, Receivable
from server.services import invoice_cancel, invoice_files, invoices, ledger
from server.services.invoice_body import decode
from tests.server.family import Family
from tests.server.services.invoice_world import RUN_AT, InvoiceWorld, cents, sums

DAY = date(2026, 12, 3)


@pytest.fixture
def world(family: Family) -> InvoiceWorld:
    made = InvoiceWorld(family)
    made.example()
    made.run()
    return made


def take_back(world: InvoiceWorld, issuer: str = "alpha", recipient: str = "anna") -> Invoice:
    """Cancel November's invoice between two parties; returns the cancellation."""
    row = world.document(issuer, recipient)
    made = invoice_cancel.cancel(world.family.actor(issuer), row.id, "wrong package", today=DAY, now=RUN_AT)
    cancellation: Invoice = Invoice.get_by_id(made)
    return cancellation


def owed(row: Invoice) -> int:
    """Return what is open of a document, in cents."""
    return int(Receivable.get(Receivable.invoice == row.id).open_cents)


def test_a_cancellation_has_its_own_number_and_refers_to_what_it_takes_back(world: InvoiceWorld) -> None:
    upstream = sums(world.document("north", "alpha"))
    made = take_back(world)
    document = decode(made.body)
    assert (made.number, sums(made)) == ("RW-2026-00003", (-3226, -613, -3839))
    assert document.corrects is not None
    assert (document.corrects.number, document.corrects.reason) == ("RW-2026-00002", "wrong package")
    assert (owed(world.document("alpha", "anna")), owed(made)) == (0, 0)
    assert sums(world.document("north", "alpha")) == upstream


def test_what_was_paid_stays_as_a_credit(world: InvoiceWorld) -> None:
    receivable = Receivable.get(Receivable.invoice == world.document("alpha", "anna").id)
    ledger.book(receivable.id, EntryKind.TRANSFER, -2000, booked_on=DAY, source="b7", now=RUN_AT)
    made = take_back(world)
    assert (owed(world.document("alpha", "anna")), owed(made)) == (0, -2000)


def test_what_was_cancelled_is_billed_again_by_the_same_month(world: InvoiceWorld) -> None:
    take_back(world)
    assert world.run() == ["RW-2026-00004"]
    assert cents(world.document("alpha", "anna", "2026-11.2")) == [-542, 1062, 190, 66, 2450]
    assert world.run() == []


def test_what_was_cancelled_is_billed_again_by_the_next_month(world: InvoiceWorld) -> None:
    """The overage of November too, from the usage that was frozen; upstream only what is new."""
    for issuer, recipient in (("alpha", "anna"), ("north", "alpha")):
        take_back(world, issuer, recipient)
    world.run(Month(2026, 12), today=date(2027, 1, 1))
    assert cents(world.document("alpha", "anna", "2026-12")) == [-542, 1062, 2450, 190, 66, 2450]
    assert cents(world.document("north", "alpha", "2026-12")) == [421, 602, 1390, 110, 39]
    assert cents(world.document("operator", "north", "2026-12")) == [975]


def test_only_once_only_with_a_reason_only_by_the_issuer(world: InvoiceWorld) -> None:
    row = world.document("alpha", "anna")
    with pytest.raises(RuleBroken, match="Say why"):
        invoice_cancel.cancel(world.family.actor("alpha"), row.id, " ", today=DAY, now=RUN_AT)
    for foreign in ("north", "operator", "beta"):
        with pytest.raises(NotFound):
            invoice_cancel.cancel(world.family.actor(foreign), row.id, "x", today=DAY, now=RUN_AT)
    take_back(world)
    with pytest.raises(RuleBroken, match="cancelled already"):
        invoice_cancel.cancel(world.family.actor("alpha"), row.id, "x", today=DAY, now=RUN_AT)
    assert Invoice.select().where(Invoice.kind == InvoiceKind.CANCELLATION).count() == 1


def test_a_document_is_drawn_once_and_told_of_once(world: InvoiceWorld, tmp_path: Path) -> None:
    """Whoever draws it again draws nothing. The first invoice was told of when its order was released."""
    files = FileStore(tmp_path / "files")
    world.family.user("anna", Role.BILLING)
    before = OutgoingMail.select().count()
    numbers = list(invoice_files.to_draw())
    assert [invoice_files.draw(number, files, now=RUN_AT) for number in numbers] == [True] * 4
    assert [invoice_files.draw(number, files, now=RUN_AT) for number in numbers] == [False] * 4
    assert invoice_files.waiting() == 0
    row = Invoice.get_by_id(world.document("alpha", "anna").id)
    assert sha256(files.get(row.pdf)).hexdigest() == row.pdf
    assert files.get(row.pdf).startswith(b"%PDF-")
    subjects = [mail.subject for mail in OutgoingMail.select().order_by(OutgoingMail.id)][before:]
    assert sorted(subjects) == [
        "Invoice GDP-2026-00001: €10.02, due 15 Dec 2026",
        "Invoice NL-2026-00001: €13.95, due 15 Dec 2026",
        "Invoice RW-2026-00002: €38.39, due 15 Dec 2026",
    ]


def test_both_ends_see_a_document_and_nobody_else(world: InvoiceWorld, tmp_path: Path) -> None:
    row = world.document("north", "alpha")
    files = FileStore(tmp_path / "files")
    for end in ("north", "alpha"):
        assert invoices.invoice_page(world.family.actor(end), row.id).document.gross == 1395
        assert invoices.xml_of(world.family.actor(end), row.id, files, now=RUN_AT).content.startswith(b"<?xml")
    for other in ("operator", "south", "beta", "anna"):
        with pytest.raises(NotFound):
            invoices.invoice_page(world.family.actor(other), row.id)


def test_lists_are_searched_and_sorted(world: InvoiceWorld) -> None:
    actor = world.family.actor("alpha")
    issued = invoices.list_invoices(actor, ListWish(sort="gross", is_descending=True), received=False)
    assert [one.gross for one in issued.items] == [3839, 1438]
    received = invoices.list_invoices(actor, ListWish(), received=True)
    assert [(one.number, one.other, one.open_cents) for one in received.items] == [("NL-2026-00001", "North GmbH", 1395)]
    assert invoices.list_invoices(actor, ListWish(search="00002"), received=False).total == 1
    assert invoices.list_invoices(actor, ListWish(search="nobody"), received=False).total == 0


def test_a_transfer_names_the_issuers_account(world: InvoiceWorld) -> None:
    document = decode(world.document("north", "alpha").body)
    assert document.payment.by is PaidBy.TRANSFER
    assert document.payment.account is not None
    assert document.payment.account.iban == BankAccount.get(BankAccount.party == world.family["north"]).iban
