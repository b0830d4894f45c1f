"""How fast a line was is remembered from run to run, and never in anybody's way."""

from pathlib import Path

import pytest

from gdp.repo.line_speed import LineSpeed


def test_what_was_measured_is_known_to_the_next_run(tmp_path: Path) -> None:
    """It then makes packs that arrive in time from the beginning."""
    path = tmp_path / "state" / "line-speed"
    before = LineSpeed(path).read()
    LineSpeed(path).note(150_000)

    assert before == 0
    assert LineSpeed(path).read() == 150_000
    assert [entry.name for entry in path.parent.iterdir()] == ["line-speed"]


@pytest.mark.parametrize(("measured", "known"), [(0, 100_000), (120_000, 100_000), (90_000, 100_000), (20_000, 20_000)])
def test_only_news_is_written(tmp_path: Path, measured: int, known: int) -> None:
    """It is asked ten times a second; and that nobody measured anything is no news."""
    path = tmp_path / "line-speed"
    speed = LineSpeed(path)
    speed.note(100_000)
    speed.note(measured)

    assert LineSpeed(path).read() == known


@pytest.mark.parametrize("content", [b"", b"much", b"\xff", b"-5"])
def test_a_damaged_note_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "line-speed"
    path.write_bytes(content)

    assert LineSpeed(path).read() == 0


def test_a_folder_that_takes_nothing_ends_no_run(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")

    LineSpeed(tmp_path / "state" / "line-speed").note(5)
