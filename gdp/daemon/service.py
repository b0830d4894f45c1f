"""The daemon's loop. Everything that happens comes through one queue, and one thread alone decides and writes the journal.

The ``schedule`` package fires the chores and the next look at the agenda (``chores.py``); what then begins and ends,
``conductor.py`` sees to.
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
from gdp.core.language import N_, speak
from gdp.daemon.asked import Asked
from gdp.daemon.chores import Chores
from gdp.daemon.conditions import Asker, Conditions
from gdp.daemon.conductor import AGAIN_SECONDS, Conductor
from gdp.daemon.journal import Journal, open_journal
from gdp.daemon.journal_file import JournalError
from gdp.daemon.notify import notify, watchdog_seconds
from gdp.daemon.orphans import end_orphans
from gdp.daemon.reports import Reports
from gdp.daemon.runner import Began, Ended, Said
from gdp.daemon.runs_at_work import LOGS, RunsAtWork
from gdp.daemon.settings import LiveSettings
from gdp.daemon.tidy import tidy
from gdp.model.events import Emit, Event, Note, Problem
from gdp.model.runs import Kind, Run
from gdp.model.service import MailBacklog

JOURNAL = "state/journal.sqlite"
RELOAD_SECONDS = 5.0  # between two looks at the settings' files
LOOK_SECONDS = 30.0  # so soon a suspend or a clock that was set is noticed
TIDY_SECONDS = 3600.0  # not at the start, when the clock may still be wrong
DELIVER_SECONDS = 60.0  # between two looks at the mails that wait
TOLD_AGAIN_RUNS = 200  # at the start; far more than a day has
_LOST = (
    N_("run {number} of {set} was broken off when the daemon was killed; it goes on"),
    N_("run {number}, a restore of {set}, was broken off when the daemon was killed; it is not begun again by itself"),
)


class SignalCame(msgspec.Struct, frozen=True):
    """The system wants something."""

    number: int


def utc_now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Service:
    """The daemon of one home folder.

    Args:
        program: the words that start this program, with the common options for this home folder.
        environment: of the runs, asked for each.
        ask: says whether a set could begin; may take long.
        emit: is told what is worth a line in the system's log.
        clock: the time now, aware.
    """

    def __init__(
        self,
        home: Path,
        *,
        program: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        ask: Asker,
        emit: Emit,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.home, self.emit, self.now = home, emit, clock
        self._program, self._environment = tuple(program), environment
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.settings = LiveSettings(home)
        self._language = self.settings.language
        self._conditions = Conditions(ask, self._queue.put, self.now)
        self._chores = Chores(naive_now=lambda: self.now().astimezone(self.settings.zone).replace(tzinfo=None))
        self.since = self.now()
        self.journal: Journal
        self.work: RunsAtWork
        self.conductor: Conductor
        self.reports: Reports
        self._server: ControlServer
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

    def look(self) -> None:
        """Do what is due now, and plan the next look."""
        self.conductor.look()

    def reload(self) -> None:
        """Go by what the settings say now."""
        self.settings.read()
        self._tell_settings()

    def tell_run(self, run: Run) -> None:
        """Tell front ends of a run that began, ended or was left out."""
        self._server.tell("run", {"run": run})

    def _begin(self) -> None:
        for run in end_orphans(self.journal, self.now):
            self.emit(Note(_LOST[run.kind is Kind.RESTORE], {"number": run.id, "set": run.set_name}))
        self.settings.read()
        self._server = ControlServer(self.home, self._answer)
        self.reports = Reports(
            self.home, self.settings, self.journal, self.now, emit=self._emit_soon, tell_backlog=self._tell_mails_soon
        )  # fmt: skip
        self.conductor = Conductor(
            self.journal,
            self.work,
            self.settings,
            self._conditions,
            self._chores,
            clock=self.now,
            tell=self._server.tell,
            report=self.reports.run_ended,
            emit=self.emit,
        )
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._plan_chores()
        self._tell_settings()
        self.reports.tell_again(self.journal.runs(most=TOLD_AGAIN_RUNS), self.conductor.agenda.next_backup)
        notify("READY=1")
        self.emit(Note(N_("the daemon for {home} is ready; it knows {count:backup set|backup sets}"), self._facts()))

    def _plan_chores(self) -> None:
        self._chores.every(RELOAD_SECONDS, self._reload_if_changed)
        self._chores.every(LOOK_SECONDS, self.look)
        self._chores.every(AGAIN_SECONDS, self.conductor.write_late)
        self._chores.every(TIDY_SECONDS, self._tidy)
        self._chores.every(DELIVER_SECONDS, self.reports.deliver)
        self._chores.on_jump = self.look
        if (seconds := watchdog_seconds()) is not None:
            self._chores.every(seconds / 2, lambda: notify("WATCHDOG=1"))

    def _loop(self) -> None:
        while not self.conductor.is_ending or self.work.runs:
            self._chores.run_pending()
            self.work.kill_overdue()
            try:
                message = self._queue.get(timeout=1.0 if self.work.is_any_to_end else max(0.01, self._chores.idle_seconds))
            except queue.Empty:
                continue
            self._handle(message)
        self._server.tell("end", {})
        self._server.close()
        self.reports.close()
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
                self.conductor.finish(message)
            case SignalCame():
                self._obey(message.number)
            case _:  # the answer about a set's conditions, or what another thread has to say
                assert callable(message)
                message()
                self.look()

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
        elif self.conductor.is_ending:
            self.work.kill()
        else:
            notify("STOPPING=1")
            self.conductor.end()

    def _reload_if_changed(self) -> None:
        if self.settings.read_if_changed():
            self._tell_settings()

    def _tell_settings(self) -> None:
        if self.settings.language != self._language:  # what it was begun with holds until somebody changes it
            self._language = self.settings.language
            speak(self._language)
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

    def _tell_mails_soon(self, backlog: MailBacklog) -> None:
        """Let the one thread tell front ends which mails did not get out. Called by the thread of the reports."""
        self._queue.put(lambda: self._server.tell("mails", {"mails": backlog}))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self._queue.put(SignalCame(number))

    def _facts(self) -> dict[str, object]:
        return {"home": self.home, "count": len(self.settings.sets), "process": os.getpid()}


Answers = Mapping[str, Callable[[Service, Mapping[str, Any]], Mapping[str, object]]]
