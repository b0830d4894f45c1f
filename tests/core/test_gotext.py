"""Text as Go writes it: a tree's id is the hash of its JSON, so one other byte is another tree."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdp.core.errors import DamagedData
from gdp.core.gotext import (
    civil_date,
    days_from_civil,
    encode_json,
    format_time,
    go_mode,
    json_string,
    parse_time,
    permission_bits,
    quote_name,
    unquote_name,
)

# strconv.Quote without the outer quotes, as Go prints it
QUOTED = [
    (b"plain name.txt", "plain name.txt"),
    (b'"', '\\"'),
    (b"\\", "\\\\"),
    (b"\a\b\f\n\r\t\v", "\\a\\b\\f\\n\\r\\t\\v"),
    (b"\x00\x01\x1b\x7f", "\\x00\\x01\\x1b\\x7f"),
    (b"\xff\xfe", "\\xff\\xfe"),
    ("ümläut €".encode(), "ümläut €"),
    ("日本語 ☺ 👩".encode(), "日本語 ☺ 👩"),
    ("\u00a0".encode(), "\\u00a0"),  # not a space to Go
    ("\u00ad".encode(), "\\u00ad"),
    ("\u200d".encode(), "\\u200d"),
    ("\u2028".encode(), "\\u2028"),
    ("\u202e".encode(), "\\u202e"),
    ("\ufeff".encode(), "\\ufeff"),
    ("\U000e0001".encode(), "\\U000e0001"),
    ("\U0010ffff".encode(), "\\U0010ffff"),
    ("\u3000".encode(), "\\u3000"),
    ("e\u0301".encode(), "e\u0301"),
    (b"\xed\xa0\x80", "\\xed\\xa0\\x80"),  # a surrogate is no character
    (b"\xc0\xaf", "\\xc0\\xaf"),
    ("\ufffd".encode(), "\ufffd"),
    (b"'", "'"),
    (b"a\xc3", "a\\xc3"),
]


@pytest.mark.parametrize(("raw", "quoted"), QUOTED)
def test_a_name_is_quoted_as_go_does(raw: bytes, quoted: str) -> None:
    """Restic's Quote; a difference would store every such file again."""
    assert quote_name(raw) == quoted
    assert unquote_name(quoted) == raw


@given(st.binary(max_size=80))
def test_every_name_survives(raw: bytes) -> None:
    """File names are bytes; a backup that loses one is none."""
    assert unquote_name(quote_name(raw)) == raw


@given(st.text(max_size=40))
def test_every_text_survives_too(text: str) -> None:
    """Valid UTF-8 of all planes."""
    raw = text.encode("utf-8", "surrogatepass")

    assert unquote_name(quote_name(raw)) == raw


@pytest.mark.parametrize(
    ("quoted", "raw"),
    [("\\u00fc", "ü".encode()), ("\\U0001f600", "😀".encode()), ("\\303\\274", "ü".encode()), ("\\'", b"'"), ("\\xFF", b"\xff")],
)
def test_every_escape_of_go_is_read(quoted: str, raw: bytes) -> None:
    """Rustic escapes what restic writes plainly."""
    assert unquote_name(quoted) == raw


@pytest.mark.parametrize("quoted", ['"', "a\\", "\\q", "\\x4", "\\xzz", "\\u12", "\\ud800", "\\U00110000", "\\400", "\\8"])
def test_a_name_that_go_would_not_read_is_refused(quoted: str) -> None:
    """Reading it as something else would restore under a wrong name."""
    with pytest.raises(DamagedData):
        unquote_name(quoted)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<a&b>", b'"\\u003ca\\u0026b\\u003e"'),
        ("\u2028\u2029", b'"\\u2028\\u2029"'),
        ('"\\', b'"\\"\\\\"'),
        ("\n\r\t", b'"\\n\\r\\t"'),
        ("\b\f", b'"\\b\\f"'),
        ("\x00\x1f", b'"\\u0000\\u001f"'),
        ("\x7f", b'"\x7f"'),
        ("ü😀", '"ü😀"'.encode()),
        ("/", b'"/"'),
    ],
)
def test_json_is_escaped_as_go_escapes_it(value: str, expected: bytes) -> None:
    """encoding/json with its default of escaping HTML."""
    assert encode_json(value) == expected
    assert json_string(value.encode()) == expected


def test_bytes_that_are_not_text_become_the_replacement_character() -> None:
    """As Go writes a link target that is not UTF-8; the true bytes stand in another field."""
    assert json_string(b"a\xff\xfeb") == b'"a\\ufffd\\ufffdb"'


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


TIMES = [
    ("UTC", 0, "1970-01-01T00:00:00Z"),
    ("UTC", 1, "1970-01-01T00:00:00.000000001Z"),
    ("UTC", -1, "1969-12-31T23:59:59.999999999Z"),
    ("UTC", 1_700_000_000_120_000_000, "2023-11-14T22:13:20.12Z"),
    ("UTC", -62_135_596_800_000_000_000, "0001-01-01T00:00:00Z"),
    ("UTC", 253_402_300_799_999_999_999, "9999-12-31T23:59:59.999999999Z"),
    ("Europe/Berlin", 1_720_000_000_000_000_000, "2024-07-03T11:46:40+02:00"),
    ("Europe/Berlin", 1_710_000_000_000_000_000, "2024-03-09T17:00:00+01:00"),
    ("America/St_Johns", 1_710_000_000_000_000_000, "2024-03-09T12:30:00-03:30"),
    ("Asia/Kolkata", 1_710_000_000_500_000_000, "2024-03-09T21:30:00.5+05:30"),
]


@pytest.mark.parametrize(("name", "time_ns", "text"), TIMES)
def test_a_time_is_written_with_the_offset_of_its_own_day(zone: pytest.MonkeyPatch, name: str, time_ns: int, text: str) -> None:
    """RFC3339Nano in the local zone, trailing zeros cut."""
    zone.setenv("TZ", name)
    time.tzset()
    _clear_caches()

    assert format_time(time_ns) == text
    assert parse_time(text) == time_ns
    _clear_caches()


@pytest.mark.parametrize(("time_ns", "year"), [(-70_000_000_000 * 10**9, "0000"), (300_000_000_000 * 10**9, "9999")])
def test_years_beyond_the_calendar_are_clamped(time_ns: int, year: str) -> None:
    """Go's JSON refuses other years, and restic clamps."""
    assert format_time(time_ns).startswith(year)


@given(st.integers(-60_000_000_000 * 10**9, 253_000_000_000 * 10**9))
def test_every_time_survives(time_ns: int) -> None:
    """To the nanosecond, before and after 1970."""
    assert parse_time(format_time(time_ns)) == time_ns


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00+1:00"),
        *("2024-01-01T00:00:60Z", "2024-01-01T00:00:61Z", "2024-01-01T00:60:00Z", "2024-01-01T24:00:00Z"),
        *("2024-00-01T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-32T00:00:00Z"),
        *("2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-04-31T00:00:00Z", "2024-01-01T00:00:00+25:00"),
        *("2024-01-01T00:00:00+01:61", "٢٠٢٤-01-01T00:00:00Z"),
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A wrong time would decide what forget deletes."""
    with pytest.raises(DamagedData):
        parse_time(text)


@given(st.integers(-5_000_000, 5_000_000))
def test_dates_and_days_are_inverses(days: int) -> None:
    """Far beyond what datetime knows."""
    assert days_from_civil(*civil_date(days)) == days


@pytest.mark.parametrize(
    ("st_mode", "mode"),
    [
        (0o100644, 0o644),
        (0o040755, 1 << 31 | 0o755),
        (0o120777, 1 << 27 | 0o777),
        (0o060660, 1 << 26 | 0o660),
        (0o020666, 1 << 26 | 1 << 21 | 0o666),
        (0o010620, 1 << 25 | 0o620),
        (0o140660, 1 << 24 | 0o660),
        (0o104755, 1 << 23 | 0o755),
        (0o102755, 1 << 22 | 0o755),
        (0o041777, 1 << 31 | 1 << 20 | 0o777),
    ],
)
def test_modes_are_gos(st_mode: int, mode: int) -> None:
    """Go keeps type and special bits elsewhere than Unix does."""
    assert go_mode(st_mode) == mode
    assert permission_bits(mode) == st_mode & 0o7777


def _clear_caches() -> None:
    from gdp.core import gotext

    gotext._date_and_offset.cache_clear()
