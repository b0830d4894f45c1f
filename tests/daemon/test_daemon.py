"""The daemon as a user has it: real processes, a real repository, killed and ended at bad moments."""

import os
import signal
from pathlib import Path

import pytest

from gdp.core.errors import BadInput
from gdp.model.runs import Kind, Reason, State
from tests.daemon.running import (
    SLOW,
    World,
    events_of,
    process_of,
    wait_for_data,
    wait_for_end,
    wait_for_run,
)

pytestmark = pytest.mark.slow
LIMITS = f'limits = ["{SLOW}"]'


def locks(world: World) -> list[str]:
    return os.listdir(world.repository / "locks")


def snapshots(world: World) -> list[str]:
    return os.listdir(world.repository / "snapshots")


def test_a_set_runs_when_it_is_asked_to(world: World) -> None:
    """With retention behind it; and the journal, the log and the exit code tell of it."""
    world.write_set(retention="keep-last = 1")
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        asked = world.gdp("run", "daten", "--wait")
        wait_for_run(events, State.OK, kind=Kind.RETENTION)
        again = world.gdp("--json", "run", "daten")
        second = wait_for_run(events, State.OK)
        status = world.gdp("status")
        assert daemon.end() == 0

    assert (asked.returncode, asked.stdout.splitlines()[-1]) == (0, "daten: ok")
    assert again.returncode == 0
    assert "daten" in status.stdout
    assert len(snapshots(world)) == 2
    assert (world.home / second.log).read_text().count('"message_type":"summary"') == 1
    assert [(run.kind, run.state) for run in world.runs()] == [
        (Kind.BACKUP, State.OK),
        (Kind.RETENTION, State.OK),
        (Kind.BACKUP, State.OK),
    ]


def test_a_set_runs_by_itself(world: World) -> None:
    """The shortest schedule there is: the run begins at the full minute, nobody asks for it."""
    world.write_set(schedule='when = ["every minute"]')
    with world.daemon() as daemon, daemon.client() as client:
        run = wait_for_run(events_of(client), State.OK)

    assert (run.due.second, run.is_manual) == (0, False)
    assert run.began >= run.due


def test_files_that_cannot_be_read_need_attention(world: World) -> None:
    world.write_set(source=f'paths = ["{world.source}", "{world.source}/missing"]')
    with world.daemon():
        asked = world.gdp("run", "daten", "--wait")

    assert asked.returncode == 3
    assert [(run.state, run.exit_code) for run in world.runs()] == [(State.ATTENTION, 3)]


def test_a_killed_daemon_comes_back_and_goes_on(world: World) -> None:
    """Its run ends by itself, cleanly, with the lock given back; the next daemon says that it was lost, and resumes it."""
    world.make_large()
    world.write_set(bandwidth=LIMITS)
    with world.daemon() as daemon:
        client_words = world.gdp("run", "daten")
        wait_for_data(world)
        child = process_of(world)
        daemon.kill()
        has_ended = wait_for_end(child)
    world.write_set()
    with world.daemon() as daemon, daemon.client() as watcher, daemon.client() as client:
        events = events_of(watcher)
        if client.ask("runs")["runs"][0]["state"] != State.OK:
            wait_for_run(events, State.OK)

    assert client_words.returncode == 0
    assert has_ended
    assert [(run.state, run.reason, run.attempt) for run in world.runs()] == [
        (State.INTERRUPTED, Reason.LOST, 1),
        (State.OK, Reason.NONE, 2),
    ]
    assert locks(world) == []
    assert len(snapshots(world)) == 1


def test_a_child_that_hangs_is_ended_by_the_next_daemon(world: World) -> None:
    """A command of the set knows nothing of us; nothing may go on unseen."""
    pipe = world.home.parent / "pipe"
    os.mkfifo(pipe)
    world.write_set(commands=f"before = [\"trap '' INT; cat {pipe}\"]")
    with world.daemon() as daemon:
        world.gdp("run", "daten")
        with pipe.open("w"):  # opens when the command reads
            child = process_of(world)
            daemon.kill()
            with world.daemon():
                pass

    assert wait_for_end(child)
    assert (world.runs()[0].state, world.runs()[0].reason) == (State.INTERRUPTED, Reason.LOST)


def test_a_run_is_cancelled_cleanly(world: World) -> None:
    world.make_large()
    world.write_set(bandwidth=LIMITS)
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        world.gdp("run", "daten")
        wait_for_data(world)
        twice = world.gdp("run", "daten")
        cancelled = world.gdp("cancel", "daten")
        run = wait_for_run(events, State.CANCELLED)
        nothing = world.gdp("cancel", "daten")

    assert (cancelled.returncode, nothing.returncode, twice.returncode) == (0, 1, 1)
    assert "is being backed up already" in twice.stderr
    assert run.exit_code == 130
    assert locks(world) == []


def test_a_daemon_that_is_ended_ends_its_runs_and_goes_on_later(world: World) -> None:
    """A reboot in the middle of a first backup."""
    world.make_large()
    world.write_set(bandwidth=LIMITS)
    with world.daemon() as daemon:
        world.gdp("run", "daten")
        wait_for_data(world)
        code = daemon.end()
    assert (code, locks(world)) == (0, [])
    assert [(run.state, run.reason) for run in world.runs()] == [(State.INTERRUPTED, Reason.SHUTDOWN)]
    world.write_set()
    with world.daemon() as daemon, daemon.client() as watcher, daemon.client() as client:
        events = events_of(watcher)
        if client.ask("runs")["runs"][0]["state"] != State.OK:
            wait_for_run(events, State.OK)

    assert world.runs()[-1].attempt == 1


def test_systemd_hears_that_all_is_well(world: World) -> None:
    with world.daemon(WATCHDOG_USEC="2000000") as daemon:
        notices = [daemon.next_notice() for _ in range(2)]
        daemon.process.send_signal(signal.SIGTERM)
        while (last := daemon.next_notice()) == "WATCHDOG=1":
            pass

    assert notices == ["WATCHDOG=1"] * 2
    assert last == "STOPPING=1"


def test_commands_of_a_set_run_around_it(world: World) -> None:
    """What runs before can say no, or fail; what runs after always does."""
    after = world.home.parent / "after"
    commands = f'after = ["echo after >> {after}"]\n'
    with world.daemon() as daemon, daemon.client() as client:
        for before in ("true", "false", "echo no >&2; false"):
            on_error = "cancel" if "echo" in before else "fail"
            lines = f'{commands}before = ["{before}"]\nbefore-on-error = "{on_error}"\n'
            world.write_set(commands=lines, schedule="retry-pauses = []")
            client.ask("reload")
            world.gdp("run", "daten", "--wait")
        runs = client.ask("runs")["runs"]

    assert [(run["state"], run["reason"]) for run in runs] == [("skipped", "command"), ("error", "command"), ("ok", "")]
    assert after.read_text() == "after\n" * 3
    assert '"text":"no"' in (world.home / runs[0]["log"]).read_text()
    assert len(snapshots(world)) == 1


def test_a_command_whose_failure_is_to_be_ignored_fails_no_run(world: World) -> None:
    """Also where the set says so itself and does not leave it to what is usual."""
    lines = 'before = ["false"]\nbefore-on-error = "ignore"\nafter = ["false"]\nafter-on-error = "{after}"'
    with world.daemon() as daemon, daemon.client() as client:
        for after in ("ignore", "fail"):
            world.write_set(commands=lines.format(after=after), schedule="retry-pauses = []")
            client.ask("reload")
            world.gdp("run", "daten", "--wait")

    assert [(run.state, run.reason) for run in world.runs()] == [(State.OK, Reason.NONE), (State.ERROR, Reason.COMMAND)]


def test_what_fails_is_tried_again(world: World) -> None:
    """Its pause is shorter than any schedule; the second attempt finds what the first one missed."""
    world.write_set(schedule='retry-pauses = ["1s"]')
    world.password_file.write_text("another password")
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        failed = world.gdp("run", "daten", "--wait")
        world.password_file.write_text("a password")
        wait_for_run(events, State.OK)

    first = world.runs()[0]
    assert failed.returncode == 12
    assert (first.state, first.exit_code, first.summary["error_class"]) == (State.ERROR, 12, "WrongPassword")


def test_why_a_run_failed_is_said_wherever_its_end_is(world: World) -> None:
    """Whoever reads 'failed' asks why, and is not to search a log for it."""
    world.write_set(schedule="retry-pauses = []")
    world.password_file.write_text("another password")
    with world.daemon() as daemon:
        failed = world.gdp("run", "daten", "--wait")
        status, deutsch = (world.gdp("--language", language, "status").stdout for language in ("en", "de"))
        report = world.gdp("report", "show", "1").stdout
        assert daemon.end() == 0
    log = (world.home.parent / "said").read_text()

    assert failed.returncode == 12
    assert all("opens the repository" in said or "does not open" in said for said in (failed.stdout, status, report, log))
    assert "'gdp report show 1' says more." in status
    assert "Mehr sagt 'gdp report show 1'." in deutsch


def test_settings_are_read_again_without_losing_a_run(world: World) -> None:
    """A set that is new, one that is broken while it runs, and one that is right again."""
    world.make_large()
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        world.write_set(bandwidth=LIMITS)
        world.gdp("run", "daten")
        wait_for_data(world)
        world.write_set(source="paths = 7")
        with daemon.client() as asker:
            wrong = asker.ask("reload")["wrong"]
            status = asker.ask("status")["status"]["sets"][0]
            world.write_set(schedule='when = ["daily 03:00"]')
            right = asker.ask("reload")["wrong"]
            asker.ask("cancel", set="daten")
        wait_for_run(events, State.CANCELLED)

    assert list(wrong) == ["daten"]
    assert (status["problem"], status["is_active"], len(status["at_work"])) == (wrong["daten"], True, 1)
    assert right == {}


def test_a_change_is_noticed_without_being_told(world: World) -> None:
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        world.write_set()
        noticed = next(event for event in events if event["event"] == "settings")
        with daemon.client() as asker:
            sets = asker.ask("status")["status"]["sets"]

    assert noticed["event"] == "settings"
    assert [one["name"] for one in sets] == ["daten"]


def test_a_hangup_reads_the_settings_at_once(world: World) -> None:
    """What ``systemctl reload`` sends; nothing else happens to the daemon."""
    world.write_set()
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        daemon.process.send_signal(signal.SIGHUP)
        told = next(events)
        assert daemon.end() == 0

    assert told["event"] == "settings"


def test_the_daemon_speaks_the_language_that_is_configured_meanwhile(world: World) -> None:
    """It may run for a year; nobody starts it again for a language. What it was begun with holds until then."""
    world.write_set()
    said = world.home.parent / "said"
    with world.daemon() as daemon, daemon.client() as client:
        client.ask("reload")
        world.gdp("run", "daten", "--wait")
        english = said.read_text()
        world.gdp("config", "set", "language", "de")
        client.ask("reload")
        world.password_file.write_text("another")
        world.gdp("run", "daten", "--wait")
        german = said.read_text().removeprefix(english)
    failed = world.runs()[-1].summary["message"]

    assert "run 1 begins: backup of daten" in english
    assert "Lauf 2 beginnt: Sicherung von daten" in german
    assert "Passwort" in failed


def test_a_pause_survives_a_restart(world: World) -> None:
    world.write_set(schedule='when = ["every minute"]')
    with world.daemon() as daemon:
        paused = world.gdp("pause")
        daemon.end()
    with world.daemon() as daemon:
        status = world.gdp("status")
        resumed = world.gdp("--json", "resume")

    assert (paused.returncode, resumed.returncode) == (0, 0)
    assert "Paused" in status.stdout
    assert "waits" in status.stdout
    assert '"is_paused":false' in resumed.stdout


def test_a_set_that_may_not_run_yet_is_refused_with_what_to_do(world: World) -> None:
    world.write_set(encryption=f'password-file = "{world.password_file}"')
    with world.daemon() as daemon:
        refused = world.gdp("run", "daten")
        unknown = world.gdp("run", "date")
        with daemon.client() as client, pytest.raises(BadInput, match="which backup set"):
            client.ask("run")

    assert (refused.returncode, unknown.returncode) == (1, 1)
    assert "may not run yet" in refused.stderr
    assert "gdp set list" in unknown.stderr


def test_a_second_daemon_says_that_there_is_one(world: World) -> None:
    with world.daemon():
        second = world.gdp("daemon")

    assert second.returncode == 1
    assert "running already" in second.stderr


@pytest.mark.parametrize("words", [["status"], ["run", "daten"], ["cancel", "daten"], ["pause"], ["resume"]])
def test_without_a_daemon_every_command_says_so(world: World, words: list[str]) -> None:
    english, german = world.gdp(*words), world.gdp("--language", "de", *words)

    assert (english.returncode, german.returncode) == (1, 1)
    assert "no daemon is running" in english.stderr
    assert "Einen installierten starten Sie mit 'systemctl start gdp'" in german.stderr


def test_a_journal_that_cannot_be_opened_is_named(world: World) -> None:
    """Rather than to run everything again, or nothing."""
    journal = world.home / "state" / "journal.sqlite"
    journal.parent.mkdir()
    Path(journal).write_bytes(b"nonsense" * 100)
    refused = world.gdp("daemon")

    assert refused.returncode == 1
    assert "journal.sqlite cannot be used" in refused.stderr
