"""When a backup may run, how fast, and how long it waits."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.core.sentences import hint_of, sentence_of
from gdp.model.timing.bandwidth import Bandwidth, Limits, parse_bandwidth
from gdp.model.timing.durations import format_duration, parse_duration
from gdp.model.timing.local import DAY_MINUTES
from gdp.model.timing.pauses import format_pauses, parse_pauses, pause_after, random_offset
from gdp.model.timing.span import Span
from gdp.model.timing.window import Window, parse_window
from tests.model.test_schedules import BERLIN, minutes_of_day, moments, weekday_sets, zones

MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)

spans = st.builds(Span, minutes_of_day, st.integers(1, DAY_MINUTES), weekday_sets).filter(lambda span: span.start != span.end)
windows = st.lists(spans, min_size=1, max_size=3).map(lambda spans: Window(tuple(spans)))
rates = st.integers(0, 1 << 33)
tables = st.lists(st.tuples(spans, st.builds(Limits, rates, rates)), max_size=3).map(lambda rows: Bandwidth(tuple(rows)))


def berlin(text: str) -> datetime:
    """Return the moment at which the clock in Berlin shows this, the first time."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


@settings(max_examples=200, deadline=None)
@given(windows, zones, moments)
def test_a_window_is_open_exactly_until_it_ends(window: Window, zone: ZoneInfo, moment: datetime) -> None:
    """Open at once or later, never closed in between, closed at the end."""
    opens = window.opens_after(moment, zone)
    ends = window.ends_after(opens, zone)

    assert window.contains(moment, zone) == (opens == moment)
    assert opens >= moment
    assert window.contains(opens, zone)
    assert opens == moment or not window.contains(opens - MICROSECOND, zone)
    if not window.contains(moment, zone):
        assert window.ends_after(moment, zone) == moment
    if ends is not None:
        assert ends > opens
        assert window.contains(ends - MICROSECOND, zone)
        assert not window.contains(ends, zone)


@example(Window((Span(),)), "en")
@example(Window((Span(),)), "de")
@given(windows, st.sampled_from(["en", "de"]))
def test_windows_written_or_told_are_read_back(window: Window, language: str) -> None:
    """What the program shows, it understands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GDP_LANGUAGE", language)
        told = window.describe()

    assert parse_window(str(window)) == window
    assert parse_window(told) == window


@pytest.mark.parametrize(
    ("text", "moment", "is_open", "ends"),
    [
        ("20:00-06:00", "2026-11-24T20:00", True, "2026-11-25T06:00"),
        ("20:00-06:00", "2026-11-25T06:00", False, "2026-11-25T06:00"),
        ("mo-fr 20:00-06:00", "2026-11-28T05:59", True, "2026-11-28T06:00"),  # Friday's
        ("mo-fr 20:00-06:00", "2026-11-28T20:00", False, "2026-11-28T20:00"),
        ("mo-fr 20:00-24:00; di-sa 00:00-06:00", "2026-11-24T21:00", True, "2026-11-25T06:00"),  # touching spans are one
        ("01:00-02:30", "2026-10-25T02:29", True, "2026-10-25T02:30"),  # comes twice: the first counts
        ("02:10-02:50", "2026-03-29T03:00", False, "2026-03-29T03:00"),  # the clock jumps over all of it
        ("22:00-02:30", "2026-03-29T01:59", True, "2026-03-29T03:00"),
    ],
)
def test_windows_by_example(text: str, moment: str, is_open: bool, ends: str) -> None:
    """Over midnight, over the week's end, on both nights on which the clock jumps."""
    window = parse_window(text)

    assert window.contains(berlin(moment), BERLIN) == is_open
    assert window.ends_after(berlin(moment), BERLIN) == berlin(ends)


def test_a_window_over_the_hour_that_comes_twice_has_no_hole() -> None:
    """A run must not be ended by the clock's jump and started again an hour later."""
    window, moment = parse_window("02:30-06:00"), berlin("2026-10-25T02:30")
    while moment < berlin("2026-10-25T06:00"):
        assert window.contains(moment, BERLIN)
        moment += MINUTE


def test_a_weekly_window_that_the_clock_jumps_over_opens_a_week_later() -> None:
    """Sunday 02:10 to 02:50 is no time at all on one Sunday a year."""
    window = parse_window("sunday 02:10-02:50")

    assert window.opens_after(berlin("2026-03-29T00:00"), BERLIN) == berlin("2026-04-05T02:10")


@settings(max_examples=200, deadline=None)
@given(tables, zones, moments)
def test_limits_hold_until_the_next_change(table: Bandwidth, zone: ZoneInfo, moment: datetime) -> None:
    """Who sleeps until the change misses none and wakes for nothing."""
    now, change = table.limits_at(moment, zone), table.next_change(moment, zone)

    if change is None:
        assert all(table.limits_at(moment + timedelta(minutes=97 * step), zone) == now for step in range(150))
    else:
        assert change > moment
        assert table.limits_at(change, zone) != now
        between = [moment + (change - moment) * step / 20 for step in range(20)]
        assert {table.limits_at(instant, zone) for instant in (*between, change - MICROSECOND)} == {now}


@given(tables)
def test_tables_written_are_read_back(table: Bandwidth) -> None:
    """Also where a rate is no round number."""
    assert parse_bandwidth(str(table)) == table


def test_the_first_row_that_holds_decides_and_is_told_in_german(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception stands above the rule."""
    table = parse_bandwidth("Mo-Fr 8:00-18:00 senden 2M empfangen 4M; Sa,So unbegrenzt; senden 20M")
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    assert table.limits_at(berlin("2026-11-24T12:00"), BERLIN) == Limits(2 << 20, 4 << 20)
    assert table.limits_at(berlin("2026-11-28T12:00"), BERLIN) == Limits()
    assert table.limits_at(berlin("2026-11-24T19:00"), BERLIN) == Limits(20 << 20)
    assert table.describe().splitlines() == [
        "Montag bis Freitag von 08:00 bis 18:00 Uhr: senden 2M/s empfangen 4M/s",
        "jeden Samstag und Sonntag: unbegrenzt",
        "sonst: senden 20M/s",
    ]


@pytest.mark.parametrize(
    ("parse", "text", "problem"),
    [
        (parse_window, "", "the window '' is not understood: it is empty"),
        (parse_window, "20:00-06:00;", "the window '20:00-06:00;' is not understood: it is empty"),
        (
            parse_window,
            "at night",
            "the window 'at night' is not understood: 'night' is neither a day nor a window such as 08:00-18:00",
        ),
        (parse_window, "20:00-26:00", "the window '20:00-26:00' is not understood: '26:00' is no time of day"),
        (
            parse_bandwidth,
            "08:00-18:00",
            "the bandwidth '08:00-18:00' is not understood: '08:00-18:00' says no rate such as up 2M",
        ),
        (parse_bandwidth, "up 2", "the bandwidth 'up 2' is not understood: '2' is no rate such as 500K or 2M"),
        (parse_bandwidth, "up", "the bandwidth 'up' is not understood: '' is no rate such as 500K or 2M"),
        (
            parse_bandwidth,
            "up 1M up 2M",
            "the bandwidth 'up 1M up 2M' is not understood: 'up' is neither up nor down, or comes twice",
        ),
        (parse_bandwidth, "8-18 up 2M", "the bandwidth '8-18 up 2M' is not understood: '8' is no time of day"),
        (parse_duration, "soon", "'soon' is no duration"),
        (parse_duration, "1h30", "'1h30' is no duration"),
        (parse_duration, "999999999999m", "'999999999999m' is no duration"),
        (parse_duration, "999999999d 999999999d", "'999999999d 999999999d' is too long"),
        (parse_pauses, "5m, later", "the pauses '5m, later' are not understood: 'later' is no duration"),
    ],
)
def test_what_is_not_understood_is_named(parse: object, text: str, problem: str) -> None:
    """With an example of what works."""
    assert callable(parse)
    with pytest.raises(BadInput) as caught:
        parse(text)

    assert sentence_of(caught.value) == problem
    assert "rite " in hint_of(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    """What a person types raises nothing else."""
    for parse in (parse_window, parse_bandwidth, parse_duration, parse_pauses):
        try:
            parse(text)
        except BadInput:
            continue


@given(st.integers(0, 10**12))
def test_durations_are_read_back(milliseconds: int) -> None:
    """What a file holds is what was meant."""
    duration = timedelta(milliseconds=milliseconds)

    assert parse_duration(format_duration(duration)) == duration


def test_pauses_come_in_order_and_end() -> None:
    """After the last pause the schedule decides."""
    pauses = parse_pauses("5m, 15m, 1h")

    assert [pause_after(failures, pauses) for failures in (1, 2, 3, 4)] == [5 * MINUTE, 15 * MINUTE, 60 * MINUTE, None]
    assert format_pauses(pauses) == "5m, 15m, 1h"
    assert parse_pauses("keine") == ()
    assert pause_after(1, ()) is None


def test_the_random_offset_stays_and_spreads() -> None:
    """The same after a restart and in any zone; different for each moment and each client; never more than was said."""
    due, most = datetime(2026, 11, 24, 1, tzinfo=UTC), timedelta(minutes=30)
    offsets = [random_offset(f"client {number}", due, most) for number in range(300)]
    by_day = [random_offset("client 1", due + timedelta(days=number), most) for number in range(300)]

    assert random_offset("client 7", due.astimezone(BERLIN), most) == offsets[7]
    for drawn in (offsets, by_day):
        assert timedelta() <= min(drawn) <= max(drawn) <= most
        assert max(drawn) - min(drawn) > timedelta(minutes=25)
        assert sum(earlier == later for earlier, later in pairwise(drawn)) < 5
    assert random_offset("client 7", due, timedelta()) == timedelta()
