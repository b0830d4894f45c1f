"""What the runner itself noted in a run's log: how the set's commands ended, whether the clock was set. Pure."""

from contextlib import suppress
from typing import Any

import msgspec

from gdp.jobs.steps import Role
from gdp.model.backup_set import OnError
from gdp.model.run import Trouble
from gdp.model.runs import Reason, Run, State
from gdp.report import stops

LONGEST_SAID = 200  # characters of a command's last words
_MARKS = (b'"step', b'"clock"', b'"output"')


class RunNotes:
    """Feed it every line of a run's log."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._words: list[str] = []
        self._said = ""
        self.stop: Trouble | None = None
        """the command that made the run fail, or be left out"""
        self.problems: list[Trouble] = []
        self.remarks: list[Trouble] = []
        """failures of commands that are to be ignored"""

    def take(self, line: bytes) -> None:
        """Note what a line says. Never raises."""
        if not any(mark in line for mark in _MARKS):
            return
        with suppress(msgspec.DecodeError, msgspec.ValidationError):
            self._take(msgspec.json.decode(line, type=dict[str, Any]))

    def _take(self, record: dict[str, Any]) -> None:
        match record:
            case {"message_type": "clock", "set_by_seconds": int(seconds)}:
                self.problems.append(stops.clock_set(round(seconds / 60)))
            case {"message_type": "step", "words": list(words)}:
                self._words, self._said = [str(word) for word in words], ""
            case {"message_type": "output", "text": str(text)} if text.strip():
                self._said = text.strip()[:LONGEST_SAID]
            case {"message_type": "step_end", "role": str(role), "exit_code": int(code)} if code and role != Role.ENGINE:
                self._take_failure(role, code, record.get("on_error", OnError.FAIL))

    def _take_failure(self, role: str, code: int, on_error: str) -> None:
        command = " ".join(self._words)
        if on_error == OnError.IGNORE:
            ignored = stops.before_ignored if role == Role.BEFORE else stops.after_ignored
            self.remarks.append(ignored(command, code, self._said))
        elif self._run.reason is not Reason.COMMAND:  # it was stopped, or had failed before
            if role == Role.AFTER:
                self.problems.append(stops.after_failed(command, code, self._said))
        elif self._run.state is State.SKIPPED:
            self.stop = self.stop or stops.command_declined(command, self._said)
        elif self.stop is None:
            failed = stops.command_failed if role == Role.BEFORE else stops.after_failed
            self.stop = failed(command, code, self._said)
        else:
            self.problems.append(stops.after_failed(command, code, self._said))
