"""When samples are read back and restore drills are made; with a simulated clock over months and years."""

from collections import Counter
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from gdp.jobs.agenda import WaitsFor
from gdp.jobs.steps import steps_of, verdict_of_engine
from gdp.model.backup_set import Proof
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.timing.window import parse_window
from tests.jobs.world import DAY, HOUR, MINUTE, World, at, local, make_set

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
READ_BACK = Proof(drill_files=0)
DRILL = Proof(read_back=0)


def months(world: World, name: str = "daten") -> list[tuple[int, int]]:
    """Return year and month of each drill."""
    begun = [moment.astimezone(world.zone) for moment in world.began(name, Kind.DRILL)]
    return [(moment.year, moment.month) for moment in begun]


def test_a_sample_is_read_back_after_each_daily_backup() -> None:
    """Also when the random offset lets two come nearer to each other than a day."""
    world = World([make_set("daten", "daily 02:00", random_offset=3 * HOUR, proof=READ_BACK)], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 12, 1))
    backups, checks = world.began(), world.began(kind=Kind.CHECK)

    assert len(backups) == 30
    assert checks == [moment + MINUTE for moment in backups]


def test_frequent_backups_do_not_read_back_each_time_unless_wished() -> None:
    """A line that is paid by the byte; and whoever wants it all the same."""
    seldom = World([make_set("daten", "hourly", proof=READ_BACK)], BERLIN, at(BERLIN, 2026, 11, 1))
    often = World(
        [make_set("daten", "hourly", proof=Proof(read_back_pause=timedelta(), drill_files=0))], BERLIN, at(BERLIN, 2026, 11, 1)
    )
    for world in (seldom, often):
        world.live_until(at(BERLIN, 2026, 11, 11, 0, 30))

    assert len(seldom.began(kind=Kind.CHECK)) == 12
    assert len(often.began(kind=Kind.CHECK)) == len(often.began())


def test_sets_of_one_repository_read_it_back_once() -> None:
    """Five sets of a night are no reason to fetch five samples; each repository has its own."""
    sets = [make_set(name, "daily 02:00", repo=repo, proof=READ_BACK) for name, repo in (("a", "/x"), ("b", "/x"), ("c", "/y"))]
    world = World(sets, BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 11, 11))

    assert len(world.began("a", Kind.CHECK)) + len(world.began("b", Kind.CHECK)) == 10
    assert len(world.began("c", Kind.CHECK)) == 10


@pytest.mark.parametrize("proof", [Proof(read_back=0, drill_files=0)])
def test_who_wants_neither_has_neither(proof: Proof) -> None:
    world = World([make_set("daten", "daily 02:00", proof=proof)], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2027, 2, 1))

    assert {run.kind for run in world.runs} == {Kind.BACKUP}


def test_nothing_is_proven_before_there_is_a_backup() -> None:
    world = World([make_set("daten", "daily 02:00", proof=Proof())], BERLIN, at(BERLIN, 2026, 11, 1))
    world.ending = lambda _run: (MINUTE, State.ERROR, {})
    world.live_until(at(BERLIN, 2026, 11, 20))

    assert {run.kind for run in world.runs} == {Kind.BACKUP}


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=ZONES)
def test_every_month_has_one_drill(zone: ZoneInfo) -> None:
    """For years; the first one after the first backup, each other month at a moment of its own."""
    world = World([make_set("daten", "daily 02:00", proof=DRILL)], zone, at(zone, 2026, 1, 31))
    world.live_until(at(zone, 2028, 1, 1))

    assert months(world) == [(year, month) for year in (2026, 2027) for month in range(1, 13)]
    assert len({moment.astimezone(zone).day for moment in world.began(kind=Kind.DRILL)}) > 12


def test_a_month_that_was_missed_is_made_up_for_once() -> None:
    """A notebook that was off from spring to autumn."""
    world = World([make_set("daten", "daily 02:00", proof=DRILL)], BERLIN, at(BERLIN, 2026, 3, 1))
    world.live_until(at(BERLIN, 2026, 3, 20))
    world.lose_power_until(at(BERLIN, 2026, 9, 28, 9))
    world.live_until(at(BERLIN, 2026, 9, 30))

    assert Counter(months(world)) == {(2026, 3): 1, (2026, 9): 1}


def test_a_drill_keeps_to_the_window_and_goes_on_in_the_next() -> None:
    """Whatever it is, it loads the line."""
    night = parse_window("20:00-06:00")
    world = World([make_set("daten", "daily 21:00", window=night, proof=DRILL)], BERLIN, at(BERLIN, 2026, 11, 1))
    world.ending = lambda run: (11 * HOUR if (run.kind, run.attempt, run.id) == (Kind.DRILL, 1, 1) else MINUTE, State.OK, {})
    world.live_until(at(BERLIN, 2027, 4, 1))
    drills = [run for run in world.runs if run.kind is Kind.DRILL]

    assert [(run.state, run.reason) for run in drills[:2]] == [(State.INTERRUPTED, Reason.WINDOW), (State.OK, Reason.NONE)]
    assert all(moment.astimezone(BERLIN).hour in {20, 21, 22, 23, 0, 1, 2, 3, 4, 5} for moment in world.began(kind=Kind.DRILL))
    assert [month for _year, month in months(world)] == [11, 11, 12, 1, 2, 3]


def test_a_backup_that_is_due_meanwhile_waits_its_turn() -> None:
    """One at a time for each repository, and none is left out."""
    world = World(
        [make_set("daten", "every 30 minutes", proof=Proof(read_back_pause=timedelta()))], BERLIN, at(BERLIN, 2026, 11, 1)
    )
    world.ending = lambda run: (MINUTE if run.kind is Kind.BACKUP else 40 * MINUTE, State.OK, {})
    world.live_until(at(BERLIN, 2026, 11, 1, 0, 35))
    assert world.agenda is not None
    waiting = [(wait.due.kind, wait.waits_for) for wait in world.agenda.waits]
    world.live_until(at(BERLIN, 2026, 11, 2))

    assert (Kind.DRILL, WaitsFor.REPOSITORY) in waiting
    assert len(world.began()) > 10
    assert world.skipped == []


def test_damage_is_told_and_not_tried_again_in_a_minute() -> None:
    """A line that broke is."""

    def damaged(run: Run) -> tuple[timedelta, State, dict[str, Any]]:
        return MINUTE, State.ERROR if run.kind is Kind.CHECK else State.OK, {"num_errors": 1}

    world = World([make_set("daten", "daily 02:00", proof=READ_BACK)], BERLIN, at(BERLIN, 2026, 11, 1), damaged)
    world.live_until(at(BERLIN, 2026, 11, 2))
    assert len(world.began(kind=Kind.CHECK)) == 4, "an error without a cause is tried again"
    world = World([make_set("daten", "daily 02:00", proof=READ_BACK)], BERLIN, at(BERLIN, 2026, 11, 1), damaged)
    world.reasons = {Kind.CHECK: Reason.DAMAGE}
    world.live_until(at(BERLIN, 2026, 11, 3))

    assert local(world.began(kind=Kind.CHECK), BERLIN) == ["11-01 02:01", "11-02 02:01"]


def test_a_clock_that_was_years_ahead_stops_no_proof() -> None:
    world = World([make_set("daten", "daily 02:00", proof=Proof())], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 11, 2, 12))
    world.set_clock(at(BERLIN, 2031, 1, 1, 12))
    world.live_until(at(BERLIN, 2031, 2, 1))
    world.set_clock(at(BERLIN, 2026, 11, 2, 13))
    before = len(world.runs)
    world.live_until(at(BERLIN, 2026, 12, 31))
    since = Counter(run.kind for run in world.runs[before:])

    assert since[Kind.CHECK] >= 56
    assert since[Kind.DRILL] >= 1
    assert world.runs[-1].began - world.runs[before].began < 60 * DAY


@pytest.mark.parametrize(
    ("kind", "code", "last", "state", "reason"),
    [
        (Kind.CHECK, 0, {"num_errors": 0}, State.OK, Reason.NONE),
        (Kind.CHECK, 1, {"num_errors": 2}, State.ERROR, Reason.DAMAGE),
        (Kind.CHECK, 1, {"error_class": "StorageUnreachable"}, State.ERROR, Reason.NONE),
        (Kind.CHECK, 1, {"error_class": "DamagedData"}, State.ERROR, Reason.DAMAGE),
        (Kind.DRILL, 1, {"error_class": "DamagedData"}, State.ERROR, Reason.DAMAGE),
        (Kind.BACKUP, 1, {"error_class": "DamagedData"}, State.ERROR, Reason.NONE),
        (Kind.DRILL, 0, {"mismatches": 0}, State.OK, Reason.NONE),
        (Kind.DRILL, 1, {"mismatches": 1}, State.ERROR, Reason.DAMAGE),
        (Kind.DRILL, 3, {"mismatches": 0, "sources_unlike": 1}, State.ATTENTION, Reason.NONE),
        (Kind.DRILL, 1, {"error_class": "GdpError"}, State.ERROR, Reason.NONE),
    ],
)
def test_what_the_end_of_a_proof_means(kind: Kind, code: int, last: dict[str, object], state: State, reason: Reason) -> None:
    verdict = verdict_of_engine(kind, code, last, None)

    assert (verdict.state, verdict.reason) == (state, reason)


def test_a_proof_is_what_the_command_line_has() -> None:
    """Whoever wants to see what the daemon saw, types it."""
    one = make_set("daten", proof=Proof(read_back=1 << 20))

    assert steps_of(one, Kind.CHECK)[0].words[-3:] == ("check", "--sample", "1048576")
    assert steps_of(one, Kind.DRILL)[0].words[-1] == "drill"
