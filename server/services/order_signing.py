"""Signed paper comes back: scans are read, their sheets found to orders by QR or by hand, and a whole set signs the order.

A scan lies among the server's files, never within reach of the web but through ``page_picture``, which draws a page anew.
"""

from dataclasses import dataclass
from datetime import datetime

from server.documents.scan import Scan as ReadScan
from server.documents.scan import draw_page, read_scan
from server.domain.actions import Action
from server.domain.addresses import clean_text
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.order import OrderState, OrderStep
from server.domain.order_mark import Mark, Part, TypedMark, Verdict
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.files import FileStore
from server.models.base import database
from server.models.order import Order, Scan, ScanSheet
from server.services import audit, order_letters
from server.services.order_sheets import is_service_alone, missing_parts, verdict_now
from server.services.order_steps import check_revision, lock, take
from server.services.orders import order_to_sign, orders_to_sign, sees_prices, visible_order
from server.services.paper_store import stored_paper
from server.services.scope import Actor, hold

NAME_LENGTH = 120


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """What became of a page, or of a sheet on it."""

    id: int
    scan_id: int
    page: int
    """from 1"""
    order: tuple[int, str] | None
    """id and number; None: nobody knows, it is matched by hand"""
    part: Part | None
    verdict: Verdict | None
    """what it is to the order as it stands now; None: no sheet of an order was found on the page"""
    by_hand: bool


@dataclass(frozen=True, slots=True)
class ScanPage:
    """An uploaded file with what was found in it."""

    id: int
    file_name: str
    uploaded_at: datetime
    pages: int
    sheets: tuple[FoundSheet, ...]
    signed: tuple[tuple[int, str], ...]
    """id and number of the orders in it that are wholly signed now"""


def upload(actor: Actor, data: bytes, file_name: str, files: FileStore, *, now: datetime) -> int:
    """Take in a scan of signed sheets of any orders. Returns its id; that of the first, for a file that is uploaded twice.

    Blocks while the file is read by a process of its own, for up to a minute.
    Raises NotAllowed; RuleBroken for a file that is too large, of another kind, or cannot be read.
    """
    _need_signing(actor)
    read = read_scan(data)
    name = files.put(data)
    with database.atomic():
        hold(actor.party_id)
        known = Scan.get_or_none((Scan.party == actor.party_id) & (Scan.file == name))
        scan = known or Scan.create(
            party=actor.party_id, uploaded_by=actor.user_id, uploaded_at=now, file=name, bytes=len(data), pages=len(read.pages),
            file_name=clean_text(file_name, field="scan", longest=NAME_LENGTH) or "scan", media_type=str(read.kind),
        )  # fmt: skip
        if known is None:
            _keep_sheets(actor, scan, read)
            about = ("scan", scan.id)
            details = {"pages": scan.pages}
            audit.record(actor, Action.SCAN_UPLOADED, now=now, party_id=actor.party_id, subject=about, details=details)
        for order_id in sorted({sheet.order_id for sheet in _sheets_of(scan) if sheet.order_id is not None}):
            _sign_if_whole(actor, order_id, now=now)
        return int(scan.id)


def scan_page(actor: Actor, scan_id: int) -> ScanPage:
    """Return a scan that somebody of the actor's party uploaded. Raises NotFound, NotAllowed."""
    _need_signing(actor)
    scan = _own_scan(actor, scan_id)
    rows = _sheets_of(scan)
    orders = {row.order.id: row.order for row in rows if row.order is not None}
    signed = tuple((one.id, one.number) for one in orders.values() if one.state is OrderState.SIGNED)
    return ScanPage(scan.id, scan.file_name, scan.uploaded_at, scan.pages, tuple(map(_found, rows)), signed)


def unmatched(actor: Actor, *, most: int = 50) -> tuple[FoundSheet, ...]:
    """Return the pages that wait for somebody of the actor's party to say what they are, the oldest first. Raises NotAllowed."""
    _need_signing(actor)
    mine = (Scan.party == actor.party_id) & ScanSheet.order.is_null()
    return tuple(map(_found, ScanSheet.select().join(Scan).where(mine).order_by(ScanSheet.id).limit(most)))


def match_typed(actor: Actor, sheet_id: int, typed: str, *, now: datetime) -> int:
    """Say what a page is by the code beneath its QR. Returns the order's id. Raises NotFound, NotAllowed, RuleBroken."""
    read = TypedMark.read(typed)
    if read is None:
        raise RuleBroken(
            N_("“{text}” is no code of a sheet."),
            N_("It looks like A-2026-00017/3 M 5KQ0-7TBN."),
            field="typed",
            text=typed.strip(),
        )
    with database.atomic():
        order = orders_to_sign(actor).where(Order.number == read.order).first()
        if order is None:
            raise NotFound(N_("There is no such order."))
        paper = stored_paper(order)
        if paper is None or read.version != order.version:
            raise RuleBroken(
                N_("The sheet is of version {version}; the order stands at version {present}."),
                N_("Print it again and let it be signed."),
                field="typed",
                version=read.version,
                present=order.version,
            )
        mark = paper.mark(read.part)
        if read.part not in paper.parts or not read.fits(mark):
            raise RuleBroken(N_("The order has no sheet with this code."), N_("Compare it with the paper."), field="typed")
        return _match(actor, sheet_id, order.id, mark, now=now)


def match_chosen(actor: Actor, sheet_id: int, order_id: int, part: Part, *, now: datetime) -> int:
    """Say what a page is by choosing: a sheet of an order, in its present version. Raises NotFound, NotAllowed, RuleBroken."""
    with database.atomic():
        order = order_to_sign(actor, order_id)
        paper = stored_paper(order)
        if paper is None or part not in paper.parts:
            raise RuleBroken(N_("The order has no such sheet in its present version."), field="part")
        return _match(actor, sheet_id, order.id, paper.mark(part), now=now)


def dismiss(actor: Actor, sheet_id: int, *, now: datetime) -> None:
    """Say that a page is no sheet of an order, so that it does not wait any more. Raises NotFound, NotAllowed."""
    _need_signing(actor)
    with database.atomic():
        own = Scan.select(Scan.id).where(Scan.party == actor.party_id)
        waits = (ScanSheet.id == sheet_id) & ScanSheet.scan.in_(own) & ScanSheet.order.is_null()
        if not ScanSheet.delete().where(waits).execute():
            raise NotFound(N_("There is no such page."))
        audit.record(actor, Action.SHEET_DISMISSED, now=now, party_id=actor.party_id, subject=("scan_sheet", sheet_id))


def receive_paper(actor: Actor, order_id: int, *, revision: int, note: str, now: datetime) -> None:
    """Say that the signed paper is there, without a scan. Raises NotFound, NotAllowed, Conflict, RuleBroken."""
    with database.atomic():
        order_to_sign(actor, order_id)
        order = lock(order_id)
        check_revision(order, revision)
        _sign(actor, order, now=now, note=clean_text(note, field="note", longest=NAME_LENGTH), signed_on_paper=True)


def page_picture(actor: Actor, scan_id: int, page: int, files: FileStore) -> bytes:
    """Return a page of a scan, drawn anew as PNG. Blocks while a process of its own draws it.

    Whoever uploaded it sees every page that belongs to no order yet. A page of an order is for those who see its prices; a page
    with nothing but service sheets for everybody who sees the order. Raises NotFound, NotAllowed.
    """
    actor.need(Right.SEE)
    scan = Scan.get_or_none(Scan.id == scan_id)
    sheets = [] if scan is None else list(ScanSheet.select().where((ScanSheet.scan == scan_id) & (ScanSheet.page == page)))
    if scan is None or not sheets:
        raise NotFound(N_("There is no such page."))
    _check_view(actor, scan, sheets)
    return draw_page(files.get(scan.file), page)


def _check_view(actor: Actor, scan: Scan, sheets: list[ScanSheet]) -> None:
    service_alone = is_service_alone(scan.id, sheets[0].page)
    for sheet in sheets:
        if sheet.order_id is None:
            if scan.party_id != actor.party_id:
                raise NotFound(N_("There is no such page."))
            _need_signing(actor)
        elif not sees_prices(actor, visible_order(actor, sheet.order_id)) and not service_alone:
            raise NotAllowed(N_("Prices and mandates are seen by the creditor only."))


def _need_signing(actor: Actor) -> None:
    actor.need(Right.RELEASE_ORDERS if actor.kind is PartyKind.DISTRIBUTOR else Right.MANAGE_ORDERS)


def _own_scan(actor: Actor, scan_id: int) -> Scan:
    scan: Scan | None = Scan.get_or_none((Scan.id == scan_id) & (Scan.party == actor.party_id))
    if scan is None:
        raise NotFound(N_("There is no such scan."))
    return scan


def _sheets_of(scan: Scan) -> list[ScanSheet]:
    return list(ScanSheet.select().where(ScanSheet.scan == scan.id).order_by(ScanSheet.page, ScanSheet.id))


def _keep_sheets(actor: Actor, scan: Scan, read: ReadScan) -> None:
    for page in read.pages:
        for mark in page.marks:
            order = orders_to_sign(actor).where(Order.number == mark.order).first()
            verdict = Verdict.OTHER if order is None else _verdict(mark, order)
            ScanSheet.create(
                scan=scan.id,
                page=page.page,
                order=order and order.id,
                mark=mark.qr_text,
                part=str(mark.part),
                verdict=str(verdict),
            )
        if not page.marks:
            ScanSheet.create(scan=scan.id, page=page.page)


def _verdict(mark: Mark, order: Order) -> Verdict:
    return mark.verdict(order=order.number, version=order.version, content_hash=order.content_hash)


def _match(actor: Actor, sheet_id: int, order_id: int, mark: Mark, *, now: datetime) -> int:
    _need_signing(actor)
    own = Scan.select(Scan.id).where(Scan.party == actor.party_id)
    sheet = ScanSheet.get_or_none((ScanSheet.id == sheet_id) & ScanSheet.scan.in_(own))
    if sheet is None:
        raise NotFound(N_("There is no such page."))
    if sheet.mark and sheet.matched_by_id is None and sheet.order_id is not None:
        raise RuleBroken(N_("This page is known by its QR."))
    order = lock(order_id)
    values = {"order": order.id, "mark": mark.qr_text, "part": str(mark.part), "verdict": str(_verdict(mark, order))}
    ScanSheet.update(**values, matched_by=actor.user_id).where(ScanSheet.id == sheet.id).execute()
    details = {"number": order.number, "part": mark.part}
    about = ("order", order.id)
    audit.record(actor, Action.SHEET_MATCHED, now=now, party_id=order.customer_id, subject=about, details=details)
    _sign_if_whole(actor, order.id, now=now)
    return int(order.id)


def _sign_if_whole(actor: Actor, order_id: int, *, now: datetime) -> None:
    order = lock(order_id)
    if order.state is OrderState.PRINTED and not missing_parts(order):
        _sign(actor, order, now=now)


def _sign(actor: Actor, order: Order, *, now: datetime, note: str = "", signed_on_paper: bool = False) -> None:
    signed = take(order, OrderStep.SIGN, now=now, actor=actor, note=note, signed_at=now, signed_on_paper=signed_on_paper)
    order_letters.tell_signed(signed, now=now)


def _found(row: ScanSheet) -> FoundSheet:
    order = row.order
    verdict = (Verdict(row.verdict) if row.verdict else None) if order is None else verdict_now(order, row)
    return FoundSheet(
        row.id, row.scan_id, row.page, None if order is None else (order.id, order.number),
        Part(row.part) if row.part else None, verdict, row.matched_by_id is not None,
    )  # fmt: skip
