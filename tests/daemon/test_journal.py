"""The journal of runs: what it keeps, and what is left of it after a kill at any moment."""

import signal
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gdp.core.process_identity import living_process, process_identity
from gdp.daemon.journal import Journal, open_journal, read_journal
from gdp.daemon.journal_file import JournalError
from gdp.model.runs import Facts, Kind, Reason, State

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "journal.sqlite"


def facts_of(journal: Journal, kind: Kind = Kind.BACKUP) -> Facts:
    return journal.facts()[("daten", kind)]


def test_a_run_is_kept_over_a_restart(path: Path) -> None:
    """Last and next runs must survive what the schedule package forgets."""
    journal = open_journal(path)
    begun = journal.begin("daten", Kind.BACKUP, due=NOON, now=NOON + MINUTE, attempt=2, log="log/{id}.jsonl")
    journal.finish(begun.id, State.ATTENTION, now=NOON + 2 * MINUTE, exit_code=3, summary={"files_new": 4})
    journal.close()

    run = open_journal(path).run(begun.id)
    assert run is not None
    assert (run.state, run.exit_code, run.summary) == (State.ATTENTION, 3, {"files_new": 4})
    assert (run.due, run.began, run.ended, run.attempt) == (NOON, NOON + MINUTE, NOON + 2 * MINUTE, 2)
    assert run.log == f"log/{run.id}.jsonl"


def test_a_begin_serves_what_was_due_and_takes_the_wish_away(path: Path) -> None:
    """Both belong to one transaction: a kill in between would repeat or lose a run."""
    journal = open_journal(path)
    journal.want("daten", Kind.BACKUP, NOON)
    assert journal.wanted() == [("daten", Kind.BACKUP)]
    run = journal.begin("daten", Kind.BACKUP, due=NOON, now=NOON)

    assert facts_of(journal).served_until == NOON
    assert facts_of(journal).last == run
    assert facts_of(journal).last_done is None
    assert journal.wanted() == []
    assert journal.unwant("daten", Kind.BACKUP) is False


def test_a_run_ends_once(path: Path) -> None:
    """A cancel that comes while the child ends by itself must not turn a success into something else."""
    journal = open_journal(path)
    run = journal.begin("daten", Kind.BACKUP, due=NOON, now=NOON)
    journal.finish(run.id, State.OK, now=NOON + MINUTE)

    assert journal.finish(run.id, State.CANCELLED, now=NOON + 2 * MINUTE).state is State.OK


def test_skips_for_one_reason_in_a_row_are_one_line(path: Path) -> None:
    """A first backup of a week must not fill the history with a line every ten minutes."""
    journal = open_journal(path)
    dues = [NOON + number * MINUTE for number in range(3)]
    skipped = [journal.skip("daten", Kind.BACKUP, due=due, reason=Reason.OVERLAP, now=due, is_served=True) for due in dues]
    due = dues[-1]
    again = journal.skip("daten", Kind.BACKUP, due=due, reason=Reason.OVERLAP, now=due, is_served=True)
    other = journal.skip("daten", Kind.BACKUP, due=due, reason=Reason.UNREACHABLE, now=due, is_served=False)

    assert [run.times for run in (*skipped, again)] == [1, 2, 3, 3]
    assert other.id != again.id
    assert facts_of(journal).served_until == due
    assert facts_of(journal).last is None


def test_pause_is_kept(path: Path) -> None:
    """Who paused the backups of a computer finds them paused after a reboot."""
    journal = open_journal(path)
    journal.pause(is_paused=True)
    journal.close()
    journal = open_journal(path)

    assert journal.is_paused
    journal.pause(is_paused=False)
    assert not journal.is_paused


def test_what_is_forgotten_is_never_what_the_next_run_hangs_on(path: Path) -> None:
    """A set that runs once a year must not lose its last run after a month."""
    journal = open_journal(path)
    runs = [journal.begin("daten", Kind.BACKUP, due=NOON, now=NOON, log="{id}") for _ in range(4)]
    for run, state in zip(runs, (State.OK, State.OK, State.ERROR, State.ERROR), strict=True):
        journal.finish(run.id, state, now=NOON)

    assert journal.forget_before(NOON + MINUTE) == [runs[0].log, runs[2].log]
    assert [run.id for run in journal.runs(most=9)] == [runs[3].id, runs[1].id]


def test_a_journal_of_a_newer_version_is_refused(path: Path) -> None:
    """To read it as ours could mean to run nothing, or everything."""
    open_journal(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version=9")

    for way in (open_journal, read_journal):
        with pytest.raises(JournalError, match="newer version"):
            way(path)


def test_what_is_no_journal_is_named(path: Path) -> None:
    """The sentence says which file, and that a new one can be begun without it."""
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 100)

    for way in (open_journal, read_journal):
        with pytest.raises(JournalError, match=r"journal\.sqlite cannot be used"):
            way(path)


def test_a_reader_sees_what_the_daemon_has_noted_and_notes_nothing(path: Path) -> None:
    """While it is open there, and after it was closed; the newest first, of one set, and before some run."""
    journal = open_journal(path)
    for name in ("daten", "mail", "daten", "daten"):
        journal.begin(name, Kind.BACKUP, due=NOON, now=NOON)
    reader = read_journal(path)

    assert [run.id for run in reader.runs(most=9, before=4)] == [3, 2, 1]
    assert [run.id for run in reader.runs(most=1, set_name="daten", before=3)] == [1]
    assert reader.runs(most=9, set_name="daten", kind=Kind.CHECK) == []
    assert len(reader.runs(most=9, kind=Kind.BACKUP)) == 4
    with pytest.raises(JournalError, match="readonly"):
        reader.want("daten", Kind.BACKUP, NOON)
    journal.close()
    reader.close()
    later = read_journal(path)
    assert len(later.runs(most=9)) == 4
    later.close()


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["begin", "finish", "skip", "want", "serve", "reopen"]),
        st.sampled_from(["daten", "mail"]),
        st.sampled_from(Kind),
        st.integers(0, 1000),
    ),
    max_size=30,
)


@given(moves=MOVES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_facts_are_those_of_all_runs(tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, str, Kind, int]]) -> None:
    """Whatever happens in whatever order, the short answer is the one that reading every row would give."""
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    journal = open_journal(path)
    served: dict[tuple[str, Kind], datetime] = {}
    for move, name, kind, minutes in moves:
        moment = NOON + minutes * MINUTE
        if move == "begin":
            journal.begin(name, kind, due=moment, now=moment)
            served[name, kind] = moment
        elif move == "finish":
            for run, _process in journal.unfinished()[:1]:
                journal.finish(run.id, list(State)[1 + minutes % 4], now=moment)
        elif move == "skip":
            journal.skip(name, kind, due=moment, reason=Reason.OVERLAP, now=moment, is_served=True)
            served[name, kind] = moment
        elif move == "serve":
            journal.serve(name, kind, moment)
            served[name, kind] = moment
        elif move == "want":
            journal.want(name, kind, moment)
        else:
            journal.close()
            journal = open_journal(path)

    for key, facts in journal.facts().items():
        own = [run for run in journal.runs(most=1000) if (run.set_name, run.kind) == key]
        begun = [run for run in own if run.attempt]
        done = [run for run in own if run.state.is_done]
        judged = [run for run in begun if run.state.is_done or run.state is State.ERROR]
        skipped = [run for run in own if not run.attempt]
        newest = [runs[0] if runs else None for runs in (begun, done, judged, skipped)]
        expected = Facts(last=newest[0], last_done=newest[1], last_judged=newest[2], last_skip=newest[3])
        assert facts == msgspec.structs.replace(expected, served_until=served.get(key))
    journal.close()


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from gdp.daemon.journal import open_journal
from gdp.model.runs import Kind, State
journal = open_journal(Path(sys.argv[1]))
now = datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(minutes=int(sys.argv[2]))
while True:
    now += timedelta(minutes=1)
    run = journal.begin("daten", Kind.BACKUP, due=now, now=now)
    print("begun", run.id, flush=True)
    journal.finish(run.id, State.OK, now=now, summary={"number": run.id})
    print("ended", run.id, flush=True)
"""


def test_what_was_noted_before_a_kill_is_there_afterwards(path: Path) -> None:
    """SIGKILL comes at any moment. Whatever was acknowledged stays, and at most one run is found running."""
    for round_number in range(12):
        words = [sys.executable, "-c", WRITER, str(path), str(round_number * 10000)]
        with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            for _ in range(1 + round_number * 7):
                writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            said = writer.stdout.read().split()
            writer.wait()
        journal = open_journal(path)
        running = journal.unfinished()
        newest = journal.runs(most=1)[0]

        assert len(running) <= 1
        assert facts_of(journal).served_until == newest.due
        for word, number in zip(said[::2], said[1::2], strict=False):
            found = journal.run(int(number))
            assert found is not None
            assert found.state is State.OK or word == "begun"
        for run, _process in running:
            journal.finish(run.id, State.INTERRUPTED, reason=Reason.LOST, now=NOON)
        journal.close()


def test_the_process_of_an_unfinished_run_is_known(path: Path) -> None:
    """A child that outlives a killed daemon must be found again, and no stranger be taken for it."""
    journal = open_journal(path)
    run = journal.begin("daten", Kind.BACKUP, due=NOON, now=NOON)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        journal.note_process(run.id, process_identity(child.pid))
        ((_run, identity),) = journal.unfinished()
        alive = living_process(identity)
        child.kill()
        child.wait()

    assert alive == child.pid
    assert living_process(identity) is None
    assert living_process("") is None
