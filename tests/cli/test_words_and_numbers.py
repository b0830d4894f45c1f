"""How numbers are read from a command line and shown to people."""

import time

import click
import pytest

from gdp.cli.table import layout
from gdp.cli.values import Duration, Size, parse_moment
from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.model.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("4096", 4096),
        ("500K", 512_000),
        ("16m", 16 << 20),
        ("1.5G", 3 << 29),
        ("2T", 2 << 40),
        ("10KiB", 10240),
        ("1 M", 1 << 20),
    ],
)
def test_sizes(text: str, size: int) -> None:
    """Powers of 1024, as restic reads them."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "K", "1X", "-1", "1,5G", "0x10", "1e3"])
def test_what_is_no_size(text: str) -> None:
    """A typing error must not become some number."""
    assert parse_size(text) is None
    with pytest.raises(click.BadParameter):
        Size().convert(text, None, None)


def test_bounds_are_named_as_one_would_type_them() -> None:
    """So that the next try is right."""
    with pytest.raises(click.BadParameter, match="300K is not between 1M and 128M"):
        Size(1 << 20, 128 << 20).convert("300K", None, None)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("1h 30m", 5400)])
def test_durations(text: str, seconds: float) -> None:
    """Go's way to write them, as restic's --retry-lock, and a little more."""
    assert Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["", "5", "m5", "5x"])
def test_what_is_no_duration(text: str) -> None:
    """Without a unit nobody knows what is meant."""
    with pytest.raises(click.BadParameter, match=r"is no duration\. Write it like 90s, 5m or 1h30m\."):
        Duration().convert(text, None, None)


def test_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the zone of this computer, or with a zone."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        assert parse_moment("2026-07-01 12:00:00") == parse_moment("2026-07-01T10:00:00Z")
        assert parse_moment("2026-01-01") == parse_moment("2026-01-01 00:00")
    finally:
        monkeypatch.undo()
        time.tzset()
    with pytest.raises(BadInput):
        parse_moment("yesterday")


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ["0 B", "999 B", "1.0 kB", "182.4 GB", "1,204", "9.4 s", "42 s", "3 min 20 s", "2 h 13 min", "3 d 4 h"]),
        ("de", ["0 B", "999 B", "1,0 kB", "182,4 GB", "1.204", "9,4 s", "42 s", "3 min 20 s", "2 h 13 min", "3 d 4 h"]),
    ],
)
def test_figures_are_written_as_the_language_writes_them(
    language: str, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comma in the wrong place is a factor of a thousand."""
    monkeypatch.setenv("GDP_LANGUAGE", language)
    sizes = [figures.size(number) for number in (0, 999, 1000, 182_400_000_000)]
    durations = [figures.duration(seconds) for seconds in (9.4, 42, 200, 7980, 3 * 86400 + 4 * 3600)]

    assert [*sizes, figures.count(1204), *durations] == shown
    assert figures.rough_duration(720) == "12 min"
    assert figures.rough_duration(7980) == "2 h 13 min"
    assert [figures.duration(seconds) for seconds in (180, 7200, 2 * 86400)] == ["3 min", "2 h", "2 d"]
    assert figures.rough_duration(7200) == "2 h"
    assert figures.size(-5_000) in {"-5.0 kB", "-5,0 kB"}


def test_tables_align_wide_and_combined_characters() -> None:
    """Names come from everywhere."""
    lines = layout(["a", "b"], [["日本", "1"], ["o\u0308", "22"]], right=[1])

    assert lines == ["a      b", "────────", "日本   1", "o\u0308     22"]
