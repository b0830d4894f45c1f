"""The real daemon on nights on which the clock jumps, and a month later. What it decides is proven over years in tests/jobs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gdp.model.runs import Kind, Reason, Run, State
from tests.daemon.clocked import daemon_at
from tests.daemon.running import World, wait_for_data
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


def packs(world: World) -> dict[str, int]:
    """Return the size of each pack; what an upload that broke off has left is none."""
    found = (path for path in (world.repository / "data").rglob("*") if path.is_file())
    return {path.name: path.stat().st_size for path in found if len(path.name) == 64}


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


@pytest.mark.slow
def test_the_window_ends_a_run_and_the_next_night_goes_on_with_it(world: World, port: int, mailbox: Waiting) -> None:
    """Nothing is sent in the day, nothing is lost, and nothing is sent twice."""
    world.make_large()
    mail_to(world, port)
    target = f'repo = "{world.repository}"\ntransfer-block-size = "1M"'
    schedule = 'when = ["daily 02:30"]\nwindow = ["02:00-03:00"]'
    sections = {"target": target, "schedule": schedule, "[report]": RECIPIENT}
    world.write_set(bandwidth='limits = ["up 500K"]', **sections)
    with daemon_at(world, at(2026, 11, 24, 1), TZ="Europe/Berlin") as daemon:
        daemon.is_at(at(2026, 11, 24, 3) - timedelta(seconds=10))
        wait_for_data(world)
        first = mailbox.next_mail()
        daemon.wait_until_idle(also={"window"})
        kept = packs(world)
        world.write_set(**sections)
        daemon.is_at(at(2026, 11, 24, 12))
        daemon.wait_until_idle(also={"window"})
        daemon.is_at(at(2026, 11, 25, 2) + timedelta(seconds=5))
        daemon.wait_until_idle()
        second = mailbox.next_mail()
    runs = world.runs()

    assert [(run.state, run.reason) for run in runs] == [(State.INTERRUPTED, Reason.WINDOW), (State.OK, Reason.NONE)]
    assert runs[1].began >= at(2026, 11, 25, 2)
    assert str(first["Subject"]).startswith("[UNTERBROCHEN] daten")
    assert str(second["Subject"]).startswith("[OK] daten")
    assert kept
    assert kept.items() <= packs(world).items()
    assert sum(packs(world).values()) < 8_300_000, "something was sent twice"


@pytest.mark.root
@pytest.mark.slow
def test_on_battery_a_set_that_wants_mains_power_waits_and_says_so(world: World, tmp_path: Path) -> None:
    """After an hour it is left out, and made up for as soon as somebody plugs the computer in."""
    supplies = tmp_path / "power"
    for name, kind in (("AC", "Mains"), ("BAT0", "Battery")):
        (supplies / name).mkdir(parents=True)
        (supplies / name / "type").write_text(f"{kind}\n")
    plug = supplies / "AC" / "online"
    plug.write_text("0\n")
    mounting = ("unshare", "-m", "sh", "-c", f'mount --bind {supplies} /sys/class/power_supply && exec "$0" "$@"')
    world.write_set(schedule='when = ["daily 02:30"]', conditions="mains-power = true")
    with daemon_at(world, at(2026, 11, 24, 2), *mounting, TZ="Europe/Berlin") as daemon:
        daemon.is_at(at(2026, 11, 24, 2) + timedelta(minutes=31))
        daemon.wait_until_idle(also={"power"})
        waits = world.gdp("status").stdout
        daemon.is_at(at(2026, 11, 24, 3) + timedelta(minutes=35))
        daemon.wait_until_idle(also={"power"})
        left_out = world.gdp("status").stdout
        plug.write_text("1\n")
        daemon.is_at(at(2026, 11, 24, 4))
        daemon.wait_until_idle()

    assert "waits for mains power" in waits
    assert "left out: no mains power" in left_out
    assert [(run.state, run.reason) for run in world.runs()] == [(State.SKIPPED, Reason.BATTERY), (State.OK, Reason.NONE)]
