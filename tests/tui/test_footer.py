"""The last line: the keys that do something, as they stand on the keyboard, and never cut off in the middle of a word."""

from pathlib import Path

import pytest
from textual.binding import Binding

from gdp.core.language import translate
from gdp.tui.app import KEYS
from gdp.tui.widgets.keys import Offered, fitting
from tests.conftest import PROJECT
from tests.tui import sets
from tests.tui.screens_as_text import text_of
from tests.tui.stage import StagedDaemon, ports, settle, shown

OFFERED = [
    Offered(Binding("enter", "open"), "⏎", "Open"),
    Offered(Binding("b", "back_up"), "b", "Back up now"),
    Offered(Binding("r", "restore"), "r", "Restore"),
    Offered(Binding("question_mark", "help"), "?", "Help", is_everywhere=True),
    Offered(Binding("q", "leave"), "q", "Quit", is_everywhere=True),
]


@pytest.mark.parametrize(
    ("width", "kept"),
    [(44, "⏎br?q"), (43, "br?q"), (37, "br?q"), (36, "b?q"), (26, "?q"), (5, "?q")],
)
def test_what_has_no_room_is_left_out_whole(width: int, kept: str) -> None:
    """Enter first, which everybody tries; help and the way out stay."""
    assert "".join(one.key for one in fitting(OFFERED, width)) == kept


def test_each_kept_german_picture_of_a_page_ends_with_the_help_whole() -> None:
    """German words are long, and 80 columns few."""
    lines = {path.name: path.read_text().splitlines()[-1] for path in (PROJECT / "tests/tui/pictures").glob("*-de-80x24.txt")}

    assert [name for name, line in lines.items() if not line.rstrip().endswith((" Hilfe", " Ende"))] == []
    assert not [name for name, line in lines.items() if line.startswith("esc ") or " esc " in line]


async def test_the_line_fits_again_when_the_terminal_is_another(tmp_path: Path) -> None:
    """More room shows more keys."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status(sets.good_set()))), size=(60, 24), language="de") as (app, pilot):
        narrow = text_of(app).splitlines()[-1]
        await pilot.resize_terminal(100, 24)
        await settle(pilot)
        wide = text_of(app).splitlines()[-1]

    assert narrow.rstrip().endswith("q Ende")
    assert "Öffnen" not in narrow
    assert wide.startswith("⏎ Öffnen")


def test_keys_are_named_as_on_the_keyboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A German keyboard has Entf."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    assert translate(KEYS["delete"]) == "Entf"
