"""The daemon's parts by themselves: chores and clocks, systemd, logs, the zone, conditions, a runner."""

import os
import pwd
import queue
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gdp.bootstrap.reach import does_answer, is_on_battery
from gdp.bootstrap.service import environment_of_runs
from gdp.daemon import run_log
from gdp.daemon.chores import Chores
from gdp.daemon.journal import open_journal
from gdp.daemon.notify import notify, watchdog_seconds
from gdp.daemon.run_log import RunLog
from gdp.daemon.runner import Began, Ended, Runner
from gdp.daemon.tidy import tidy
from gdp.jobs.steps import Role, Step, Verdict
from gdp.model.backup_set import OnError
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.target import LocalTarget, parse_target
from gdp.settings.zone import local_zone
from tests.sshd import Sshd, run_sshd

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """A clock on the wall, and the time that really passes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed, self.shown = 0.0, datetime(2026, 10, 25, 2, 30)  # noqa: DTZ001 what the schedule package looks at
        clock = self

        class Shown(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return clock.shown

        monkeypatch.setattr("schedule.datetime.datetime", Shown)

    def let_pass(self, seconds: float, *, clock_set: timedelta = timedelta()) -> None:
        self.passed += seconds
        self.shown += timedelta(seconds=seconds) + clock_set

    def chores(self) -> Chores:
        return Chores(lambda: self.passed, lambda: self.shown)


def test_chores_go_on_when_an_hour_comes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package alone would sleep for an hour on the last Sunday in October, or for ever when the clock was years ahead."""
    clock, done, jumps = Clock(monkeypatch), [0], [0]
    chores = clock.chores()
    chores.every(10, lambda: done.__setitem__(0, done[0] + 1))
    chores.on_jump = lambda: jumps.__setitem__(0, jumps[0] + 1)
    for seconds, back in (
        (10, timedelta()),
        (5, timedelta(hours=-1)),
        (10, timedelta()),
        (10, timedelta(days=-2000)),
        (10, timedelta()),
    ):
        clock.let_pass(seconds, clock_set=back)
        chores.run_pending()

    assert (done, jumps) == ([3], [2])


def test_what_is_to_be_done_once_is_done_once_and_later_replaces_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, done = Clock(monkeypatch), []
    chores = clock.chores()
    chores.once_in(1, lambda: done.append("first"))
    chores.once_in(0.2, lambda: done.append("second"))
    assert 0 < chores.idle_seconds <= 1
    for _ in range(3):
        clock.let_pass(1)
        chores.run_pending()

    assert done == ["second"]
    assert chores.idle_seconds == 60


@pytest.mark.parametrize("is_abstract", [True, False])
def test_systemd_is_told_at_either_kind_of_address(tmp_path: Path, is_abstract: bool) -> None:
    name = f"gdp-test-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(f"\0{name}" if is_abstract else name)
        notify("READY=1", "STATUS=ok", environment={"NOTIFY_SOCKET": f"@{name}" if is_abstract else name})
        assert line.recv(100) == b"READY=1\nSTATUS=ok"
    notify("READY=1", environment={"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    notify("READY=1", environment={})


def test_the_watchdog_of_another_process_is_not_ours() -> None:
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000"}) == 30
    assert watchdog_seconds({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}) is None
    assert watchdog_seconds({}) is None


def test_a_log_names_no_more_files_than_fit_and_every_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first backup of a million files must not fill the disk with their names."""
    monkeypatch.setattr(run_log, "MOST_ITEM_BYTES", 200)
    with RunLog(tmp_path / "logs" / "1.jsonl") as log:
        for number in range(9):
            log.write({"message_type": "verbose_status", "item": f"/{number}"}, NOON)
        log.write({"message_type": "status"}, NOON)
        log.write({"message_type": "error"}, NOON)
    text = (tmp_path / "logs" / "1.jsonl").read_text()

    assert (text.count("verbose_status"), log.lost_items) == (2, 7)
    assert '"status"' not in text
    assert text.splitlines()[-1] == '{"at":"2026-11-24T12:00:00Z","message_type":"error"}'


def test_a_log_says_how_far_a_process_came(tmp_path: Path) -> None:
    """So that the mail can say where it broke off."""
    with RunLog(tmp_path / "1.jsonl") as log:
        for share in (0.1, 0.61):
            log.write({"message_type": "status", "percent_done": share}, NOON)
        log.write({"message_type": "step_end", "role": "engine", "exit_code": 130}, NOON)
        log.write({"message_type": "step_end", "role": "after", "exit_code": 0}, NOON)
    lines = [msgspec.json.decode(line) for line in (tmp_path / "1.jsonl").read_bytes().splitlines()]

    assert [(line["message_type"], line.get("percent_done")) for line in lines] == [
        ("status", 0.61), ("step_end", None), ("step_end", None),
    ]  # fmt: skip


def test_a_disk_that_takes_no_log_ends_no_run() -> None:
    for path in (Path("/dev/full"), Path("/proc/nothing/here")):
        with RunLog(path) as log:
            log.write({"message_type": "error"}, NOON)


def test_old_runs_and_older_logs_go(tmp_path: Path) -> None:
    """A disk must not fill with the history; what the next run hangs on stays."""
    journal, logs = open_journal(tmp_path / "journal"), tmp_path / "log"
    logs.mkdir()
    for days in (500, 450, 100, 10):
        moment = NOON - timedelta(days=days)
        run = journal.begin("daten", Kind.BACKUP, due=moment, now=moment, log="log/{id}.jsonl")
        journal.finish(run.id, State.OK, now=moment)
        (tmp_path / run.log).touch()
        os.utime(tmp_path / run.log, (moment.timestamp(), moment.timestamp()))
    tidy(journal, tmp_path, logs, NOON)
    tidy(journal, tmp_path, logs, NOON + timedelta(days=1000))

    assert [run.id for run in journal.runs(most=9)] == [4]
    assert list(logs.iterdir()) == []


def test_the_zone_has_its_rules(tmp_path: Path) -> None:
    """Next summer's runs are planned in winter."""
    rules = next(
        (Path(folder) / "Europe/Berlin" for folder in ("/usr/share/zoneinfo",) if (Path(folder) / "Europe/Berlin").exists()), None
    )
    zones = [local_zone({"TZ": name}) for name in ("Europe/Berlin", ":Europe/Berlin")]
    if rules is not None:
        zones += [local_zone({}, str(rules)), local_zone({"TZ": str(rules)})]
    summer = datetime(2027, 7, 1, tzinfo=UTC)

    assert {summer.astimezone(zone).utcoffset() for zone in zones} == {timedelta(hours=2)}
    assert zones[0] == ZoneInfo("Europe/Berlin")
    assert local_zone({"TZ": "No/Where"}) is UTC
    assert local_zone({}, str(tmp_path / "missing")) is UTC


def test_a_folder_answers_when_it_holds_a_repository(tmp_path: Path) -> None:
    """The empty folder where the disk is mounted otherwise is no target."""
    assert not does_answer(LocalTarget(tmp_path), tmp_path)
    (tmp_path / "config").touch()
    assert does_answer(LocalTarget(tmp_path), tmp_path)


@pytest.mark.peer
def test_a_server_answers_when_it_greets(tmp_path: Path) -> None:
    def target(server: Sshd) -> Any:
        return parse_target(f"sftp://nobody@127.0.0.1:{server.port}/srv")

    with run_sshd(tmp_path / "sshd") as server:
        assert does_answer(target(server), tmp_path)
    assert not does_answer(target(server), tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        stranger.settimeout(60)
        asked: queue.SimpleQueue[bool] = queue.SimpleQueue()
        thread = threading.Thread(target=lambda: asked.put(does_answer(parse_target(f"sftp://x@127.0.0.1:{port}/"), tmp_path)))
        thread.start()
        with stranger.accept()[0] as connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
        thread.join()
        assert asked.get() is False


@pytest.mark.parametrize(
    ("supplies", "is_empty"),
    [
        ({"AC": "Mains 0", "BAT0": "Battery"}, True),
        ({"AC": "Mains 1", "BAT0": "Battery"}, False),
        ({"AC": "Mains 0", "BAT0": "Battery", "usb": "USB 1"}, False),
        ({"AC": "Mains 0"}, False),
        ({}, False),
    ],
)
def test_only_a_computer_with_a_battery_lives_on_it(tmp_path: Path, supplies: dict[str, str], is_empty: bool) -> None:
    for name, text in supplies.items():
        kind, *online = text.split()
        (tmp_path / name).mkdir()
        (tmp_path / name / "type").write_text(kind + "\n")
        for word in online:
            (tmp_path / name / "online").write_text(word + "\n")

    assert is_on_battery(tmp_path) is is_empty
    assert not is_on_battery(tmp_path / "missing")


def test_runs_do_not_inherit_what_is_ours() -> None:
    """Else a child could tell systemd that we are ready, or back up somewhere else than its set says."""
    kept = environment_of_runs({"NOTIFY_SOCKET": "x", "GDP_REPO": "y", "PATH": "z", "LD_LIBRARY_PATH": "mine"})

    assert kept.items() >= {"PATH": "z", "LD_LIBRARY_PATH": "mine"}.items()
    assert not kept.keys() & {"NOTIFY_SOCKET", "GDP_REPO"}


def test_commands_of_a_service_know_whose_they_are() -> None:
    """Systemd says so to none that runs as root, and then a shell leaves a tilde as it is. What is said stays."""
    assert environment_of_runs({})["HOME"] == pwd.getpwuid(os.getuid()).pw_dir
    assert environment_of_runs({"HOME": "/elsewhere"})["HOME"] == "/elsewhere"


def shell(role: Role, line: str, on_error: OnError = OnError.FAIL) -> Step:
    return Step(role, ("/bin/sh", "-c", line), on_error)


def engine(script: str) -> Step:
    return Step(Role.ENGINE, ("-c", script))


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., tuple[Runner, "queue.SimpleQueue[Any]"]]:
    def start(*steps: Step) -> tuple[Runner, "queue.SimpleQueue[Any]"]:
        told: queue.SimpleQueue[Any] = queue.SimpleQueue()
        run = Run(id=1, set_name="daten", kind=Kind.BACKUP, due=NOON, began=NOON)
        environment = dict(os.environ)
        runner = Runner(
            run, steps, program=(sys.executable,), environment=environment, log=tmp_path / "1.jsonl", tell=told.put,
            clock=lambda: NOON,
        )  # fmt: skip
        return runner, told

    return start


def end_of(told: "queue.SimpleQueue[Any]") -> Ended:
    while not isinstance(message := told.get(timeout=60), Ended):
        pass
    return message


TROUBLED = 'print(\'{"message_type": "error"}\\n{"message_type": "summary", "problems": 0}\')'
"""done, with something that needs a person's eye and no exit code of its own, such as a lock that is left"""
GOOD = 'print(\'{"message_type": "summary", "problems": 0}\')'


@pytest.mark.parametrize(
    ("steps", "state", "reason"),
    [
        ([engine(GOOD)], State.OK, Reason.NONE),
        ([engine(TROUBLED)], State.ATTENTION, Reason.NONE),
        ([engine("raise SystemExit(3)")], State.ATTENTION, Reason.NONE),
        ([engine("raise SystemExit(130)")], State.INTERRUPTED, Reason.NONE),
        ([engine("import os; os.kill(os.getpid(), 9)")], State.ERROR, Reason.NONE),
        ([shell(Role.BEFORE, "exit 1", OnError.IGNORE), engine(GOOD)], State.OK, Reason.NONE),
        ([shell(Role.BEFORE, "exit 1", OnError.CANCEL), engine("raise SystemExit(9)")], State.SKIPPED, Reason.COMMAND),
        ([engine(GOOD), shell(Role.AFTER, "exit 1")], State.ERROR, Reason.COMMAND),
        ([engine("raise SystemExit(3)"), shell(Role.AFTER, "exit 1", OnError.IGNORE)], State.ATTENTION, Reason.NONE),
        ([engine("raise SystemExit(12)"), shell(Role.AFTER, "exit 1")], State.ERROR, Reason.NONE),
        ([Step(Role.BEFORE, ("/nowhere/at/all",))], State.ERROR, Reason.NONE),
    ],
)
def test_how_a_run_ends(make: Any, steps: list[Step], state: State, reason: Reason) -> None:
    assert end_of(make(*steps)[1]).verdict == Verdict(state, reason)


def test_an_engine_that_does_not_listen_is_killed(make: Any) -> None:
    """And what runs after it runs all the same."""
    ignore = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    deaf = f'{ignore}; print(\'{{"message_type": "x"}}\', flush=True); time.sleep(600)'
    runner, told = make(engine(deaf), shell(Role.AFTER, "echo after"))
    while not hasattr(told.get(timeout=60), "record"):
        pass
    runner.end(Verdict(State.CANCELLED))
    runner.end(Verdict(State.INTERRUPTED, Reason.WINDOW))  # too late: the first word counts
    runner.kill()
    ended = end_of(told)

    assert ended.verdict == Verdict(State.CANCELLED)


def test_a_command_is_ended_with_all_it_started(make: Any) -> None:
    runner, told = make(shell(Role.BEFORE, "sleep 600 & sleep 600; true"), engine(GOOD))
    assert isinstance(told.get(timeout=60), Began)
    runner.end(Verdict(State.INTERRUPTED, Reason.SHUTDOWN))

    assert end_of(told).verdict == Verdict(State.INTERRUPTED, Reason.SHUTDOWN)


def test_a_run_that_is_ended_between_two_steps_is_no_success(make: Any, tmp_path: Path) -> None:
    """Nothing was backed up, so nothing may say so, whatever the command says."""
    os.mkfifo(tmp_path / "pipe")
    runner, told = make(shell(Role.BEFORE, f"trap 'exit 0' TERM; echo; read x <> {tmp_path / 'pipe'}"), engine(GOOD))
    while not hasattr(told.get(timeout=60), "record"):  # the trap is set
        pass
    runner.end(Verdict(State.CANCELLED))
    ended = end_of(told)

    assert (ended.verdict, ended.exit_code, ended.summary) == (Verdict(State.CANCELLED), None, {})


def test_a_command_may_leave_a_process_behind(make: Any) -> None:
    """One that keeps the output open must not hold up the run, which would never end."""
    _runner, told = make(shell(Role.BEFORE, "sleep 600 & echo $!"), engine(GOOD))
    while not hasattr(message := told.get(timeout=60), "record"):
        pass
    ended = end_of(told)
    os.kill(int(message.record["text"]), signal.SIGKILL)

    assert ended.verdict == Verdict(State.OK)


@pytest.mark.parametrize(("set_by", "noted"), [(3600, [3600]), (-90, [-90]), (20, [])])
def test_a_clock_that_is_set_during_a_run_is_noted(tmp_path: Path, set_by: int, noted: list[int]) -> None:
    """Forward or back, but not what keeping it right may take."""
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    run = Run(id=1, set_name="daten", kind=Kind.BACKUP, due=NOON, began=NOON)
    now = [NOON]
    runner = Runner(
        run, [shell(Role.BEFORE, "sleep 60", OnError.IGNORE)], program=(sys.executable,), environment=dict(os.environ),
        log=tmp_path / "1.jsonl", tell=told.put, clock=lambda: now[0],
    )  # fmt: skip
    told.get(timeout=60)
    now[0] += timedelta(seconds=set_by)
    runner.kill()
    ended = end_of(told)
    lines = [msgspec.json.decode(line) for line in (tmp_path / "1.jsonl").read_bytes().splitlines()]

    assert [line["set_by_seconds"] for line in lines if line["message_type"] == "clock"] == noted
    assert ended.verdict.state is (State.ATTENTION if noted else State.OK)
