"""Does as the agenda says: begins, ends and leaves out runs, and notes how they ended. In the daemon's one thread alone.

What is due, ``jobs/agenda.py`` decides, which is pure; the runs themselves are ``runs_at_work.py``.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from gdp.core.language import N_
from gdp.daemon.chores import Chores
from gdp.daemon.conditions import Conditions
from gdp.daemon.journal import Journal
from gdp.daemon.journal_file import JournalError
from gdp.daemon.runner import Ended
from gdp.daemon.runs_at_work import END_SECONDS, RunsAtWork
from gdp.daemon.settings import LiveSettings
from gdp.jobs.agenda import Agenda, Situation, Skip, look
from gdp.jobs.due import Due
from gdp.jobs.steps import Step, Verdict, restore_steps, steps_of
from gdp.model.events import Emit, Event, Note, Problem
from gdp.model.last_words import why
from gdp.model.restore_wish import RestoreWish
from gdp.model.run_words import kind_in_words, state_of_run
from gdp.model.runs import Kind, Reason, Run, State

STOP_SECONDS = 75.0  # for a run when we are to end, before it is killed; systemd itself waits for 90
AGAIN_SECONDS = 60.0  # after the journal could not be written
_ROUNDS = 20  # more looks at the same moment mean an error of ours


class Conductor:
    """The runs of one home folder, from the moment they are due.

    Args:
        chores: fires the next look.
        clock: the time now, aware.
        tell: tells front ends: ``run`` of each run that began, ended or was left out, ``trouble`` when that has changed.
        report: has a run told to its recipients; also takes when its set is backed up next.
        emit: is told what is worth a line in the system's log.
    """

    def __init__(
        self,
        journal: Journal,
        work: RunsAtWork,
        settings: LiveSettings,
        conditions: Conditions,
        chores: Chores,
        *,
        clock: Callable[[], datetime],
        tell: Callable[[str, Mapping[str, object]], None],
        report: Callable[[Run, datetime | None], None],
        emit: Emit,
    ) -> None:
        self._journal, self._work, self._settings, self._conditions, self._chores = journal, work, settings, conditions, chores
        self._clock, self._tell, self._report, self._emit = clock, tell, report, emit
        self.agenda = Agenda(next_look=clock())
        """as of the last look"""
        self.is_ending = False
        """nothing begins any more"""
        self.trouble: JournalError | None = None
        """why nothing can begin"""

    def look(self) -> None:
        """Do what is due now, and plan the next look."""
        if self.is_ending:
            return
        try:
            for _round in range(_ROUNDS):
                self.agenda = look(self._situation())
                if not self._carry_out(self.agenda):
                    break
            self._chores.once_in((self.agenda.next_look - self._clock()).total_seconds(), self.look)
            self._note_trouble(None)
        except JournalError as error:
            self._note_trouble(error)
            self._chores.once_in(AGAIN_SECONDS, self.look)

    def restore(self, set_name: str, wish: RestoreWish) -> Run:
        """Begin a restore at once, and return its run. Raises JournalError."""
        now = self._clock()
        due = Due(set_name, Kind.RESTORE, now, now, is_manual=True)
        return self._start(due, restore_steps(set_name, wish))

    def end_run(self, run: int, verdict: Verdict) -> None:
        """Ask a run to end; one that does not is killed after a while."""
        self._work.end(run, verdict, STOP_SECONDS if self.is_ending else END_SECONDS)

    def end(self) -> None:
        """Begin nothing any more, and end what runs."""
        self.is_ending = True
        for run in self._work.runs:
            self.end_run(run, Verdict(State.INTERRUPTED, Reason.SHUTDOWN))

    def finish(self, message: Ended) -> None:
        """Note that a run is over, tell it, and go on."""
        try:
            run = self._work.finish(message)
        except JournalError as error:
            self._note_trouble(error)
            if not self.is_ending:
                return
            run = self._work.forget(message.run)  # it is left to our successor
        self._tell("run", {"run": run})
        self._emit(_end_of(run))
        self.look()
        self._report(run, self.agenda.next_backup(run.set_name))

    def write_late(self) -> None:
        """Note the ends that the journal could not take before."""
        for message in self._work.take_unwritten():
            self.finish(message)

    def _situation(self) -> Situation:
        return Situation(
            now=self._clock(),
            zone=self._settings.zone,
            sets=list(self._settings.sets.values()),
            facts=self._journal.facts(),
            running=list(self._work.runs.values()),
            wanted=self._journal.wanted(),
            conditions=self._conditions.known,
            is_paused=self._journal.is_paused,
        )

    def _carry_out(self, agenda: Agenda) -> bool:
        """Do as the agenda says; say whether that changed anything."""
        for serve in agenda.serves:
            self._journal.serve(serve.set_name, serve.kind, serve.until)
        for end in agenda.ends:
            self.end_run(end.run, Verdict(State.INTERRUPTED, end.reason))
        for name in agenda.asks:
            self._conditions.ask(self._settings.sets[name])
        for skip in agenda.skips:
            self._leave_out(skip, agenda)
        for due in agenda.starts:
            self._start(due, steps_of(self._settings.sets[due.set_name], due.kind))
        return bool(agenda.serves or agenda.skips or agenda.starts)

    def _leave_out(self, skip: Skip, agenda: Agenda) -> None:
        run = self._journal.skip(
            skip.set_name, skip.kind, due=skip.due, reason=skip.reason, now=self._clock(), is_served=skip.is_served
        )  # fmt: skip
        self._tell("run", {"run": run})
        self._report(run, agenda.next_backup(run.set_name))
        self._emit(Note(N_("{kind} of {set}: {state}"), _words(run)))

    def _start(self, due: Due, steps: Sequence[Step]) -> Run:
        run = self._work.begin(due, steps)
        self._tell("run", {"run": run})
        self._emit(Note(N_("run {number} begins: {kind} of {set}"), _words(run)))
        return run

    def _note_trouble(self, error: JournalError | None) -> None:
        """Say what keeps runs from beginning, once, and when it is over."""
        if str(error) == str(self.trouble):
            return
        self.trouble = error
        self._tell("trouble", {})
        if error is not None:
            self._emit(Problem(error.template, error.facts, hint=error.hint_template))
        else:
            self._emit(Note(N_("the journal can be written again"), {}))


def _end_of(run: Run) -> Event:
    """Return how a run ended, as the daemon's log says it; of one that failed with the reason."""
    sentence, facts = N_("run {number} has ended: {kind} of {set}: {state}"), _words(run)
    if run.state is not State.ERROR:
        return Note(sentence, facts)
    return Problem(sentence, {**facts, "reason": why(run.summary)}, hint="{reason}")


def _words(run: Run) -> dict[str, object]:
    return {"number": run.id, "kind": kind_in_words(run), "set": run.set_name, "state": state_of_run(run)}
