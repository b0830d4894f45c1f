"""The runs at work: begun, followed, asked to end, killed when they do not, noted as ended. All in the daemon's one thread."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from gdp.daemon.journal import Journal
from gdp.daemon.journal_file import JournalError
from gdp.daemon.runner import Ended, Message, Runner, Said
from gdp.jobs.due import Due
from gdp.jobs.steps import Step, Verdict
from gdp.model.runs import Run

LOGS = "log/runs"
END_SECONDS = 300.0  # for a run that was asked to end, before it is killed


class RunsAtWork:
    """The runs at work.

    Args:
        home: the home folder.
        program: the words that start this program, with the common options for this home folder.
        environment: of the runs, asked for each.
        tell: hears from the runs' threads what they do.
    """

    def __init__(
        self,
        home: Path,
        journal: Journal,
        *,
        program: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        tell: Callable[[Message], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._home, self._journal, self._tell, self._clock = home, journal, tell, clock
        self._program, self._environment = tuple(program), environment
        self.runs: dict[int, Run] = {}
        self.progress: dict[int, dict[str, Any]] = {}
        """the last record ``status`` of each that said one"""
        self._runners: dict[int, Runner] = {}
        self._kill_at: dict[int, float] = {}
        self._unwritten: list[Ended] = []

    @property
    def is_any_to_end(self) -> bool:
        """Whether one was asked to end, and may have to be killed."""
        return bool(self._kill_at)

    def begin(self, due: Due, steps: Sequence[Step]) -> Run:
        """Begin a run. Raises JournalError."""
        log = f"{LOGS}/{{id:06d}}-{due.set_name}-{due.kind}.jsonl"
        run = self._journal.begin(
            due.set_name, due.kind, due=due.due, now=self._clock(), attempt=due.attempt, is_manual=due.is_manual, log=log
        )  # fmt: skip
        self.runs[run.id] = run
        self._runners[run.id] = Runner(
            run,
            steps,
            program=self._program,
            environment=self._environment(),
            log=self._home / run.log,
            tell=self._tell,
            clock=self._clock,
        )
        return run

    def hear(self, message: Said) -> bool:
        """Take what a run said; say whether it told its progress."""
        is_progress = message.record.get("message_type") == "status"
        if is_progress:
            self.progress[message.run] = message.record
        return is_progress

    def end(self, run: int, verdict: Verdict, seconds: float = END_SECONDS) -> None:
        """Ask a run to end; one that does not is killed after a while."""
        self._runners[run].end(verdict)
        self._kill_at.setdefault(run, time.monotonic() + seconds)

    def was_asked_to_end(self, run: int) -> bool:
        """Say whether a run was."""
        return self._runners[run].asked is not None

    def pause(self, run: int, *, is_paused: bool) -> None:
        """Hold a run up, or let it go on."""
        self._runners[run].pause(is_paused=is_paused)

    def is_paused(self, run: int) -> bool:
        """Say whether a run is held up."""
        return self._runners[run].is_paused

    def kill(self) -> None:
        """End all of them at once."""
        for runner in self._runners.values():
            runner.kill()

    def kill_overdue(self) -> None:
        """Kill those that were asked to end and have not."""
        for run, moment in list(self._kill_at.items()):
            if time.monotonic() >= moment:
                self._kill_at[run] = time.monotonic() + END_SECONDS
                self._runners[run].kill()

    def finish(self, message: Ended) -> Run:
        """Note how a run ended, and return it. Raises JournalError; then it counts as at work until that can be written."""
        verdict = message.verdict
        try:
            run = self._journal.finish(
                message.run,
                verdict.state,
                reason=verdict.reason,
                now=self._clock(),
                exit_code=message.exit_code,
                summary=message.summary,
            )
        except JournalError:
            self._unwritten.append(message)
            raise
        self.forget(message.run)
        return run

    def forget(self, run: int) -> Run:
        """Let a run that has ended not be at work any more, written or not, and return it as it began."""
        for known in (self._runners, self.progress, self._kill_at):
            known.pop(run, None)
        return self.runs.pop(run)

    def take_unwritten(self) -> list[Ended]:
        """Return the ends that the journal could not take, for another attempt."""
        late, self._unwritten = self._unwritten, []
        return late
