"""When runs begin, end, are left out and made up for; with a simulated clock over nights, weeks and years."""

import itertools
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.jobs.agenda import PATIENCE, Situation, WaitsFor, look
from gdp.jobs.due import PRUNE_WAITS
from gdp.model.backup_set import Conditions, Retention
from gdp.model.runs import Facts, Kind, Reason, Run, State
from gdp.model.timing.window import parse_window
from tests.jobs.world import DAY, HOUR, MINUTE, World, at, local, make_set

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "UTC"]
REACHABLE = Conditions(target_reachable=True)


def lasting(duration: timedelta, state: State = State.OK) -> Any:
    return lambda _run: (duration, state, {})


def waits(world: World) -> list[tuple[str, WaitsFor]]:
    assert world.agenda is not None
    return [(waiting.due.kind, waiting.waits_for) for waiting in world.agenda.waits]


def test_a_new_set_waits_for_its_first_time() -> None:
    """Nothing was missed before it was there."""
    world = World([make_set("daten", "daily 02:30")], BERLIN, at(BERLIN, 2026, 11, 24, 12))
    world.live_until(at(BERLIN, 2026, 11, 26, 12))

    assert local(world.began(), BERLIN) == ["11-25 02:30", "11-26 02:30"]


def test_the_night_without_half_past_two() -> None:
    world = World([make_set("daten", "daily 02:30")], BERLIN, at(BERLIN, 2027, 3, 27, 12))
    world.live_until(at(BERLIN, 2027, 3, 29, 12))

    assert local(world.began(), BERLIN) == ["03-28 03:00", "03-29 02:30"]


def test_the_night_with_two_of_them() -> None:
    """A set that costs an hour must not run twice."""
    world = World([make_set("daten", "daily 02:30"), make_set("oft", "hourly", repo="/b")], BERLIN, at(BERLIN, 2026, 10, 24, 22))
    world.live_until(at(BERLIN, 2026, 10, 25, 6, 30))

    assert local(world.began(), BERLIN) == ["10-25 02:30"]
    assert local(world.began("oft"), BERLIN) == [
        *("10-24 23:00", "10-25 00:00", "10-25 01:00", "10-25 02:00", "10-25 02:00", "10-25 03:00"),
        *("10-25 04:00", "10-25 05:00", "10-25 06:00"),
    ]


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=ZONES)
def test_years_of_days_have_one_run_each(zone: ZoneInfo) -> None:
    """Whatever the clocks do, no day is left out and none has two."""
    world = World([make_set("daten", "daily 02:15", random_offset=30 * MINUTE)], zone, at(zone, 2026, 1, 1, 12))
    world.live_until(at(zone, 2029, 1, 1, 12))

    days = [run.due.astimezone(zone).date() for run in world.runs]
    assert len(days) == (at(zone, 2029, 1, 1) - at(zone, 2026, 1, 1)).days == len(set(days))
    assert all(timedelta() <= run.began - run.due <= 30 * MINUTE for run in world.runs)
    assert len({run.began - run.due for run in world.runs}) > 500


@pytest.mark.slow
def test_years_of_many_sets_never_share_a_repository() -> None:
    """Thousands of runs of all kinds: one at a time for each repository, and no backup is left out for long."""
    sets = [
        make_set("a", "every 30 minutes", retention=Retention(keep_daily=7)),
        make_set("b", "daily 01:00 13:00", retention=Retention(keep_last=3)),
        make_set("c", "weekdays 22:00", repo="/other", window=parse_window("20:00-06:00"), retention=Retention(keep_last=3)),
    ]
    lasts = {"a": 3 * MINUTE, "b": 50 * MINUTE, "c": 3 * HOUR}
    world = World(sets, BERLIN, at(BERLIN, 2026, 1, 1), lambda run: (lasts[run.set_name], State.OK, {"removed": 2}))
    world.live_until(at(BERLIN, 2026, 8, 31))
    repositories = {"a": "shared", "b": "shared", "c": "other"}

    assert len(world.runs) > 10000
    for repository in ("shared", "other"):
        own = [run for run in world.runs if repositories[run.set_name] == repository and run.ended]
        assert all(one.ended is not None and one.ended <= two.began for one, two in itertools.pairwise(own))
    for name in sets:
        assert len(world.began(name.name, Kind.RETENTION)) >= 150
    assert 34 <= len(world.began("a", Kind.PRUNE)) + len(world.began("b", Kind.PRUNE)) <= 35
    begun = world.began("a")
    assert max(two - one for one, two in itertools.pairwise(begun)) <= 3 * HOUR


def test_what_was_missed_is_made_up_for_once() -> None:
    """A computer that was off for a week makes one backup, not seven."""
    world = World([make_set("daten", "daily 02:30")], BERLIN, at(BERLIN, 2026, 11, 1, 12))
    world.live_until(at(BERLIN, 2026, 11, 3, 12))
    world.lose_power_until(at(BERLIN, 2026, 11, 10, 9))
    world.live_until(at(BERLIN, 2026, 11, 11, 12))

    assert local(world.began(), BERLIN) == ["11-02 02:30", "11-03 02:30", "11-10 09:00", "11-11 02:30"]
    assert local([world.runs[2].due], BERLIN) == ["11-10 02:30"]


def test_a_run_that_was_killed_goes_on_at_once() -> None:
    """An interrupted first backup resumes; what broke twice in a row waits, since it may be what kills us."""
    world = World([make_set("daten", "daily 02:00")], BERLIN, at(BERLIN, 2026, 11, 1), lasting(5 * HOUR))
    world.live_until(at(BERLIN, 2026, 11, 1, 3))
    world.lose_power_until(at(BERLIN, 2026, 11, 1, 4))
    world.live_until(at(BERLIN, 2026, 11, 1, 4, 30))
    world.lose_power_until(at(BERLIN, 2026, 11, 1, 5))
    world.live_until(at(BERLIN, 2026, 11, 1, 12))

    assert local(world.began(), BERLIN) == ["11-01 02:00", "11-01 04:00", "11-01 05:01"]
    assert [run.attempt for run in world.runs] == [1, 2, 3]
    assert world.runs[-1].state is State.OK


def test_a_failure_is_tried_again_with_pauses() -> None:
    world = World([make_set("daten", "daily 02:00")], BERLIN, at(BERLIN, 2026, 11, 1), lasting(MINUTE, State.ERROR))
    world.live_until(at(BERLIN, 2026, 11, 2, 1))

    assert local(world.began(), BERLIN) == ["11-01 02:00", "11-01 02:02", "11-01 02:13", "11-01 03:14"]
    assert {run.due for run in world.runs} == {at(BERLIN, 2026, 11, 1, 2)}
    world.live_until(at(BERLIN, 2026, 11, 2, 2))
    assert world.runs[-1].attempt == 1


@pytest.mark.parametrize("state", [State.ATTENTION, State.CANCELLED, State.OK])
def test_nothing_else_is_tried_again(state: State) -> None:
    """Files that cannot be read are no better in a minute, and who cancelled meant it."""
    world = World([make_set("daten", "daily 02:00")], BERLIN, at(BERLIN, 2026, 11, 1), lasting(MINUTE, state))
    world.live_until(at(BERLIN, 2026, 11, 2))

    assert len(world.runs) == 1


def test_an_overlap_is_left_out_and_said() -> None:
    world = World([make_set("daten", "every 10 minutes")], BERLIN, at(BERLIN, 2026, 11, 1, 8, 5), lasting(25 * MINUTE))
    world.live_until(at(BERLIN, 2026, 11, 1, 8, 45))

    assert local(world.began(), BERLIN) == ["11-01 08:10", "11-01 08:40"]
    assert [run.reason for run in world.skipped] == [Reason.OVERLAP] * 2
    assert local([run.due for run in world.skipped], BERLIN) == ["11-01 08:20", "11-01 08:30"]


def test_the_window_ends_a_run_and_the_next_night_goes_on() -> None:
    """A first backup that needs three nights; it is due once."""
    night = parse_window("20:00-06:00")
    world = World([make_set("daten", "weekly sunday 21:00", window=night)], BERLIN, at(BERLIN, 2026, 11, 1), lasting(12 * HOUR))
    world.live_until(at(BERLIN, 2026, 11, 4))

    assert local(world.began(), BERLIN) == ["11-01 21:00", "11-02 20:00", "11-03 20:00"]
    assert [(run.state, run.reason, run.attempt) for run in world.runs[:2]] == [(State.INTERRUPTED, Reason.WINDOW, 1)] * 2
    assert local([run.ended for run in world.runs if run.ended], BERLIN) == ["11-02 06:00", "11-03 06:00"]


def test_what_is_due_outside_the_window_waits_for_it() -> None:
    world = World([make_set("daten", "daily 12:00", window=parse_window("20:00-06:00"))], BERLIN, at(BERLIN, 2026, 11, 1, 11))
    world.live_until(at(BERLIN, 2026, 11, 1, 13))
    assert waits(world) == [(Kind.BACKUP, WaitsFor.WINDOW)]
    world.live_until(at(BERLIN, 2026, 11, 1, 22))

    assert local(world.began(), BERLIN) == ["11-01 20:00"]


def test_the_longest_run_ends_one_and_the_next_goes_on() -> None:
    world = World([make_set("daten", "daily 02:00", longest_run=6 * HOUR)], BERLIN, at(BERLIN, 2026, 11, 1), lasting(9 * HOUR))
    world.live_until(at(BERLIN, 2026, 11, 2, 3))

    assert local(world.began(), BERLIN) == ["11-01 02:00", "11-02 02:00"]
    assert world.runs[0].reason is Reason.LONGEST_RUN
    assert world.runs[0].ended == at(BERLIN, 2026, 11, 1, 8)


def test_who_asks_is_served_at_once() -> None:
    """Outside the window, although paused, whether the target is said to answer or not; and nothing is due twice."""
    hard = make_set("daten", "daily 12:00", window=parse_window("20:00-06:00"), conditions=REACHABLE)
    world = World([hard], BERLIN, at(BERLIN, 2026, 11, 1, 11), answers=lambda _moment: Reason.UNREACHABLE, is_paused=True)
    world.live_until(at(BERLIN, 2026, 11, 1, 15))
    world.wanted.append(("daten", Kind.BACKUP))
    world.live_until(at(BERLIN, 2026, 11, 2, 3))

    assert local(world.began(), BERLIN) == ["11-01 15:00"]
    assert world.runs[0].is_manual
    assert world.runs[0].state is State.OK


def test_a_pause_begins_nothing_and_loses_nothing() -> None:
    world = World([make_set("daten", "daily 02:00")], BERLIN, at(BERLIN, 2026, 11, 1), is_paused=True)
    world.live_until(at(BERLIN, 2026, 11, 4))
    assert waits(world) == [(Kind.BACKUP, WaitsFor.RESUME)]
    assert world.runs == []
    world.is_paused = False
    world.live_until(at(BERLIN, 2026, 11, 4, 3))

    assert local(world.began(), BERLIN) == ["11-04 00:00", "11-04 02:00"]


def test_an_inactive_set_is_not_due() -> None:
    """No data are encrypted before somebody decided who can open them again."""
    world = World([make_set("daten", "hourly", is_active=False)], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 11, 3))

    assert (world.runs, world.facts) == ([], {})


def test_a_target_that_does_not_answer_is_waited_for() -> None:
    """Told once after an hour, asked every minute, and made up for when it is back; one run, however long it was away."""
    gone = (at(BERLIN, 2026, 11, 1), at(BERLIN, 2026, 11, 3, 9, 30))
    world = World(
        [make_set("daten", "daily 02:00", conditions=REACHABLE)],
        BERLIN,
        at(BERLIN, 2026, 11, 1),
        answers=lambda moment: Reason.UNREACHABLE if gone[0] <= moment < gone[1] else Reason.NONE,
    )
    world.live_until(at(BERLIN, 2026, 11, 1, 2, 59))
    assert waits(world) == [(Kind.BACKUP, WaitsFor.TARGET)]
    assert world.skipped == []
    world.live_until(at(BERLIN, 2026, 11, 4))

    assert local(world.began(), BERLIN) == ["11-03 09:30"]
    assert [(run.reason, run.due) for run in world.skipped] == [
        (Reason.UNREACHABLE, at(BERLIN, 2026, 11, 1, 2)),
        (Reason.UNREACHABLE, at(BERLIN, 2026, 11, 2, 2)),
        (Reason.UNREACHABLE, at(BERLIN, 2026, 11, 3, 2)),
    ]
    assert world.skipped[0].began - world.skipped[0].due == PATIENCE


def test_a_suspended_run_that_wakes_after_the_window_ends() -> None:
    night = parse_window("20:00-06:00")
    world = World([make_set("daten", "daily 21:00", window=night)], BERLIN, at(BERLIN, 2026, 11, 1, 12), lasting(3 * HOUR))
    world.live_until(at(BERLIN, 2026, 11, 1, 22))
    world.sleep_until(at(BERLIN, 2026, 11, 2, 9))
    world.live_until(at(BERLIN, 2026, 11, 2, 20))

    assert world.runs[0].reason is Reason.WINDOW
    assert local(world.began(), BERLIN) == ["11-01 21:00", "11-02 20:00"]


def test_a_clock_that_was_years_ahead_does_not_stop_the_backups() -> None:
    """The battery of the clock is empty: it said 2031 until the network was up, and everything was served up to then."""
    kept = Retention(keep_last=1)
    world = World([make_set("daten", "daily 02:00", retention=kept)], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 11, 2, 12))
    world.set_clock(at(BERLIN, 2031, 1, 1, 12))
    world.live_until(at(BERLIN, 2031, 1, 1, 13))
    world.set_clock(at(BERLIN, 2026, 11, 2, 13))
    world.live_until(at(BERLIN, 2026, 11, 5))

    assert local(world.began(), BERLIN)[3:] == ["11-03 02:00", "11-04 02:00"]
    assert local(world.began(kind=Kind.RETENTION), BERLIN)[-1] == "11-04 02:01"


def test_a_clock_that_steps_back_a_little_repeats_nothing() -> None:
    world = World([make_set("daten", "daily 02:00")], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 11, 1, 2, 2))
    world.set_clock(at(BERLIN, 2026, 11, 1, 1, 59))
    world.live_until(at(BERLIN, 2026, 11, 1, 12))

    assert len(world.runs) == 1


def test_a_failure_in_the_future_is_tried_again_now() -> None:
    world = World([make_set("daten", "yearly 1.1. 00:00")], BERLIN, at(BERLIN, 2026, 11, 1))
    world.wanted.append(("daten", Kind.BACKUP))
    world.ending = lasting(MINUTE, State.ERROR)
    world.live_until(at(BERLIN, 2026, 11, 1, 0, 1))
    world.set_clock(at(BERLIN, 2026, 10, 31))
    world.live_until(at(BERLIN, 2026, 10, 31, 0, 5))

    assert len(world.runs) >= 2


def test_retention_comes_once_a_day_after_a_backup() -> None:
    hourly = make_set("daten", "every 6 hours", retention=Retention(keep_daily=7))
    world = World([hourly], BERLIN, at(BERLIN, 2026, 11, 1, 1))
    world.live_until(at(BERLIN, 2026, 11, 16))

    assert local(world.began(kind=Kind.RETENTION), BERLIN)[:3] == ["11-01 06:01", "11-02 00:01", "11-03 00:01"]
    assert local(world.began(kind=Kind.PRUNE), BERLIN) == ["11-01 06:02", "11-08 00:02", "11-15 00:02"]


def test_without_rules_nothing_is_ever_removed() -> None:
    world = World([make_set("daten", "hourly")], BERLIN, at(BERLIN, 2026, 11, 1))
    world.live_until(at(BERLIN, 2026, 12, 1))

    assert {run.kind for run in world.runs} == {Kind.BACKUP}


def test_a_prune_only_comes_when_something_was_removed() -> None:
    kept = make_set("daten", "daily 02:00", retention=Retention(keep_daily=7))
    world = World([kept], BERLIN, at(BERLIN, 2026, 11, 1), lambda _run: (MINUTE, State.OK, {"removed": 0}))
    world.live_until(at(BERLIN, 2026, 12, 1))

    assert {run.kind for run in world.runs} == {Kind.BACKUP, Kind.RETENTION}


def test_a_prune_waits_for_a_backup_that_takes_many_runs_but_not_for_ever() -> None:
    """No snapshot needs yet what that has sent, so it would be removed, and a first backup over a slow line never be done."""

    def ending(run: Run) -> tuple[timedelta, State, dict[str, Any]]:
        return (9 * HOUR if run.set_name == "large" else MINUTE), State.OK, {"removed": 1}

    small = make_set("small", "daily 12:00", repo="/one", retention=Retention(keep_daily=7))
    large = make_set("large", "daily 01:00", repo="/one", longest_run=6 * HOUR)
    world = World([small, large], BERLIN, at(BERLIN, 2026, 11, 1), ending)
    world.live_until(at(BERLIN, 2026, 12, 20))
    unfinished = world.began("small", Kind.PRUNE)
    world.sets = [small, make_set("large", "daily 01:00", repo="/one")]
    world.live_until(at(BERLIN, 2027, 1, 20))
    pruned = world.began("small", Kind.PRUNE)
    world.sets = [small, large]
    world.live_until(at(BERLIN, 2027, 3, 20))

    assert unfinished == []
    assert len(pruned) >= 4
    waits = [later - earlier for earlier, later in itertools.pairwise(world.began("small", Kind.PRUNE)[len(pruned) - 1 :])]
    assert waits
    assert all(wait >= PRUNE_WAITS for wait in waits)


def test_a_retention_that_may_not_delete_is_not_tried_until_tomorrow() -> None:
    """The daemon marks it as left out, since the repository forbids deletes; an older failure must not wake up again."""

    def ending(run: Run) -> tuple[timedelta, State, dict[str, Any]]:
        if run.kind is Kind.BACKUP:
            return MINUTE, State.OK, {}
        return MINUTE, State.ERROR if run.attempt == 1 else State.SKIPPED, {}

    world = World([make_set("daten", "daily 02:00", retention=Retention(keep_daily=7))], BERLIN, at(BERLIN, 2026, 11, 1), ending)
    world.live_until(at(BERLIN, 2026, 11, 2))

    assert [run.state for run in world.runs] == [State.OK, State.ERROR, State.SKIPPED]


def test_no_more_runs_at_once_than_the_computer_bears() -> None:
    world = World(
        [make_set(name, "daily 02:00", repo=f"/{name}") for name in "abc"], BERLIN, at(BERLIN, 2026, 11, 1), lasting(HOUR)
    )
    world.live_until(at(BERLIN, 2026, 11, 1, 2, 30))

    assert [run.set_name for run in world.running()] == ["a", "b"]
    assert WaitsFor.ROOM in [waits_for for _kind, waits_for in waits(world)]


SCHEDULES = st.sampled_from(["every 50 minutes", "every 3 hours", "daily 02:30", "daily 00:00 12:00", "weekdays 01:00"])
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["live", "off", "sleep", "back", "ahead", "pause", "resume", "want"]),
        st.integers(1, 60 * 24 * 20),
    ),
    max_size=12,
)


@given(
    schedules=st.lists(SCHEDULES, min_size=1, max_size=3),
    events=EVENTS,
    offset=st.integers(0, 90),
    minutes=st.integers(1, 300),
    window=st.sampled_from([None, "20:00-06:00", "weekends", "00:00-24:00"]),
    zone=st.sampled_from(ZONES),
    failing=st.integers(1, 5),
)
@settings(max_examples=30, deadline=None)
def test_whatever_happens_backups_go_on(  # noqa: PLR0917 hypothesis names them
    schedules: list[str], events: list[tuple[str, int]], offset: int, minutes: int, window: str | None, zone: str, failing: int
) -> None:
    """Off, asleep, clocks set both ways, paused, failing: afterwards the schedule is kept again, and nothing runs twice."""
    place = ZoneInfo(zone)
    one = make_set(
        "daten", *schedules, random_offset=offset * MINUTE, window=parse_window(window) if window else None, longest_run=DAY
    )
    world = World([one], place, at(place, 2026, 10, 1))
    world.ending = lambda run: (minutes * MINUTE, State.OK if run.id % failing else State.ERROR, {})
    for event, amount in events:
        if event == "live":
            world.live_until(world.now + min(amount * MINUTE, 3 * DAY))
        elif event == "off":
            world.lose_power_until(world.now + amount * MINUTE)
        elif event in {"sleep", "ahead", "back"}:
            world.set_clock(world.now + amount * MINUTE * (-1 if event == "back" else 1))
        elif event == "want":
            world.wanted[:] = [("daten", Kind.BACKUP)]
        else:
            world.is_paused = event == "pause"
        world.live_until(world.now)
    world.is_paused = False
    before = len(world.runs)
    world.live_until(world.now + 10 * DAY)
    since = world.runs[before:]

    assert since, "the backups have stopped"
    # A further attempt is due with the first one, and the clock may have been set back between the two.
    assert all(run.due <= run.began for run in since if run.attempt == 1)
    first = [run for run in since if run.attempt == 1 and not run.is_manual and run.reason is not Reason.WINDOW]
    resumed = {run.due for run in since if run.reason is Reason.WINDOW}
    dues: list[datetime] = [run.due for run in first if run.due not in resumed]
    assert len(dues) == len(set(dues)), "a run was made twice"


def test_a_restore_holds_up_what_removes_data_and_nothing_else() -> None:
    """It may take days; backups go on meanwhile. It outlives the window and takes nobody's room."""
    now = at(BERLIN, 2026, 11, 24, 12)
    sets = [make_set(name, "hourly", retention=Retention(keep_last=1), repo=repo) for name, repo in (("a", "/1"), ("b", "/2"))]
    began = now - timedelta(days=3)
    restores = [
        Run(id=number, set_name="a", kind=Kind.RESTORE, due=began, began=began, is_manual=True) for number in (1, 2, 3)
    ]  # fmt: skip
    served = now - timedelta(hours=1)
    done = Run(id=4, set_name="a", kind=Kind.BACKUP, due=served, began=served, ended=served, state=State.OK)
    facts = {
        ("a", Kind.BACKUP): Facts(served_until=served, last=done, last_done=done),
        ("b", Kind.BACKUP): Facts(served_until=served),
    }
    agenda = look(Situation(now=now, zone=BERLIN, sets=sets, facts=facts, running=restores))

    assert [(start.set_name, start.kind) for start in agenda.starts] == [("a", Kind.BACKUP), ("b", Kind.BACKUP)]
    assert [(wait.due.kind, wait.waits_for) for wait in agenda.waits if wait.due.kind is Kind.RETENTION] == [
        (Kind.RETENTION, WaitsFor.REPOSITORY)
    ]
    assert not agenda.ends
