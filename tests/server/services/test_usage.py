"""What was stored, taken in from a file: every wrong line is told, what is billed stays, the same again changes nothing."""

from datetime import UTC, date, datetime

import pytest

from server.domain.errors import RuleBroken
from server.domain.usage import Metering
from server.models.contract import UsageRow
from server.services.usage import UsageReport, import_usage
from tests.server.family import Family
from tests.server.services.invoice_world import InvoiceWorld

NOW = datetime(2026, 12, 2, tzinfo=UTC)
TODAY = date(2026, 12, 2)


@pytest.fixture
def world(family: Family) -> InvoiceWorld:
    made = InvoiceWorld(family)
    made.contract()
    return made


def take_in(*lines: str) -> UsageReport:
    """Take in a file of some lines."""
    return import_usage("\r\n".join(lines).encode("utf-8-sig"), today=TODAY, now=NOW)


def stored() -> list[tuple[str, int, Metering]]:
    """Return what is known."""
    return [(str(row.day), row.stored_bytes, row.metering) for row in UsageRow.select().order_by(UsageRow.day)]


def test_a_file_is_taken_in_and_the_same_again_changes_nothing(world: InvoiceWorld) -> None:
    lines = ("Contract;Day;Bytes", "V-2026-00001;2026-11-02;95000000000", "V-2026-00001;2026-11-03;0;missing", "")
    for _ in range(2):
        assert take_in(*lines) == UsageReport(2, ())
        assert stored() == [("2026-11-02", 95 * 10**9, Metering.MEASURED), ("2026-11-03", 0, Metering.MISSING)]
    assert take_in("V-2026-00001;2026-11-03;7;late").lines == 1
    assert stored()[1] == ("2026-11-03", 7, Metering.LATE)


def test_every_wrong_line_is_told_and_nothing_is_taken_in(world: InvoiceWorld) -> None:
    wrong = [
        "V-2026-00001;2026-11-02",
        "V-2026-00001;2026-11-31;5",
        "V-2026-00001;20261102;5",
        "V-2026-00001;2026-11-02;-5",
        "V-2026-00001;2026-11-02;٣",
        "V-2026-00001;2026-11-02;9999999999999999999",
        "V-2026-00001;2026-12-03;5",
        "V-2026-00001;2026-11-02;5;guessed",
        "V-2026-00001;2026-11-02;5;missing",
        "V-2026-99999;2026-11-02;5",
        '"V-2026-00001;2026-11-02;5',
    ]
    report = take_in("V-2026-00001;2026-11-05;1", *wrong, "V-2026-00001;2026-11-05;1")
    assert [one.line for one in report.bad] == list(range(2, len(wrong) + 3))
    assert report.lines == 0
    assert stored() == []


def test_what_is_billed_stays(world: InvoiceWorld) -> None:
    take_in("V-2026-00001;2026-11-02;5")
    world.run()
    assert take_in("V-2026-00001;2026-11-02;5").bad == ()
    report = take_in("V-2026-00001;2026-11-02;6", "V-2026-00001;2026-11-03;6", "V-2026-00001;2026-12-01;6")
    assert [(one.line, str(one.error)) for one in report.bad] == [
        (1, "2026-11-02 of V-2026-00001 is billed already."),
        (2, "2026-11-03 of V-2026-00001 is billed already."),
    ]
    assert stored()[0] == ("2026-11-02", 5, Metering.MEASURED)
    assert len(stored()) == 29


def test_what_is_no_text_is_refused(world: InvoiceWorld) -> None:
    with pytest.raises(RuleBroken, match="UTF-8"):
        import_usage(b"\xff\xfe\x00", today=TODAY, now=NOW)
