"""Makes one run: a thread that starts its processes one after the other and listens to them.

Each process is a group of its own. The engine's standard input is a pipe that ends with us, however we end, and then it ends
itself cleanly, and through which it is paused (``gdp/cli/lifeline.py``); a set's command that outlives us is found by its
identity in the journal.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import msgspec

from gdp.core.process_identity import process_identity
from gdp.daemon.run_log import RunLog
from gdp.jobs.steps import Role, Step, Verdict, verdict_of_command, verdict_of_engine
from gdp.model.lifeline import PAUSE, RESUME
from gdp.model.runs import Run, State

LIFELINE_VARIABLE = "GDP_LIFELINE"
LONGEST_LINE = 1 << 20  # bytes; what is longer is cut
LEFT_BEHIND_SECONDS = 2.0  # a command may leave a process behind that keeps its output open; nobody waits for that
CLOCK_SET_SECONDS = 60.0  # less is what keeping a clock right may take
_SUMMARIES = {"summary", "exit_error"}


class Began(msgspec.Struct, frozen=True):
    """A process of the run has begun."""

    run: int
    identity: str


class Said(msgspec.Struct, frozen=True):
    """The run has something to say."""

    run: int
    record: dict[str, Any]


class Ended(msgspec.Struct, frozen=True):
    """The run is over."""

    run: int
    verdict: Verdict
    exit_code: int | None
    summary: dict[str, Any]


Message = Began | Said | Ended


class Runner:
    """A run at work, from the moment it is made.

    Args:
        program: the words that start this program, with the common options for this home folder.
        environment: of all its processes.
        tell: is told what happens, by this run's threads.
    """

    def __init__(
        self,
        run: Run,
        steps: Sequence[Step],
        *,
        program: Sequence[str],
        environment: Mapping[str, str],
        log: Path,
        tell: Callable[[Message], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._run, self._steps, self._program, self._tell, self._clock = run, steps, program, tell, clock
        self._environment = dict(environment)
        self._log_path = log
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._role = Role.BEFORE
        self._asked: Verdict | None = None
        self._is_paused = False
        self._exit_code: int | None = None
        self._summary: dict[str, Any] = {}
        self._is_troubled = False
        """it said of something that it went wrong, or the clock was set"""
        self.thread = threading.Thread(target=self._work, name=f"run {run.id}", daemon=True)
        self.thread.start()

    @property
    def asked(self) -> Verdict | None:
        """What its end will mean, once somebody asked it to end."""
        return self._asked

    @property
    def is_paused(self) -> bool:
        """Whether it was asked to wait."""
        return self._is_paused

    def pause(self, *, is_paused: bool) -> None:
        """Let the engine wait where it is, with its lock, or go on. A command of the set is not held up."""
        with self._lock:
            if self._asked is None:
                self._is_paused = is_paused
                self._tell_engine()

    def end(self, verdict: Verdict) -> None:
        """Ask it to end cleanly: the engine so that the next run goes on, a command by SIGTERM. Commands after it still run."""
        with self._lock:
            if self._asked is not None:
                return
            self._asked = verdict
            if self._is_paused:
                self._is_paused = False
                self._tell_engine()
            self._ask_to_end()

    def kill(self) -> None:
        """End what runs now at once, with all its children."""
        with self._lock:
            self._signal_group(signal.SIGKILL)

    def _work(self) -> None:
        verdict, clocks = Verdict(State.ERROR), self._clocks()
        with RunLog(self._log_path) as log:
            try:
                verdict = self._make_steps(log)
            except Exception as error:  # noqa: BLE001 becomes the run's end: whatever breaks here must not leave it running for ever
                self._summary = {"message_type": "exit_error", "message": f"{type(error).__name__}: {error}", "code": 1}
                log.write(self._summary, self._clock())
            shown, passed = (after - before for before, after in zip(clocks, self._clocks(), strict=True))
            if abs(shown - passed) >= CLOCK_SET_SECONDS:
                log.write({"message_type": "clock", "set_by_seconds": round(shown - passed)}, self._clock())
                self._is_troubled = True
        if verdict.state is State.OK and self._is_troubled:
            verdict = Verdict(State.ATTENTION)
        self._tell(Ended(self._run.id, verdict, self._exit_code, self._summary))

    def _clocks(self) -> tuple[float, float]:
        """Return the time by the clock, and by what nobody can set; asleep both go on. Seconds."""
        return self._clock().timestamp(), time.clock_gettime(time.CLOCK_BOOTTIME)

    def _make_steps(self, log: RunLog) -> Verdict:
        verdict, has_begun, is_over = Verdict(State.OK), False, False
        for step in self._steps:
            if step.role is Role.AFTER:
                code = self._make(step, log) if has_begun else 0
                verdict = verdict_of_command(step, code, verdict)
                continue
            if is_over:
                continue
            if (asked := self.asked) is not None:
                verdict, is_over = asked, True
                continue
            has_begun = True
            code = self._make(step, log)
            if step.role is Role.ENGINE:
                self._exit_code, is_over = code, True
                verdict = verdict_of_engine(self._run.kind, code, self._summary, self.asked)
            else:
                judged = self.asked or verdict_of_command(step, code, verdict)
                verdict, is_over = judged, judged != verdict
        return verdict

    def _make(self, step: Step, log: RunLog) -> int:
        """Run one process to its end and return its exit code."""
        is_engine = step.role is Role.ENGINE
        log.write(
            {"message_type": "step", "role": step.role, "words": step.words if is_engine else step.words[2:]}, self._clock()
        )
        with self._lock:
            process = subprocess.Popen(
                (*self._program, *step.words) if is_engine else step.words,
                stdin=subprocess.PIPE if is_engine else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment | ({LIFELINE_VARIABLE: "0"} if is_engine else {}),
                start_new_session=True,
                cwd="/",
            )
            self._process, self._role = process, step.role
            if self._is_paused:
                self._tell_engine()
            if self._asked is not None and step.role is not Role.AFTER:  # just now
                self._ask_to_end()
        self._tell(Began(self._run.id, process_identity(process.pid)))
        listeners = [
            threading.Thread(target=self._listen, args=(stream, name, log, is_engine), daemon=True)
            for name, stream in (("out", process.stdout), ("err", process.stderr))
        ]
        for listener in listeners:
            listener.start()
        exit_code = process.wait()
        for listener in listeners:
            listener.join(timeout=None if is_engine else LEFT_BEHIND_SECONDS)
        with self._lock:
            self._process = None
            if process.stdin is not None:
                process.stdin.close()
        end = {"message_type": "step_end", "role": step.role, "exit_code": exit_code}
        log.write(end if is_engine else {**end, "on_error": step.on_error}, self._clock())
        return exit_code

    def _listen(self, stream: IO[bytes], name: str, log: RunLog, is_engine: bool) -> None:  # noqa: FBT001 a thread's argument
        with stream, suppress(ValueError):  # the log is closed, and a child of the command still speaks
            while line := stream.readline(LONGEST_LINE):
                record = _record(line) if is_engine else None
                if record is None:
                    record = {"message_type": "output", "stream": name, "text": line.decode(errors="replace").rstrip("\n")}
                elif record.get("message_type") in _SUMMARIES:
                    self._summary = record
                elif record.get("message_type") == "error":
                    self._is_troubled = True
                log.write(record, self._clock())
                self._tell(Said(self._run.id, record))

    def _tell_engine(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(BrokenPipeError):  # it has ended
                os.write(self._process.stdin.fileno(), PAUSE if self._is_paused else RESUME)

    def _ask_to_end(self) -> None:
        if self._process is not None and self._role is Role.ENGINE:
            self._process.send_signal(signal.SIGINT)
        elif self._role is Role.BEFORE:
            self._signal_group(signal.SIGTERM)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _record(line: bytes) -> dict[str, Any] | None:
    try:
        record = msgspec.json.decode(line, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return record if isinstance(record.get("message_type"), str) else None
