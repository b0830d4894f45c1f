"""A run's record is made from the lines that the engine really writes."""

import itertools
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gdp.core.errors import StorageFull, StorageUnreachable
from gdp.core.sentences import sentence_of
from gdp.model.changes import NamedFile
from gdp.model.run import RunRecord, Saying, Trouble, Verdict, error_of, plain_facts
from gdp.model.runs import Kind
from gdp.report import stops
from gdp.report.recorder import LARGEST_LINE_BYTES, MOST_PROBLEMS, UNREADABLE_SOURCES, Recorder, skipped
from tests.cli.command_line import Gdp, Outcome, process

BEGAN = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=11)
SUMMARY = {"message_type": "summary", "files_new": 3, "data_added": 9, "data_added_packed": 4, "snapshot_id": "ab" * 32}


def listen(*records: dict[str, Any], kind: Kind = Kind.BACKUP) -> Recorder:
    """Return a recorder that heard these."""
    recorder = Recorder("daten", "server01", kind, BEGAN)
    for record in records:
        recorder.take(json.dumps(record))
    return recorder


def record_of(outcome: Outcome, kind: Kind = Kind.BACKUP, **settings: Any) -> RunRecord:
    """Return the record of a command that was run with ``--json``."""
    recorder = Recorder("daten", "server01", kind, BEGAN)
    for line in itertools.chain(outcome.out.splitlines(), outcome.err.splitlines()):
        recorder.take(line)
    return recorder.finish(outcome.code, ENDED, **settings)


@pytest.fixture
def gdp(tmp_path: Path) -> Gdp:
    """A repository."""
    made = Gdp(tmp_path)
    assert made("init").code == 0
    return made


def test_what_changed_is_kept_by_name(gdp: Gdp, tmp_path: Path) -> None:
    """As the engine tells it, with what was left out on purpose."""
    (tmp_path / "data").mkdir()
    for name in ("one", "two"):
        (tmp_path / "data" / name).write_bytes(b"x" * 5000)
    gdp("backup", tmp_path / "data")
    (tmp_path / "data" / "two").rename(tmp_path / "data" / "three")
    (tmp_path / "data" / "large").write_bytes(b"x" * 5001)
    record = record_of(gdp("--json", "backup", "-v", tmp_path / "data", "--exclude-larger-than", "5000"))

    assert {action: changes.names for action, changes in record.changes.items()} == {
        "new": (NamedFile(f"{tmp_path}/data/three", 5000),),
        "removed": (NamedFile(f"{tmp_path}/data/two", 5000),),
        "skipped": (NamedFile(f"{tmp_path}/data/large", 5001),),
    }
    assert (record.files.new, record.files.removed, record.skipped["too_large"]) == (1, 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"action": "burnt", "files": 1},
        {"action": ["new"], "files": 1},
        {"action": "new", "files": "many"},
        {"action": "new", "files": 1, "names": [3]},
        {"files": 2},
    ],
)
def test_lists_that_are_none_are_left_out(changes: dict[str, Any]) -> None:
    """Whoever wrote the line; the report comes all the same."""
    record = listen({"message_type": "changes", **changes}, SUMMARY | {"skipped": [1]}).finish(0, ENDED)

    assert (record.verdict, record.changes, record.skipped) == (Verdict.OK, {}, {})


def test_a_run_that_saved_nothing_tells_no_changes() -> None:
    """Nothing was saved, whatever was read by then."""
    recorder = listen({"message_type": "changes", "action": "new", "files": 1})

    assert recorder.finish(1, ENDED).changes == {}


def test_a_good_run(gdp: Gdp, tmp_path: Path) -> None:
    """Counts, sizes and the snapshot are the engine's own."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one").write_bytes(b"x" * 5000)

    outcome = gdp("--json", "backup", tmp_path / "data")
    record = record_of(outcome, next_run=ENDED)

    assert (record.verdict, record.problem_count, record.stopped_by, record.share_reached) == (Verdict.OK, 0, None, None)
    assert (record.files.new, record.bytes_read) == (1, 5000)
    assert record.bytes_new == outcome.summary["data_added"] >= 5000
    assert 0 < record.bytes_sent == outcome.summary["data_added_packed"]
    assert record.snapshot == outcome.summary["snapshot_id"]
    assert (record.seconds, record.next_run) == (660.0, ENDED)


def test_what_could_not_be_read_is_named(gdp: Gdp, tmp_path: Path) -> None:
    """In templates, so that it can be told in any language, whatever the run's own was."""
    (tmp_path / "data").mkdir()

    outcome = gdp("--json", "--language", "de", "backup", tmp_path / "data", tmp_path / "gone")
    record = record_of(outcome)

    assert outcome.code == UNREADABLE_SOURCES
    assert record.verdict is Verdict.ATTENTION
    assert [(problem.template, problem.path) for problem in record.problems] == [("does not exist", str(tmp_path / "gone"))]


def test_why_a_run_failed(gdp: Gdp, tmp_path: Path) -> None:
    """The class and the facts of the error that ended it."""
    gdp.password_file.write_text("another")

    record = record_of(gdp("--json", "--language", "de", "backup", tmp_path))

    assert record.verdict is Verdict.ERROR
    assert record.stopped_by is not None
    assert (record.stopped_by.error_class, record.stopped_by.facts["count"]) == ("WrongPassword", 1)
    assert str(error_of(record.stopped_by)).startswith("the password does not open ")


def test_a_damaged_repository_is_no_success(gdp: Gdp, tmp_path: Path) -> None:
    """A check that finds damage has a summary, and ends with an error all the same."""
    (tmp_path / "file").write_bytes(os.urandom(5000))
    assert gdp("backup", tmp_path / "file").code == 0
    for pack in (gdp.repository / "data").rglob("*"):
        if pack.is_file():
            pack.chmod(0o600)
            pack.write_bytes(b"?" * pack.stat().st_size)

    record = record_of(gdp("--json", "check", "--read-data"), Kind.CHECK)

    assert record.verdict is Verdict.ERROR
    assert record.problem_count > 0
    assert record.stopped_by is None
    assert record.figures["num_errors"] == record.problem_count


@pytest.mark.parametrize(
    ("code", "stopped_by", "verdict"),
    [
        (130, None, Verdict.INTERRUPTED),
        (130, stops.WINDOW_CLOSED, Verdict.INTERRUPTED),
        (-9, stops.TIME_OVER, Verdict.INTERRUPTED),
        (-9, None, Verdict.ERROR),
        (1, None, Verdict.ERROR),
        (0, None, Verdict.ERROR),
    ],
)
def test_a_run_without_a_summary_is_not_done(code: int, stopped_by: Trouble | None, verdict: Verdict) -> None:
    """Whatever its exit code says; and how far it came is known from the last status."""
    recorder = listen({"message_type": "status", "percent_done": 0.25}, {"message_type": "status", "percent_done": 0.61})

    record = recorder.finish(code, ENDED, stopped_by=stopped_by)

    assert record.verdict is verdict
    assert record.share_reached == 0.61
    assert record.stopped_by == (stopped_by or stops.died(code))


@pytest.mark.parametrize("share", [0, 0.004, 1, 1.0])
def test_a_share_that_would_mislead_is_not_told(share: float) -> None:
    """Nothing was begun; or all was there, and only the snapshot missing."""
    record = listen({"message_type": "status", "percent_done": share}).finish(130, ENDED, stopped_by=stops.TIME_OVER)

    assert record.share_reached is None


def test_a_run_that_broke_off_tells_what_it_has_sent() -> None:
    """It has no summary; the last status says it."""
    status = {"message_type": "status", "percent_done": 0.4, "bytes_new": 3_000_000, "bytes_sent": 1_000_000}
    record = listen(status).finish(130, ENDED, stopped_by=stops.TIME_OVER)

    assert (record.bytes_new, record.bytes_sent) == (3_000_000, 1_000_000)


def test_a_check_that_found_damage_has_come_to_its_end() -> None:
    """Its exit code says that something is wrong, and its summary that it was done."""
    recorder = Recorder("daten", "server01", Kind.CHECK, BEGAN)
    for fields in ({"message_type": "status", "percent_done": 0.5}, {"message_type": "summary", "num_errors": 1}):
        recorder.take(msgspec.json.encode(fields))

    assert recorder.finish(1, ENDED).share_reached is None


def test_a_run_that_was_done_before_it_could_be_stopped() -> None:
    """The window closed in its last second: it is a whole backup."""
    record = listen(SUMMARY).finish(0, ENDED, stopped_by=stops.WINDOW_CLOSED)

    assert (record.verdict, record.stopped_by) == (Verdict.OK, None)


def test_damage_in_the_repository_needs_attention() -> None:
    """Even when every source was saved."""
    assert listen(SUMMARY | {"repository_problems": 1}).finish(0, ENDED).verdict is Verdict.ATTENTION


def test_a_command_afterwards_may_fail() -> None:
    """The backup is made, and somebody has to look all the same."""
    recorder = listen(SUMMARY)
    recorder.add(stops.after_failed("/etc/gdp/start-database", 1))

    assert recorder.finish(0, ENDED).verdict is Verdict.ATTENTION


def test_a_million_problems_do_not_fill_the_memory() -> None:
    """They are counted, and the first are kept."""
    recorder = listen(SUMMARY)
    for number in range(MOST_PROBLEMS + 5):
        recorder.take(json.dumps({"message_type": "error", "template": "does not exist", "item": f"/{number}"}))
    record = recorder.finish(3, ENDED)

    assert (len(record.problems), record.problem_count) == (MOST_PROBLEMS, MOST_PROBLEMS + 5)


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"Traceback (most recent call last):", b"\xff\xfe", b"[]", b"7", b"null", b"{", b'{"message_type": 3}'),
        *(b'{"message_type": "status", "percent_done": "x"}', b"[" * 100_000, b"9" * (LARGEST_LINE_BYTES + 1)),
        b'{"message_type": "summary", "files_new": "many", "snapshot_id": 7}',
    ],
)
def test_a_line_that_makes_no_sense_is_left_out(line: bytes) -> None:
    """A library may print what it likes."""
    recorder = listen()
    recorder.take(line)

    assert recorder.finish(1, ENDED).verdict is Verdict.ERROR


@example({"template": None, "a": None}, "facts")
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-9, 9)
        | st.text(max_size=8)
        | st.sampled_from(["{a}", "{a.b}", "{0}", "{", "{a:d}"]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["template", "facts", "a", "error", "message"]), inner, max_size=3)
        ),
    ),
    st.sampled_from(["template", "facts", "item", "error", "hint_template", "message", "error_class"]),
)
def test_no_record_can_break_a_report(value: object, field: str) -> None:
    """What cannot be filled in is told as the sentence it came with."""
    recorder = listen(
        {"message_type": "error", "error": {"message": "it broke"}, "template": "broken {a}", "facts": {"a": 1}, field: value}
    )
    (problem,) = recorder.finish(3, ENDED).problems

    assert isinstance(sentence_of(error_of(problem)), str)


def test_a_record_of_an_older_version_is_told_as_it_was_said() -> None:
    """Without a template there is the sentence, braces and all."""
    recorder = listen({"message_type": "error", "error": {"message": "the file {x} is odd"}, "item": "/x"})
    (problem,) = recorder.finish(3, ENDED).problems

    assert (str(error_of(problem)), problem.path) == ("the file {x} is odd", "/x")


def test_a_record_comes_back_from_json_as_it_was() -> None:
    """An error inside a fact included."""
    reason = StorageUnreachable("{host} is away: {reason}", "wait", host="h", reason=StorageFull("full: {n}", n=3))
    trouble = Trouble(
        "cannot: {reason}", plain_facts({"reason": reason, "size": 2.5, "path": Path("/x")}), "do {size}", "/y\udc80"
    )
    record = skipped("daten", "server01", Kind.BACKUP, BEGAN, Trouble("x", trouble.facts), next_run=ENDED)

    assert msgspec.json.decode(msgspec.json.encode(record), type=RunRecord) == record
    assert str(error_of(trouble)) == "cannot: h is away: full: 3"
    assert [said.error_class for said in trouble.chain()] == ["", "StorageUnreachable", "StorageFull"]
    assert isinstance(trouble.facts["reason"], Saying)


def test_a_process_says_the_same(gdp: Gdp, tmp_path: Path) -> None:
    """The engine in a process of its own, as the daemon runs it, with a name that is no UTF-8."""
    (tmp_path / "data").mkdir()
    broken = os.fsencode(tmp_path / "data") + b"/k\xe4se\x1b[2J"
    os.symlink(b"/dev/full", broken)
    outcome = process([*gdp.options, "--json", "backup", str(tmp_path / "data"), os.fsdecode(broken) + "-gone"])
    record = record_of(outcome)

    assert record.verdict is Verdict.ATTENTION
    assert record.problems[0].path.endswith("/k\ufffdse\x1b[2J-gone")
