"""The order form: each sheet with its code, prices only where they belong, the mandate in the banks' words."""

from dataclasses import replace
from datetime import date

import pytest

from server.documents.order_form import order_form, price_sheet, service_sheet
from server.domain.mandate import Scheme
from server.domain.order import OrderKind
from server.domain.order_mark import Mark, Part, TypedMark
from server.domain.paper import Account, PaperOrder
from server.language import speaking
from tests.server.documents import paper_example
from tests.server.documents.read_back import codes_of, pages_of

ORDER = paper_example.order(version=3)


def marks(pdf: bytes) -> list[Mark]:
    """Return the marks of a PDF's pages."""
    return [mark for page in codes_of(pdf) for code in page if (mark := Mark.read(code)) is not None]


def german(order: PaperOrder) -> list[str]:
    """Return the pages of an order in German."""
    with speaking("de"):
        return pages_of(order_form(order))


def test_each_sheet_has_its_own_code_and_the_same_to_type() -> None:
    """A scan tells which sheets came back; where it cannot be read, people type."""
    with speaking("en"):
        form = order_form(ORDER)
    found = marks(form)
    pages = pages_of(form)

    # the agreement has two pages, and the signature stands on the second
    assert [one.part for one in found] == [Part.SERVICE, Part.PRICES, Part.MANDATE, Part.PROCESSING, Part.PROCESSING]
    assert found == [ORDER.mark(part) for part in (*ORDER.parts, Part.PROCESSING)]
    for page, mark in zip(pages, found, strict=True):
        assert mark.typed in page
        typed = TypedMark.read(mark.typed)
        assert typed is not None
        assert typed.fits(mark)


def test_the_distributor_learns_no_price_and_no_account() -> None:
    """Prices are visible only to the two ends of an edge."""
    with speaking("de"):
        [page] = pages_of(service_sheet(ORDER))

    assert "12,50" not in page
    assert "0,119" not in page
    assert "DE02 1203" not in page
    for named in ("Nordlicht Distribution AG", "Tischlerei Groß & Söhne GmbH", "Online-Backup S", "100 GB", "1 × PostgreSQL"):
        assert named in page


def test_the_creditor_gets_prices_and_mandate() -> None:
    """What it needs to invoice and to collect."""
    with speaking("de"):
        prices, mandate = pages_of(price_sheet(ORDER))

    for named in ("12,50 €", "0,119 €", "Umsatzsteuer 19 % 2,38 €", "Zu zahlen je Monat 14,88 €"):
        assert named in prices
    for named in (
        "Gläubiger-Identifikationsnummer DE98ZZZ09999999999",
        "M-10017-1",
        "DE02 1203 0000 0000 2020 51",
        "Wiederkehrende Zahlungen",
    ):
        assert named in mandate


@pytest.mark.parametrize(
    ("scheme", "is_person", "sentences"),
    [
        (
            Scheme.CORE,
            False,
            ("SEPA-Basislastschriftmandat", "Wir ermächtigen Rheinwerk", "innerhalb von acht Wochen", "unserem Kredit"),
        ),
        (
            Scheme.CORE,
            True,
            ("SEPA-Basislastschriftmandat", "Ich ermächtige Rheinwerk", "innerhalb von acht Wochen", "meinem Kredit"),
        ),
        (Scheme.B2B, False, ("SEPA-Firmenlastschriftmandat", "nicht berechtigt, nach der erfolgten Einlösung", "gezogen sind")),
    ],
)
def test_the_mandate_speaks_as_the_banks_prescribe(scheme: Scheme, is_person: bool, sentences: tuple[str, ...]) -> None:
    """With other words the bank reverses the debit for thirteen months."""
    order = paper_example.order(scheme=scheme)
    pages = german(replace(order, customer=replace(order.customer, is_person=is_person)))

    for sentence in (*sentences, "mindestens 5 Tage vorher angekündigt", "anstelle der üblichen 14 Tage"):
        assert sentence in pages[2]


def test_an_account_that_is_not_known_is_filled_in_by_hand() -> None:
    """The form is printed before the customer says it."""
    assert ORDER.mandate is not None
    empty = replace(ORDER, mandate=replace(ORDER.mandate, account=Account("", "")))

    mandate = german(empty)[2]
    assert "Kontoinhaber Tischlerei" in mandate
    assert "DE02" not in mandate


def test_the_agreement_names_those_who_process_and_those_only() -> None:
    """Article 28 GDPR: nobody processes whom the customer does not know of."""
    text = " ".join(german(ORDER)[3:])

    assert "Zwischen Tischlerei Groß & Söhne GmbH (Verantwortlicher) und Rheinwerk Systemhaus GmbH (Auftragsverarbeiter)" in text
    assert "Nordlicht Distribution AG, Speicherweg 3" in text
    assert "GlobalDataProtect Rechenzentrum GmbH, Serverallee 1, 60327 Frankfurt am Main, Deutschland" in text
    assert "Rheinwerk Systemhaus GmbH, Am Hafen" not in text.split("5. Weitere")[1].split("6. Ende")[0]


def test_the_operator_s_measures_replace_ours() -> None:
    """Only it knows its data centre."""
    text = " ".join(german(replace(ORDER, measures=("Zutritt nur mit Ausweis.",)))[3:])

    assert "Zutritt nur mit Ausweis." in text
    assert "AES-256" not in text


@pytest.mark.parametrize(
    ("kind", "pages", "title", "effective"),
    [
        (OrderKind.UPGRADE, 3, "Wechsel in ein größeres Paket: Auftrag A-2026-00017", "sobald der Auftrag freigegeben ist"),
        (OrderKind.DOWNGRADE, 3, "Wechsel in ein kleineres Paket: Auftrag A-2026-00017", "Kündigungsfrist abläuft"),
        (OrderKind.CANCEL, 1, "Kündigung: Auftrag A-2026-00017", "Kündigungsfrist abläuft"),
    ],
)
def test_each_kind_of_order_prints_what_has_to_be_signed(kind: OrderKind, pages: int, title: str, effective: str) -> None:
    """An end needs no mandate, a change no second agreement."""
    printed = german(paper_example.order(kind=kind))

    assert len(printed) == pages
    assert title in printed[0]
    assert effective in printed[0]
    assert "31.12.2026" in german(replace(paper_example.order(kind=kind), effective=date(2026, 12, 31)))[0]
