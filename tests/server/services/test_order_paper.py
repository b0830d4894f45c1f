"""Paper that goes out and comes back: what is printed, who gets which sheet, what a scan is to the order as it stands now."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.invoice import PaidBy
from server.domain.order import OrderKind, OrderState
from server.domain.order_mark import Mark, Part, Verdict
from server.domain.rights import Role
from server.models.contract import Mandate
from server.models.order import Order, OrderEvent, Scan, ScanSheet
from server.services import order_drawing, order_paper, order_signing, orders
from server.services.order_rules import OrderWish
from server.services.paper_store import stored_paper
from tests.server.family import NOW, Family
from tests.server.services.order_world import World, fresh, make_world, photo, photo_of
from tests.server.services.shop import TODAY

EVERY_PART = (Part.SERVICE, Part.PRICES, Part.MANDATE, Part.PROCESSING)


@pytest.fixture
def world(family: Family, tmp_path: Path) -> World:
    return make_world(family, tmp_path / "files")


def upload(world: World, data: bytes, party: str = "alpha") -> order_signing.ScanPage:
    """Upload a scan, and return what was found in it."""
    actor = world.family.actor(party)
    return order_signing.scan_page(actor, order_signing.upload(actor, data, "scan.png", world.files, now=NOW))


def mark_of(order: Order, part: Part) -> Mark:
    """Return the mark of a printed sheet."""
    paper = stored_paper(order)
    assert paper is not None
    return paper.mark(part)


def printed_text(pdf: bytes) -> str:
    """Return the words of a PDF."""
    return "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf))


def test_the_printed_form_signs_the_order_when_it_comes_back(world: World) -> None:
    """The PDF itself, as it comes from the printer: each of its sheets is known."""
    order = world.print(world.draw())
    form = order_paper.sheets(world.family.actor("alpha"), order.id, world.files)
    found = upload(world, form.pdf)

    assert form.file_name == "A-2026-00001-1.pdf"
    assert {sheet.part for sheet in found.sheets} == set(EVERY_PART)
    assert {sheet.verdict for sheet in found.sheets} == {Verdict.CURRENT}
    assert found.signed == ((order.id, order.number),)
    order = world.release(fresh(order.id))
    assert world.files.get(Mandate.get().evidence) == form.pdf


def test_the_distributor_gets_the_service_sheet_and_nothing_else(world: World) -> None:
    """No price, no account."""
    order = world.print(world.draw())
    of_north = printed_text(order_paper.sheets(world.family.actor("north"), order.id, world.files).pdf)
    of_anna = printed_text(order_paper.sheets(world.family.actor("anna"), order.id, world.files).pdf)

    assert "12.50" in of_anna
    assert "DE02 1203" in of_anna
    assert "Backup S" in of_north
    for private in ("12.50", "0.119", "DE02", "M-2026-00001"):
        assert private not in of_north
    with pytest.raises(NotFound):
        order_paper.sheets(world.family.actor("south"), order.id, world.files)


def test_an_order_is_signed_when_its_last_sheet_is_there(world: World) -> None:
    """Sheets come in several uploads; one file twice is one scan."""
    order = world.print(world.draw())
    first = photo_of(order, Part.SERVICE, Part.PRICES)
    scan = upload(world, first)
    assert fresh(order.id).state is OrderState.PRINTED
    assert orders.see(world.family.actor("alpha"), order.id, today=TODAY).missing == (Part.MANDATE, Part.PROCESSING)
    assert upload(world, first).id == scan.id
    upload(world, photo_of(order, Part.MANDATE, Part.PROCESSING))

    assert fresh(order.id).state is OrderState.SIGNED
    assert (Scan.select().count(), ScanSheet.select().count()) == (2, 4)
    assert OrderEvent.select().where(OrderEvent.state == OrderState.SIGNED).count() == 1


def test_a_scan_of_what_was_edited_since_is_outdated(world: World) -> None:
    """Before the edit or after it: the old paper signs nothing."""
    order = world.print(world.draw())
    old = photo_of(order)
    service = photo_of(order, Part.SERVICE)
    upload(world, service)
    wish = OrderWish(world.medium, PaidBy.DEBIT)
    order_drawing.edit(world.family.actor("alpha"), order.id, wish, revision=order.revision, today=TODAY, now=NOW)
    world.print(order)
    found = upload(world, old)

    assert {sheet.verdict for sheet in found.sheets} == {Verdict.OUTDATED}
    assert {sheet.verdict for sheet in orders.see(world.family.actor("north"), order.id, today=TODAY).sheets} == {
        Verdict.OUTDATED
    }
    assert (fresh(order.id).state, found.signed) == (OrderState.PRINTED, ())


def test_altered_paper_signs_nothing(world: World) -> None:
    """Another content under the number of this version."""
    order = world.print(world.draw())
    forged = Mark(order.number, order.version, Part.SERVICE, "0" * 26)
    (sheet,) = upload(world, photo(forged.qr_text)).sheets

    assert (sheet.verdict, fresh(order.id).state) == (Verdict.ALTERED, OrderState.PRINTED)


def test_sheets_of_foreign_orders_are_nobodys(world: World) -> None:
    """Who uploads another's sheet learns nothing of the order, and signs nothing."""
    order = world.print(world.draw())
    found = upload(world, photo_of(order), "beta")

    assert {(sheet.order, sheet.verdict) for sheet in found.sheets} == {(None, Verdict.OTHER)}
    assert fresh(order.id).state is OrderState.PRINTED
    beta = world.family.actor("beta")
    foreign = found.sheets[0].id
    with pytest.raises(NotFound):
        order_signing.match_chosen(beta, foreign, order.id, Part.SERVICE, now=NOW)
    with pytest.raises(NotFound):
        order_signing.match_typed(beta, foreign, mark_of(order, Part.SERVICE).typed, now=NOW)
    with pytest.raises(NotFound):
        order_signing.match_chosen(world.family.actor("alpha"), foreign, order.id, Part.SERVICE, now=NOW)


def test_a_page_without_a_code_is_matched_by_hand(world: World) -> None:
    """By what stands beneath the QR, or by choosing; a code of an older version is refused."""
    alpha = world.family.actor("alpha")
    order = world.print(world.draw())
    upload(world, photo_of(order, Part.PRICES, Part.MANDATE))
    blank = BytesIO()
    Image.new("L", (600, 800), 255).save(blank, "PDF", save_all=True, append_images=[Image.new("L", (600, 800), 250)] * 2)
    scan = upload(world, blank.getvalue())
    service, processing, back = (sheet.id for sheet in scan.sheets)
    assert [sheet.id for sheet in order_signing.unmatched(alpha)] == [service, processing, back]
    with pytest.raises(RuleBroken, match="no code of a sheet"):
        order_signing.match_typed(alpha, service, "abc", now=NOW)
    typed = mark_of(order, Part.SERVICE).typed
    with pytest.raises(RuleBroken, match="version 7"):
        order_signing.match_typed(alpha, service, typed.replace("/1", "/7"), now=NOW)

    order_signing.match_typed(alpha, service, typed.lower(), now=NOW)
    assert fresh(order.id).state is OrderState.PRINTED
    order_signing.match_chosen(alpha, processing, order.id, Part.PROCESSING, now=NOW)
    order_signing.dismiss(alpha, back, now=NOW)
    assert fresh(order.id).state is OrderState.SIGNED
    assert order_signing.unmatched(alpha) == ()


def test_paper_without_a_scan_is_enough_once(world: World) -> None:
    """Somebody says so, and it stands in the story of the order."""
    order = world.sign(world.print(world.draw()))

    assert (order.state, order.signed_on_paper) == (OrderState.SIGNED, True)
    assert orders.see(world.family.actor("north"), order.id, today=TODAY).events[-1].note == "by post"
    for revision, error in ((order.revision - 1, Conflict), (order.revision, RuleBroken)):
        with pytest.raises(error):
            order_signing.receive_paper(world.family.actor("alpha"), order.id, revision=revision, note="", now=NOW)


def test_only_the_creditor_looks_at_prices_and_mandates(world: World) -> None:
    """A page with a service sheet alone goes up; one that shows a price sheet beside it does not."""
    order = world.print(world.draw())
    alone = upload(world, photo_of(order, Part.SERVICE)).id
    both = upload(world, photo_of(order, Part.SERVICE, Part.PRICES)).id

    def look(party: str, scan: int, *, role: Role = Role.OWNER, on_behalf_of: str | None = None) -> bytes:
        actor = world.family.actor(party, role, on_behalf_of=on_behalf_of)
        return order_signing.page_picture(actor, scan, 1, world.files)

    assert look("north", alone) == look("alpha", alone)
    with Image.open(BytesIO(look("alpha", both))) as picture:
        assert picture.format == "PNG"
    assert [sheet.may_see for sheet in orders.see(world.family.actor("north"), order.id, today=TODAY).sheets] == [
        False,
        False,
        True,
    ]
    refused: tuple[Callable[[], bytes], ...] = (
        lambda: look("north", both),
        lambda: look("north", both, on_behalf_of="alpha"),
        lambda: look("alpha", both, role=Role.SUPPORT),
    )  # fmt: skip
    for deed in refused:
        with pytest.raises(NotAllowed):
            deed()
    for party in ("south", "beta", "axel"):
        with pytest.raises(NotFound):
            look(party, alone)
    with pytest.raises(NotFound):
        order_signing.page_picture(world.family.actor("alpha"), alone, 2, world.files)


def test_the_creditor_of_an_agents_customer_sees_it_all(world: World) -> None:
    """There the distributor is the seller."""
    order = world.print(world.draw("berta"))
    scan = upload(world, photo_of(order), "beta")

    assert order_signing.page_picture(world.family.actor("north"), scan.id, 1, world.files)
    paper = stored_paper(order)
    assert paper is not None
    assert (paper.seller.name, paper.adviser and paper.adviser.name) == ("North GmbH", "Beta GmbH")


@pytest.mark.parametrize("data", [b"", b"MZ no scan", b"%PDF-1.7 broken"])
def test_what_is_no_scan_is_refused_and_not_kept(world: World, data: bytes) -> None:
    """The message says what to do; no row, no file."""
    with pytest.raises(RuleBroken):
        upload(world, data)

    assert Scan.select().count() == 0


@pytest.mark.parametrize(
    ("kind", "parts"),
    [(OrderKind.CANCEL, (Part.SERVICE,)), (OrderKind.UPGRADE, (Part.SERVICE, Part.PRICES))],
)
def test_a_change_needs_fewer_sheets(world: World, kind: OrderKind, parts: tuple[Part, ...]) -> None:
    """The agreement and the mandate exist."""
    contract = world.contract()
    version = world.medium if kind is OrderKind.UPGRADE else None
    order = world.print(world.draw(kind=kind, version=version, contract=contract))
    found = upload(world, photo_of(order))

    assert tuple(sheet.part for sheet in found.sheets) == parts
    assert fresh(order.id).state is OrderState.SIGNED
