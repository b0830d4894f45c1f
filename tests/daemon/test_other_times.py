"""The real daemon on nights on which the clock jumps, and a month later. What it decides is proven over years in tests/jobs."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gdp.model.runs import Kind, Reason, Run, State
from tests.daemon.clocked import daemon_at
from tests.daemon.running import World
from tests.daemon.test_proof import damage_all
from tests.daemon.test_reports import RECIPIENT, Waiting, mail_to, mailbox, port

__all__ = ["mailbox", "port"]
BERLIN = ZoneInfo("Europe/Berlin")


def at(year: int, month: int, day: int, hour: int) -> datetime:
    """Return a moment by the clock in Berlin."""
    return datetime(year, month, day, hour, tzinfo=BERLIN).astimezone(UTC)


def clock_of(run: Run) -> str:
    """Return what the clock on the wall showed when a run was due."""
    return f"{run.due.astimezone(BERLIN):%d.%m. %H:%M %Z}"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("evening", "when", "due"),
    [
        (at(2027, 3, 27, 23), "daily 02:30", ["28.03. 03:00 CEST"]),
        (at(2026, 10, 24, 23), "daily 02:30", ["25.10. 02:30 CEST"]),
        (
            at(2027, 3, 27, 23),
            "hourly",
            ["28.03. 00:00 CET", "28.03. 01:00 CET", "28.03. 03:00 CEST", "28.03. 04:00 CEST", "28.03. 05:00 CEST"],
        ),
        (
            at(2026, 10, 24, 23),
            "hourly",
            ["25.10. 00:00 CEST", "25.10. 01:00 CEST", "25.10. 02:00 CEST", "25.10. 02:00 CET", "25.10. 03:00 CET"],
        ),
    ],
    ids=["spring-daily", "autumn-daily", "spring-hourly", "autumn-hourly"],
)
def test_a_night_on_which_the_clock_is_changed(world: World, evening: datetime, when: str, due: list[str]) -> None:
    """No backup is left out, and none is made twice."""
    world.write_set(schedule=f'when = ["{when}"]')
    with daemon_at(world, evening + timedelta(minutes=5), TZ="Europe/Berlin") as daemon:
        for minutes in range(10, 5 * 60 + 10, 10):
            daemon.is_at(evening + timedelta(minutes=minutes))
            daemon.wait_until_idle()

    assert [(run.kind, run.state, clock_of(run)) for run in world.runs()] == [(Kind.BACKUP, State.OK, moment) for moment in due]


@pytest.mark.slow
def test_a_restore_drill_finds_what_has_rotted_meanwhile(world: World, port: int, mailbox: Waiting) -> None:
    """A month after the backup; whoever gets reports hears at once what is damaged and what to do."""
    (world.source / "b.bin").write_bytes(bytes(range(256)) * 1000)
    mail_to(world, port)
    world.write_set(proof='read-back = "0"\ndrill-files = 5', **{"[report]": RECIPIENT})
    with daemon_at(world, at(2026, 11, 24, 12)) as daemon:
        world.gdp("run", "daten", "--wait")
        daemon.wait_until_idle()
        mailbox.next_mail(), mailbox.next_mail()
        damage_all(world)
        daemon.is_at(at(2026, 12, 31, 23))
        daemon.wait_until_idle()
        mail = mailbox.next_mail()
    text = mail.get_body(("plain",))

    assert [(run.kind, run.state, run.reason) for run in world.runs()] == [
        (Kind.BACKUP, State.OK, Reason.NONE),
        (Kind.DRILL, State.OK, Reason.NONE),
        (Kind.DRILL, State.ERROR, Reason.DAMAGE),
    ]
    assert str(mail["Subject"]).startswith("[FEHLER] daten")
    assert text is not None
    assert "Das Repository ist beschädigt." in text.get_content()
    assert "gdp check --read-data" in text.get_content()
