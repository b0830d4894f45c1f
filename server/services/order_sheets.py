"""The signed sheets of an order: which came back, what each is to the order as it stands now, which are missing."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.order_mark import Mark, Part, Verdict
from server.models.order import Order, Scan, ScanSheet
from server.services.paper_store import stored_paper


@dataclass(frozen=True, slots=True)
class KnownSheet:
    """A signed sheet on a page of a scan."""

    id: int
    scan_id: int
    page: int
    """from 1"""
    part: Part | None
    verdict: Verdict
    """what it is to the order as it stands now"""
    uploaded_at: datetime
    file_name: str
    by_hand: bool
    """somebody said what it is; its QR could not be read"""
    may_see: bool
    """whether the page may be looked at"""


def sheets_of(order: Order, *, sees_prices: bool) -> tuple[KnownSheet, ...]:
    """Return the signed sheets of an order, the latest scan first; without prices, only service sheets may be looked at."""
    rows = list(
        ScanSheet.select(ScanSheet, Scan)
        .join(Scan)
        .where(ScanSheet.order == order.id)
        .order_by(ScanSheet.scan.desc(), ScanSheet.page, ScanSheet.id)
    )
    return tuple(_known(order, row, sees_prices=sees_prices) for row in rows)


def verdict_now(order: Order, sheet: ScanSheet) -> Verdict:
    """Return what a sheet is to an order as it stands now."""
    mark = Mark.read(sheet.mark)
    if mark is None:
        return Verdict.OTHER
    return mark.verdict(order=order.number, version=order.version, content_hash=order.content_hash)


def missing_parts(order: Order) -> tuple[Part, ...]:
    """Return the sheets that have not come back signed in the present version; none while nothing is printed."""
    paper = stored_paper(order)
    if paper is None or order.signed_on_paper:
        return ()
    sheets = ScanSheet.select().where(ScanSheet.order == order.id)
    there = {sheet.part for sheet in sheets if verdict_now(order, sheet) is Verdict.CURRENT}
    return tuple(part for part in paper.parts if part not in there)


def is_service_alone(scan_id: int, page: int) -> bool:
    """Say whether nothing but service sheets is on a page."""
    parts = [sheet.part for sheet in ScanSheet.select().where((ScanSheet.scan == scan_id) & (ScanSheet.page == page))]
    return bool(parts) and all(part == Part.SERVICE for part in parts)


def _known(order: Order, row: ScanSheet, *, sees_prices: bool) -> KnownSheet:
    return KnownSheet(
        id=row.id,
        scan_id=row.scan_id,
        page=row.page,
        part=Part(row.part) if row.part else None,
        verdict=verdict_now(order, row),
        uploaded_at=row.scan.uploaded_at,
        file_name=row.scan.file_name,
        by_hand=row.matched_by_id is not None,
        may_see=sees_prices or is_service_alone(row.scan_id, row.page),
    )
