"""Progress: a bar on a terminal, a plain line a minute elsewhere. Time is the test's."""

import io

import pytest

from gdp.cli.estimate import Estimator
from gdp.cli.progress import Bar, MinuteLines, Records, describe, draw_bar, fraction
from gdp.cli.screen import Screen, printable
from gdp.core.errors import GdpError
from gdp.model.events import ItemDone, Note, Problem, Progress, StageBegan


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """Says that it is one."""

    def isatty(self) -> bool:
        return True

    @property
    def line(self) -> str:
        """What the current line shows."""
        return self.getvalue().rpartition("\n")[2].rpartition("\x1b[K")[2]


GB = 1_000_000_000


def half_way(seconds: int, clock: Clock, view: Bar | MinuteLines | Records) -> None:
    """Let a stage of 100 GB run at 1 GB a second."""
    view.begin("reading")
    for second in range(seconds + 1):
        clock.now = 1000.0 + second
        view.update(Progress(second * 10, 1000, second * GB, 100 * GB, f"/file{second}"))


def test_a_terminal_shows_a_bar_with_the_time_that_is_left() -> None:
    """The one thing somebody who waits wants to know."""
    terminal, clock = Terminal(), Clock()
    half_way(50, clock, Bar(terminal, clock, lambda: 120))

    assert terminal.line == (
        "reading  ━━━━━━━━━━━━╸─────────── 50 %, less than a minute left, 50.0 GB of 100.0 GB, 500 of 1,000 files"
    )


def test_a_narrow_terminal_is_never_wrapped() -> None:
    """A wrapped line cannot be overwritten and scrolls the screen away."""
    terminal, clock = Terminal(), Clock()
    half_way(50, clock, Bar(terminal, clock, lambda: 40))

    assert len(terminal.line) <= 39
    assert "━" not in terminal.line


def test_the_bar_is_not_drawn_more_often_than_eyes_can_see() -> None:
    """A million small files must not mean a million writes to a terminal."""
    terminal, clock = Terminal(), Clock()
    bar = Bar(terminal, clock, lambda: 80)
    bar.begin("reading")
    drawn = len(terminal.getvalue())
    for number in range(1000):
        bar.update(Progress(number))

    assert terminal.getvalue().count("\r") == 2
    assert len(terminal.getvalue()) > drawn


def test_elsewhere_a_plain_line_comes_once_a_minute() -> None:
    """In a log file a bar is noise, and silence looks like a program that hangs."""
    log, clock = io.StringIO(), Clock()
    lines = MinuteLines(log, clock)
    half_way(59, clock, lines)
    assert log.getvalue() == ""
    half_way(99, clock, lines)

    assert log.getvalue() == "reading: 60 %, less than a minute left, 60.0 GB of 100.0 GB, 600 of 1,000 files\n"


def test_with_json_status_records_come_once_a_second() -> None:
    """Restic's fields."""
    records: list[dict[str, object]] = []
    clock = Clock()
    half_way(10, clock, Records(records.append, clock))

    assert len(records) == 10
    assert records[-1] == {
        "message_type": "status",
        "seconds_elapsed": 10,
        "seconds_remaining": 90,
        "percent_done": 0.1,
        "files_done": 100,
        "bytes_done": 10 * GB,
        "total_files": 1000,
        "total_bytes": 100 * GB,
        "current_files": ["/file10"],
    }


def test_what_is_new_and_sent_is_told_where_something_is_stored() -> None:
    """Zero is a figure: a backup that sends nothing says so, and a check says nothing of sending."""
    records: list[dict[str, object]] = []
    clock = Clock()
    view = Records(records.append, clock)
    view.begin("saving files")
    for progress in (Progress(1, bytes_new=0, bytes_sent=0), Progress(2, bytes_new=3 * GB, bytes_sent=GB), Progress(3)):
        clock.now += 1
        view.update(progress)

    assert [(record.get("bytes_new"), record.get("bytes_sent")) for record in records] == [(0, 0), (3 * GB, GB), (None, None)]


def test_what_waits_to_be_sent_is_not_done() -> None:
    """On a slow line all is read within a minute, and sent within a day. Neither 100 % nor seconds may stand there meanwhile."""
    records: list[dict[str, object]] = []
    terminal, clock = Terminal(), Clock()
    views = (Records(records.append, clock), Bar(terminal, clock, lambda: 120))
    for view in views:
        view.begin("saving files")
    for second in range(40):
        clock.now = 1000.0 + second
        sent = second * GB // 100
        progress = Progress(1000, 1000, 10 * GB, 10 * GB, bytes_new=10 * GB, bytes_waiting=10 * GB - sent, bytes_sent=sent // 2)
        for view in views:
            view.update(progress)

    assert (records[-1]["percent_done"], records[-1]["bytes_done"]) == (pytest.approx(0.039), 10 * GB)
    assert records[-1]["seconds_remaining"] == pytest.approx(961)
    assert " 3 %, about 16 min left, 10.0 GB of 10.0 GB, 1,000 of 1,000 files, 195.0 MB sent" in terminal.line


def test_all_is_done_only_when_nothing_waits() -> None:
    """The folders themselves are sent last, and are no bytes of files; nor has a tree of empty files any."""
    assert fraction(Progress(5, 5, 10 * GB, 10 * GB, bytes_waiting=1)) == 0.999
    assert fraction(Progress(5, 5, 0, 0, bytes_waiting=1)) == 0.999
    assert fraction(Progress(5, 5, GB, GB, bytes_waiting=2 * GB)) == 0
    assert fraction(Progress(5, 5, 10 * GB, 10 * GB, bytes_waiting=0)) == 1
    assert fraction(Progress(5, 5, GB, GB)) == 1


def test_the_estimate_follows_the_speed_of_the_last_half_minute() -> None:
    """An average over hours would not notice that the line became slow."""
    estimator = Estimator()
    for second in range(100):
        estimator.observe(float(second), second * 100)
    for second in range(100, 140):
        estimator.observe(float(second), 9900 + (second - 99) * 10)

    assert estimator.rate(139.0, 10300) == pytest.approx(10)
    assert estimator.remaining_seconds(139.0, 10300, 10400) == pytest.approx(10)


def test_nothing_is_estimated_before_anything_is_known() -> None:
    """A wrong guess is worse than none."""
    estimator = Estimator()
    estimator.observe(0.0, 0)

    assert estimator.remaining_seconds(1.0, 100, 1000) is None
    assert estimator.remaining_seconds(10.0, 0, 1000) is None
    assert estimator.remaining_seconds(10.0, 5, None) is None


def test_without_a_total_only_what_was_done_is_said() -> None:
    """While the sources are being walked nobody knows more."""
    assert describe(Progress(1234, None, 5 * GB, None), None) == "5.0 GB, 1,234 files"
    assert describe(Progress(3, 53), 754.0, counts_files=False) == "5 %, about 13 min left, 3 of 53"
    assert draw_bar(0.0, 4) == "╸───"
    assert draw_bar(1.0, 4) == "━━━━"


def test_a_message_takes_the_place_of_the_bar() -> None:
    """The bar must not be mixed into the messages."""
    terminal, clock = Terminal(), Clock()
    screen = Screen(out=terminal, err=terminal, clock=clock)
    screen.emit(StageBegan("reading files"))
    screen.emit(Problem("cannot be read: {reason}", {"reason": "Permission denied"}, "/secret"))
    screen.close()

    assert "\r\x1b[K\x1b[33m▲\x1b[0m /secret: cannot be read: Permission denied\n" in terminal.getvalue()
    assert terminal.getvalue().endswith("\n")
    assert screen.problems == 1


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR is honoured; the sign stays, since meaning is never colour alone."""
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    Screen(out=terminal, err=terminal).emit(Problem("broken"))

    assert "▲ broken" in terminal.getvalue()
    assert "\x1b[33m" not in terminal.getvalue()


def test_quiet_shows_problems_but_neither_notes_nor_progress() -> None:
    """What went wrong is never kept quiet."""
    out, err = io.StringIO(), Terminal()
    screen = Screen(out=out, err=err, quiet=True)
    screen.emit(StageBegan("reading files"))
    screen.emit(Note("hello"))
    screen.emit(Progress(1, 2))
    screen.say("hello")
    screen.emit(Problem("broken"))
    screen.result("asked for")

    assert out.getvalue() == "asked for\n"
    assert err.getvalue().endswith("broken\n")
    assert "hello" not in err.getvalue()


def test_files_are_named_when_that_is_wanted() -> None:
    """Once for what happened to them, twice for those to which nothing happened, too."""
    for verbose, lines in ((0, []), (1, ["new  /a, 5 B"]), (2, ["new  /a, 5 B", "unmodified  /b, 7 B"])):
        out = io.StringIO()
        screen = Screen(out=out, err=io.StringIO(), verbose=verbose)
        screen.emit(ItemDone("/a", "new", size=5))
        screen.emit(ItemDone("/b", "unmodified", size=7))

        assert out.getvalue().splitlines() == lines


def test_names_cannot_drive_the_terminal() -> None:
    """A file name may hold escape sequences, and bytes that are no text."""
    assert printable("/a\x1b[2Jb\udcff\x07c") == "/a\\x1b[2Jb\\xff\\x07c"
    assert printable("größe\tok\n") == "größe\tok\n"


def test_the_systems_reasons_are_translated_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Strerror is English wherever no German locale is installed, and half a sentence in English helps nobody."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")
    err = io.StringIO()
    screen = Screen(out=io.StringIO(), err=err)
    screen.emit(Problem("cannot be read: {reason}", {"reason": "Permission denied"}, "/srv/geheim"))
    screen.fail(
        GdpError(
            "{location} failed at {path}: {reason}",
            location="A",
            path="b",
            reason=GdpError("the key is empty or has the wrong length"),
        )
    )

    assert "▲ /srv/geheim: nicht lesbar: Zugriff verweigert\n" in err.getvalue()
    assert "Fehler: A scheiterte an b: der Schlüssel ist leer oder hat die falsche Länge\n" in err.getvalue()
