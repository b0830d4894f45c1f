"""When something is due. A missed night is a day's work lost; a doubled one wakes people up."""

from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.core.sentences import hint_of, sentence_of
from gdp.model.timing.days import LAST, DayOfMonth, DayOfYear, DayRule, DaysOfMonth, DaysOfWeek
from gdp.model.timing.local import DAY_MINUTES, reading_at
from gdp.model.timing.reading import parse_schedule
from gdp.model.timing.schedule import AtTimes, Every, Schedule
from gdp.model.timing.span import Span

ZONES = [
    ZoneInfo(name)
    for name in (
        *("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"),
        *("America/Havana", "America/Santiago", "Pacific/Apia"),  # clocks that jump at midnight, a day that never was
    )
]
BERLIN = ZoneInfo("Europe/Berlin")

minutes_of_day = st.integers(0, DAY_MINUTES - 1)
weekday_sets = st.frozensets(st.integers(0, 6), min_size=1)
days_of_month = st.builds(DayOfMonth, st.sampled_from([*range(1, 32), LAST])) | st.builds(
    DayOfMonth, st.sampled_from([1, 2, 3, 4, LAST]), st.integers(0, 6)
)
zones = st.sampled_from(ZONES)
moments = st.integers(0, 35 * 365 * 86400).map(lambda seconds: datetime(2005, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


def in_order(days: set[DayOfMonth]) -> DaysOfMonth:
    """Return the rule as the parser makes it."""
    return DaysOfMonth(tuple(sorted(days, key=lambda day: (day.weekday, day.position == LAST, day.position))))


day_rules: st.SearchStrategy[DayRule] = st.one_of(
    st.builds(DaysOfWeek, weekday_sets),
    st.sets(days_of_month, min_size=1, max_size=4).map(in_order),
    st.builds(DayOfYear, st.integers(1, 12), st.integers(1, 28)),
    st.just(DayOfYear(2, 29)),
)
at_times = st.builds(AtTimes, day_rules, st.sets(minutes_of_day, min_size=1, max_size=4).map(lambda times: tuple(sorted(times))))


@st.composite
def every(draw: st.DrawFn) -> Every:
    """Return any distance; an hourly one may begin at any minute."""
    start, end = draw(st.just((0, DAY_MINUTES)) | st.tuples(minutes_of_day, st.integers(1, DAY_MINUTES)))
    step = draw(st.sampled_from([1, 7, 10, 15, 20, 60, 90, 120, 240, 1440]) | st.integers(1, DAY_MINUTES))
    window = Span(start, end if end != start else end + 1, draw(weekday_sets))
    offset = draw(st.integers(0, min(59, window.minutes - 1))) if step == 60 else 0
    return Every(step, offset, window)


schedules: st.SearchStrategy[Schedule] = at_times | every()


@pytest.mark.parametrize(
    ("written", "canonical", "english", "german"),
    [
        ("Hourly", "hourly", "every hour", "jede Stunde"),
        ("stündlich :5", "hourly :05", "every hour at minute 5", "jede Stunde zur Minute 5"),
        ("every minute", "every minute", "every minute", "jede Minute"),
        ("every 120 min", "every 2 hours", "every 2 hours", "alle 2 Stunden"),
        (
            *("alle 10 Minuten 8:00 – 18:00", "every 10 minutes 08:00-18:00"),
            *("every 10 minutes from 08:00 to 18:00", "alle 10 Minuten von 08:00 bis 18:00 Uhr"),
        ),
        (
            *("hourly mon-fri 08:30-18:00", "hourly weekdays 08:30-18:00"),
            *("every hour Monday to Friday from 08:30 to 18:00", "jede Stunde Montag bis Freitag von 08:30 bis 18:00 Uhr"),
        ),
        (
            *("TÄGLICH 14:30, 2:30", "daily 02:30 14:30"),
            *("every day at 02:30 and 14:30", "jeden Tag um 02:30 und 14:30 Uhr"),
        ),
        ("werktags 01:00", "weekdays 01:00", "Monday to Friday at 01:00", "Montag bis Freitag um 01:00 Uhr"),
        ("so,sa 3:00", "weekends 03:00", "every Saturday and Sunday at 03:00", "jeden Samstag und Sonntag um 03:00 Uhr"),
        ("sundays 04:00", "weekly sunday 04:00", "every Sunday at 04:00", "jeden Sonntag um 04:00 Uhr"),
        (
            *("jeden Donnerstag und Montag um 12:00 Uhr", "monday,thursday 12:00"),
            *("every Monday and Thursday at 12:00", "jeden Montag und Donnerstag um 12:00 Uhr"),
        ),
        (
            *("monthly last, 15 22:00", "monthly 15,last 22:00"),
            *("every month on day 15 and on the last day at 22:00", "jeden Monat am 15. und am letzten Tag um 22:00 Uhr"),
        ),
        (
            *("monatlich letzter freitag 22:00", "monthly last friday 22:00"),
            *("every month on the last Friday at 22:00", "jeden Monat am letzten Freitag um 22:00 Uhr"),
        ),
        (
            *("jährlich 24. Dezember 3:00", "yearly 24.12. 03:00"),
            *("every year on 24 December at 03:00", "jedes Jahr am 24. Dezember um 03:00 Uhr"),
        ),
    ],
)
def test_a_sentence_is_read_written_and_told(
    written: str, canonical: str, english: str, german: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One canonical form in the file, a sentence for people in their language."""
    schedule = parse_schedule(written)
    told = schedule.describe()
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    assert (str(schedule), told, schedule.describe()) == (canonical, english, german)


@settings(max_examples=300)
@given(schedules, st.sampled_from(["en", "de"]))
def test_whatever_is_written_or_told_is_read_back(schedule: Schedule, language: str) -> None:
    """Who copies what the program shows gets the same schedule."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GDP_LANGUAGE", language)
        told = schedule.describe()

    assert parse_schedule(str(parse_schedule(str(schedule)))) == parse_schedule(str(schedule))
    assert str(parse_schedule(str(schedule))) == str(schedule)
    assert str(parse_schedule(told)) == str(schedule)


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("", "it is empty"),
        ("02:30", "it names no days"),
        ("now and then", "'now,then' names no days"),
        ("daily", "it names no time of day such as 02:30"),
        ("daily 25:00", "'25:00' is no time of day"),
        ("daily 24:00", "'24:00' is no time of day"),
        ("daily 2:30 am", "'am' is no time of day"),
        ("daily 02:3٠", "'02:3٠' is no time of day"),
        ("weekly 03:00", "'weekly' names no days"),
        ("mon-foo 03:00", "'foo' is no day of the week"),
        ("every 0 minutes", "'0 minutes' is no distance between a minute and 24 hours"),
        ("every 25 hours", "'25 hours' is no distance between a minute and 24 hours"),
        ("every 3 days", "'days' is neither minutes nor hours"),
        ("every 10 minutes 08:00", "'08:00' is neither a day nor a window such as 08:00-18:00"),
        ("every 10 minutes 18:00-18:00", "'18:00-18:00' ends where it begins"),
        ("every 10 minutes 08:00-18:00 often", "'often' is one word too many"),
        ("hourly 08:10-08:50", "'08:10-08:50' holds no minute :00"),
        ("hourly monday 23:30-24:00", "'23:30-24:00' holds no minute :00"),
        ("hourly :75", "':75' is no minute of the hour such as :15"),
        ("monthly 32 22:00", "'32' is no day of the month such as 15, last or first monday"),
        ("monthly fifth friday 22:00", "'fifth friday' is no day of the month such as 15, last or first monday"),
        ("yearly 30.2. 03:00", "'30.2.' is no day of the year such as 24.12."),
        ("yearly 3.foo 03:00", "'foo' is no month"),
    ],
)
def test_what_is_not_understood_is_named(written: str, problem: str) -> None:
    """An administrator who mistypes learns which word it was, and sees what works."""
    with pytest.raises(BadInput) as caught:
        parse_schedule(written)

    assert sentence_of(caught.value) == f"the schedule {written!r} is not understood: {problem}"
    assert "daily 02:30" in hint_of(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_a_schedule_or_bad_input(text: str) -> None:
    """What a person types never raises anything else."""
    try:
        schedule = parse_schedule(text)
    except BadInput:
        return

    assert parse_schedule(str(schedule)) == schedule


def test_the_examples_of_the_german_hint_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever types the hint off must not see it again."""
    for language, separator in (("en", ", "), ("de", "; ")):
        monkeypatch.setenv("GDP_LANGUAGE", language)
        with pytest.raises(BadInput) as caught:
            parse_schedule("")
        examples = hint_of(caught.value).rstrip(".").partition(": ")[2].split(separator)

        assert len(examples) == 7
        assert all(str(parse_schedule(example)) for example in examples)


@settings(max_examples=200, deadline=None)
@given(schedules, zones, moments, st.integers(1, 60))
def test_runs_rise_and_none_is_missed_or_doubled(schedule: Schedule, zone: ZoneInfo, moment: datetime, count: int) -> None:
    """Whatever is asked, and in what order, the same moments come: a restart neither loses nor repeats one."""
    runs = [run for run, _number in zip(schedule.runs_after(moment, zone), range(count), strict=False)]
    one_by_one = [moment]
    for _ in runs:
        one_by_one.append(schedule.next_after(one_by_one[-1], zone))

    assert one_by_one[1:] == runs
    assert all(earlier < later for earlier, later in pairwise([moment, *runs]))
    assert schedule.latest_due(moment, runs[-1], zone) == runs[-1]
    assert schedule.latest_due(moment, runs[0] - timedelta(microseconds=1), zone) is None
    assert schedule.latest_due(runs[0], runs[-1], zone) == (runs[-1] if count > 1 else None)


@settings(max_examples=60, deadline=None)
@given(at_times, zones, st.integers(2005, 2039))
def test_each_day_runs_at_each_of_its_times_once(schedule: AtTimes, zone: ZoneInfo, year: int) -> None:
    """Over a whole year: as many runs as days times times, each at its time unless the clock jumps over it."""
    days = [date(year, 1, 1) + timedelta(days=number) for number in range(366)]
    wanted = [(day, time) for day in days if schedule.days.holds_on(day) for time in schedule.times]
    runs = [run for day in days for run in schedule.due_on(day, zone)]

    assert len(runs) == len(wanted)
    for run, (day, time) in zip(runs, wanted, strict=True):
        reading = datetime.combine(day, clock()) + timedelta(minutes=time)
        before = reading_at(run - timedelta(seconds=1), zone)
        assert before < reading <= reading_at(run, zone)


@settings(max_examples=60, deadline=None)
@given(every(), zones, st.integers(2005, 2039), st.integers(1, 360))
def test_distances_are_real_time_within_a_window(schedule: Every, zone: ZoneInfo, year: int, number: int) -> None:
    """Between two runs of a day lies exactly the distance, whatever the clock does; the last one leaves no room for more."""
    day = date(year, 1, 1) + timedelta(days=number)
    runs = schedule.due_on(day, zone)
    step = timedelta(minutes=schedule.step_minutes)
    stretch = schedule.window.on(day, zone)

    assert all(later - earlier == step for earlier, later in pairwise(runs))
    assert bool(runs) <= (stretch is not None)
    if runs and stretch:
        assert stretch[1] - step <= runs[-1] <= stretch[1]


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_every_ten_minutes_go_on_for_years(zone: ZoneInfo) -> None:
    """No gap and no burst at any jump of the clock; Apia's lost day has none either."""
    runs = parse_schedule("every 10 minutes").runs_after(datetime(2005, 1, 1, tzinfo=UTC), zone)
    earlier = next(runs)
    while earlier.year < 2012:
        later = next(runs)
        assert later - earlier == timedelta(minutes=10)
        earlier = later


@pytest.mark.parametrize(
    ("sentence", "zone", "since", "clock"),
    [
        ("daily 02:30", "Europe/Berlin", "2026-03-28", ["28 02:30+1", "29 03:00+2", "30 02:30+2"]),
        ("daily 02:00 02:30 03:00 03:30", "Europe/Berlin", "2027-03-28", ["28 03:00+2", "28 03:30+2", "29 02:00+2"]),
        ("daily 02:30", "Europe/Berlin", "2026-10-24", ["24 02:30+2", "25 02:30+2", "26 02:30+1"]),
        ("daily 02:30", "Europe/Berlin", "2027-10-30", ["30 02:30+2", "31 02:30+2", "1 02:30+1"]),
        ("hourly", "Europe/Berlin", "2026-03-29", ["29 00:00+1", "29 01:00+1", "29 03:00+2", "29 04:00+2"]),
        ("hourly :15", "Europe/Berlin", "2026-10-25", ["25 00:15+2", "25 01:15+2", "25 02:15+2", "25 02:15+1", "25 03:15+1"]),
        ("every 30 minutes", "Europe/Berlin", "2027-03-28T00:15", ["28 01:30+1", "28 03:00+2", "28 03:30+2"]),
        ("every 2 hours", "Europe/Berlin", "2026-03-29", ["29 00:00+1", "29 03:00+2", "29 05:00+2"]),
        ("every 4 hours", "Europe/Berlin", "2026-10-25", ["25 00:00+2", "25 03:00+1", "25 07:00+1"]),
        ("hourly 22:00-02:30", "Europe/Berlin", "2026-10-24T22:30", ["25 01:00+2", "25 02:00+2", "25 22:00+1"]),
        ("daily 01:30", "America/New_York", "2026-11-01", ["1 01:30-4", "2 01:30-5"]),
        ("daily 02:30", "America/New_York", "2027-03-14", ["14 03:00-4", "15 02:30-4"]),
        ("daily 02:15", "Australia/Lord_Howe", "2026-10-03T12:00", ["4 02:30+11", "5 02:15+11"]),
        ("daily 01:45", "Australia/Lord_Howe", "2027-04-03T12:00", ["4 01:45+11", "5 01:45+10.5"]),
        ("daily 00:30", "America/Havana", "2026-03-07T12:00", ["8 01:00-4", "9 00:30-4"]),
        ("daily 02:30", "Asia/Kathmandu", "2026-03-28", ["28 02:30+5.75", "29 02:30+5.75"]),
        ("daily 02:30", "UTC", "2026-03-28", ["28 02:30+0", "29 02:30+0"]),
    ],
)
def test_both_nights_on_which_the_clock_jumps(sentence: str, zone: str, since: str, clock: list[str]) -> None:
    """Golden: what the clock shows and how far it is from UTC, at the first runs after a reading of 2026 and 2027."""
    place = ZoneInfo(zone)
    moment = datetime.fromisoformat(since).replace(tzinfo=UTC if "T" in since else place) - timedelta(microseconds=1)
    seen = []
    for run, _expected in zip(parse_schedule(sentence).runs_after(moment, place), clock, strict=False):
        local = run.astimezone(place)
        offset = local.utcoffset()
        assert offset is not None
        seen.append(f"{local.day} {local:%H:%M}{offset.total_seconds() / 3600:+g}")

    assert seen == clock


@pytest.mark.parametrize(
    ("sentence", "since", "dates"),
    [
        ("monthly 31 22:00", "2027-01-01", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
        ("monthly 30,last 22:00", "2028-02-01", ["2028-02-29", "2028-03-30", "2028-03-31", "2028-04-30"]),
        ("monthly last friday 22:00", "2026-11-28", ["2026-12-25", "2027-01-29", "2027-02-26"]),
        ("monthly first monday 06:00", "2026-11-01", ["2026-11-02", "2026-12-07", "2027-01-04"]),
        ("yearly 29.2. 03:00", "2026-01-01", ["2026-02-28", "2027-02-28", "2028-02-29"]),
        ("weekends 03:00", "2026-11-24", ["2026-11-28", "2026-11-29", "2026-12-05"]),
    ],
)
def test_month_ends_and_leap_years(sentence: str, since: str, dates: list[str]) -> None:
    """No month goes without a run because it is short, and none runs twice."""
    runs = parse_schedule(sentence).runs_after(datetime.fromisoformat(since).replace(tzinfo=BERLIN), BERLIN)

    assert [f"{run.astimezone(BERLIN):%Y-%m-%d}" for run, _date in zip(runs, dates, strict=False)] == dates
