"""Invoices in the browser: the list, one of them, taking one back.."""

import pytest
from flask import Flask

from server.domain.invoice import InvoiceKind
from server.models.money import Invoice
from tests.server.family import Family
from tests.server.services.invoice_world import InvoiceWorld
from tests.server.web.visitor import Visitors


@pytest.fixture
def world(app: Flask, family: Family) -> InvoiceWorld:
    del app
    made = InvoiceWorld(family)
    made.example()
    made.run()
    return made


def test_a_customer_finds_its_invoice_with_every_line(world: InvoiceWorld, visitors: Visitors) -> None:
    anna = visitors.of("anna")
    row = world.document("alpha", "anna")
    listed = anna.text("/invoices")
    assert "RW-2026-00002" in listed
    assert "Alpha GmbH" in listed
    page = anna.text(f"/invoices/{row.id}")
    for text in ("€38.39", "€6.13", "5.42", "missing", "Backup M"):
        assert text in page, text
    assert "/cancel" not in page
    pdf = anna.get(f"/invoices/{row.id}/pdf")
    assert pdf.content_type == "application/pdf"
    assert pdf.data.startswith(b"%PDF-")
    assert b"RW-2026-00002" in anna.get(f"/invoices/{row.id}/xml").data


def test_both_directions_and_the_search_keep_each_other(world: InvoiceWorld, visitors: Visitors) -> None:
    alpha = visitors.of("alpha")
    assert "NL-2026-00001" not in alpha.text("/invoices")
    received = alpha.text("/invoices?which=received&search=NL-")
    assert "NL-2026-00001" in received
    assert 'name="which" value="received"' in received
    assert "Nothing is called so" in alpha.text("/invoices?which=received&search=RW-")


def test_an_invoice_is_cancelled_after_a_question(world: InvoiceWorld, visitors: Visitors) -> None:
    alpha = visitors.of("alpha")
    row = world.document("alpha", "anna")
    path = f"/invoices/{row.id}/cancel"
    assert f'href="{path}"' in alpha.text(f"/invoices/{row.id}")
    assert alpha.send(path, reason="").status_code == 422
    answer = alpha.send(path, reason="Falsches <Paket>")
    assert answer.status_code == 303
    cancelled = Invoice.get(Invoice.kind == InvoiceKind.CANCELLATION)
    page = alpha.text(f"/invoices/{cancelled.id}")
    assert "Falsches &lt;Paket&gt;" in page
    assert "RW-2026-00003" in alpha.text(f"/invoices/{row.id}")
    assert alpha.send(path, page=f"/invoices/{row.id}", reason="again").status_code == 422


@pytest.mark.parametrize("foreign", ["operator", "north", "beta", "axel"])
def test_nobody_else_finds_it(world: InvoiceWorld, visitors: Visitors, foreign: str) -> None:
    row = world.document("alpha", "anna")
    visitor = visitors.of(foreign)
    for path in ("", "/pdf", "/xml"):
        assert visitor.get(f"/invoices/{row.id}{path}").status_code == 404
