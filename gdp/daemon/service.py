"""The daemon's loop. Everything that happens comes through one queue, and one thread alone decides and writes the journal.

The ``schedule`` package fires the chores and the next look at the agenda (``chores.py``); which moments those are, the agenda
says, from what the journal keeps.
"""

import os
import queue
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec

from gdp.control.address import only_daemon
from gdp.control.server import ControlServer
from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.daemon.asked import Asked
from gdp.daemon.chores import Chores
from gdp.daemon.conditions import Asker, Conditions
from gdp.daemon.journal import Journal, open_journal
from gdp.daemon.journal_file import JournalError
from gdp.daemon.notify import notify, watchdog_seconds
from gdp.daemon.orphans import end_orphans
from gdp.daemon.reports import Reports
from gdp.daemon.runner import Began, Ended, Said
from gdp.daemon.runs_at_work import END_SECONDS, LOGS, RunsAtWork
from gdp.daemon.settings import LiveSettings
from gdp.daemon.tidy import tidy
from gdp.jobs.agenda import Agenda, Situation, look
from gdp.jobs.due import Due
from gdp.jobs.steps import Step, Verdict, restore_steps, steps_of
from gdp.model.events import Emit, Event, Note, Problem
from gdp.model.last_words import why
from gdp.model.restore_wish import RestoreWish
from gdp.model.run_words import kind_in_words, state_of_run
from gdp.model.runs import Kind, Reason, Run, State

JOURNAL = "state/journal.sqlite"
RELOAD_SECONDS = 5.0  # between two looks at the settings' files
LOOK_SECONDS = 30.0  # so soon a suspend or a clock that was set is noticed
STOP_SECONDS = 75.0  # for a run when we are to end, before it is killed; systemd itself waits for 90
TIDY_SECONDS = 3600.0  # not at the start, when the clock may still be wrong
DELIVER_SECONDS = 60.0  # between two looks at the mails that wait
TOLD_AGAIN_RUNS = 200  # at the start; far more than a day has
AGAIN_SECONDS = 60.0  # after the journal could not be written
_LOST = (
    N_("run {number} of {set} was broken off when the daemon was killed; it goes on"),
    N_("run {number}, a restore of {set}, was broken off when the daemon was killed; it is not begun again by itself"),
)
_ROUNDS = 20  # more looks at the same moment mean an error of ours


class SignalCame(msgspec.Struct, frozen=True):
    """The system wants something."""

    number: int


class Service:
    """The daemon of one home folder.

    Args:
        program: the words that start this program, with the common options for this home folder.
        environment: of the runs.
        ask: says whether a set could begin; may take long.
        emit: is told what is worth a line in the system's log.
    """

    def __init__(self, home: Path, *, program: Sequence[str], environment: Mapping[str, str], ask: Asker, emit: Emit) -> None:
        self.home, self.emit = home, emit
        self._program, self._environment = tuple(program), dict(environment)
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.settings = LiveSettings(home)
        self.conditions = Conditions(ask, self._queue.put, self.now)
        self._chores = Chores()
        self.agenda: Agenda | None = None
        self.since = self.now()
        self.is_ending = False
        self.journal: Journal
        self.work: RunsAtWork
        self._server: ControlServer
        self._reports: Reports
        self._answers: Answers = {}

    def run(self, answers: "Answers") -> None:
        """Work until SIGTERM or SIGINT. Raises BadInput when there is a daemon already, JournalError. Main thread only."""
        self._answers = answers
        with only_daemon(self.home):
            self.journal = open_journal(self.home / JOURNAL)
            self.work = RunsAtWork(
                self.home,
                self.journal,
                program=self._program,
                environment=self._environment,
                tell=self._queue.put,
                clock=self.now,
            )
            try:
                self._begin()
                self._loop()
            finally:
                self.work.kill()  # only after an error of ours is there one
                self.journal.close()

    @staticmethod
    def now() -> datetime:
        """Return the present moment."""
        return datetime.now(UTC)

    def look(self) -> None:
        """Do what is due now, and plan the next look."""
        if self.is_ending:
            return
        try:
            for _round in range(_ROUNDS):
                self.agenda = look(self._situation())
                if not self._carry_out(self.agenda):
                    break
            self._chores.once_in((self.agenda.next_look - self.now()).total_seconds() if self.agenda else 0, self.look)
        except JournalError as error:
            self._complain(error)
            self._chores.once_in(AGAIN_SECONDS, self.look)

    def reload(self) -> None:
        """Go by what the settings say now."""
        self.settings.read()
        self._tell_settings()

    def end_run(self, run: int, verdict: Verdict) -> None:
        """Ask a run to end; one that does not is killed after a while."""
        self.work.end(run, verdict, STOP_SECONDS if self.is_ending else END_SECONDS)

    def tell_run(self, run: Run) -> None:
        """Tell front ends of a run that began, ended or was left out."""
        self._server.tell("run", {"run": run})

    def _begin(self) -> None:
        for run in end_orphans(self.journal, self.now):
            self.emit(Note(_LOST[run.kind is Kind.RESTORE], {"number": run.id, "set": run.set_name}))
        self.settings.read()
        self._server = ControlServer(self.home, self._answer)
        self._reports = Reports(self.home, self.settings, self.journal, self.now, self._emit_soon)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._chores.every(RELOAD_SECONDS, self._reload_if_changed)
        self._chores.every(LOOK_SECONDS, self.look)
        self._chores.every(AGAIN_SECONDS, self._write_late)
        self._chores.every(TIDY_SECONDS, self._tidy)
        self._chores.every(DELIVER_SECONDS, self._reports.deliver)
        self._chores.on_jump = self.look
        if (seconds := watchdog_seconds()) is not None:
            self._chores.every(seconds / 2, lambda: notify("WATCHDOG=1"))
        self._tell_settings()
        agenda = self.agenda or Agenda(next_look=self.now())
        self._reports.tell_again(self.journal.runs(most=TOLD_AGAIN_RUNS), agenda.next_backup)
        notify("READY=1")
        self.emit(Note(N_("the daemon for {home} is ready; it knows {count:backup set|backup sets}"), self._facts()))

    def _loop(self) -> None:
        while not self.is_ending or self.work.runs:
            self._chores.run_pending()
            self.work.kill_overdue()
            try:
                message = self._queue.get(timeout=1.0 if self.work.is_any_to_end else max(0.01, self._chores.idle_seconds))
            except queue.Empty:
                continue
            self._handle(message)
        self._server.tell("end", {})
        self._server.close()
        self._reports.close()
        self.emit(Note(N_("the daemon for {home} has ended"), self._facts()))

    def _handle(self, message: object) -> None:
        match message:
            case Asked():
                answer = self._answers.get(message.request)
                message.settle(partial(answer, self) if answer else None)
            case Began():
                self._note_process(message)
            case Said():
                self._pass_on(message)
            case Ended():
                self._finish(message)
            case SignalCame():
                self._obey(message.number)
            case _:  # the answer about a set's conditions
                assert callable(message)
                message()
                self.look()

    def _situation(self) -> Situation:
        return Situation(
            now=self.now(),
            zone=self.settings.zone,
            sets=list(self.settings.sets.values()),
            facts=self.journal.facts(),
            running=list(self.work.runs.values()),
            wanted=self.journal.wanted(),
            conditions=self.conditions.known,
            is_paused=self.journal.is_paused,
        )

    def _carry_out(self, agenda: Agenda) -> bool:
        """Do as the agenda says; say whether that changed anything."""
        now = self.now()
        for serve in agenda.serves:
            self.journal.serve(serve.set_name, serve.kind, serve.until)
        for end in agenda.ends:
            self.end_run(end.run, Verdict(State.INTERRUPTED, end.reason))
        for name in agenda.asks:
            self.conditions.ask(self.settings.sets[name])
        for skip in agenda.skips:
            run = self.journal.skip(
                skip.set_name, skip.kind, due=skip.due, reason=skip.reason, now=now, is_served=skip.is_served
            )  # fmt: skip
            self.tell_run(run)
            self._reports.run_ended(run, agenda.next_backup(run.set_name))
            self.emit(Note(N_("{kind} of {set}: {state}"), _words(run)))
        for due in agenda.starts:
            self._start(due, steps_of(self.settings.sets[due.set_name], due.kind))
        return bool(agenda.serves or agenda.skips or agenda.starts)

    def restore(self, set_name: str, wish: RestoreWish) -> Run:
        """Begin a restore at once, and return its run. Raises JournalError."""
        now = self.now()
        due = Due(set_name, Kind.RESTORE, now, now, is_manual=True)
        return self._start(due, restore_steps(set_name, wish))

    def _start(self, due: Due, steps: Sequence[Step]) -> Run:
        run = self.work.begin(due, steps)
        self.tell_run(run)
        self.emit(Note(N_("run {number} begins: {kind} of {set}"), _words(run)))
        return run

    def _finish(self, message: Ended) -> None:
        try:
            run = self.work.finish(message)
        except JournalError as error:
            self._complain(error)
            if not self.is_ending:
                return
            run = self.work.forget(message.run)  # it is left to our successor
        self.tell_run(run)
        self.emit(_end_of(run))
        self.look()
        next_backup = self.agenda.next_backup(run.set_name) if self.agenda else None
        self._reports.run_ended(run, next_backup)

    def _write_late(self) -> None:
        for message in self.work.take_unwritten():
            self._finish(message)

    def _tidy(self) -> None:
        with self._complaining():
            tidy(self.journal, self.home, self.home / LOGS, self.now())

    def _note_process(self, message: Began) -> None:
        with self._complaining():  # it ends with us all the same
            self.journal.note_process(message.run, message.identity)

    def _pass_on(self, message: Said) -> None:
        if self.work.hear(message):
            self._server.tell("progress", {"run": message.run, "progress": message.record}, may_be_lost=True)
        else:
            self._server.tell("said", {"run": message.run, "record": message.record}, may_be_lost=True)

    def _obey(self, number: int) -> None:
        if number == signal.SIGHUP:
            self.reload()
            return
        if self.is_ending:
            self.work.kill()
            return
        self.is_ending = True
        notify("STOPPING=1")
        for run in self.work.runs:
            self.end_run(run, Verdict(State.INTERRUPTED, Reason.SHUTDOWN))

    def _reload_if_changed(self) -> None:
        if self.settings.read_if_changed():
            self._tell_settings()

    def _tell_settings(self) -> None:
        for error in self.settings.wrong.values():
            self._complain(error)
        self._server.tell("settings", {})
        self.look()

    def _answer(self, request: str, fields: Mapping[str, Any]) -> Mapping[str, object]:
        """Let the one thread answer. Called by the threads of the server."""
        asked = Asked(request, dict(fields))
        self._queue.put(asked)
        return asked.wait()

    @contextmanager
    def _complaining(self) -> Iterator[None]:
        try:
            yield
        except JournalError as error:
            self._complain(error)

    def _complain(self, error: GdpError) -> None:
        self.emit(Problem(error.template, error.facts, hint=error.hint_template))

    def _emit_soon(self, event: Event) -> None:
        """Let the one thread say something. Called by the thread of the reports."""
        self._queue.put(lambda: self.emit(event))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._queue.put(SignalCame(number))

    def _facts(self) -> dict[str, object]:
        return {"home": self.home, "count": len(self.settings.sets), "process": os.getpid()}


def _end_of(run: Run) -> Event:
    """Return how a run ended, as the daemon's log says it; of one that failed with the reason."""
    sentence, facts = N_("run {number} has ended: {kind} of {set}: {state}"), _words(run)
    if run.state is not State.ERROR:
        return Note(sentence, facts)
    return Problem(sentence, {**facts, "reason": why(run.summary)}, hint="{reason}")


def _words(run: Run) -> dict[str, object]:
    return {"number": run.id, "kind": kind_in_words(run), "set": run.set_name, "state": state_of_run(run)}


Answers = Mapping[str, Callable[[Service, Mapping[str, Any]], Mapping[str, object]]]
