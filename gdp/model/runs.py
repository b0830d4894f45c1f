"""Runs that the daemon has made, makes, or left out. Values only: the journal keeps them, front ends show them.

What a report tells of one is ``RunRecord`` in ``run.py``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec


class Kind(StrEnum):
    """What a run does."""

    BACKUP = "backup"
    RESTORE = "restore"
    """files come back; only ever because somebody asked for it"""
    RETENTION = "retention"
    """snapshots that no rule keeps are removed"""
    PRUNE = "prune"
    """data that no snapshot needs is removed"""
    CHECK = "check"
    """a random sample of what the repository holds is read back and compared"""
    DRILL = "drill"
    """random files of the newest snapshot are restored to a temporary place and compared"""


class State(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    OK = "ok"
    ATTENTION = "attention"
    """done, but with something a person has to look at, such as files that could not be read"""
    ERROR = "error"
    INTERRUPTED = "interrupted"
    """ended before it was done, and can go on; ``Reason`` says why"""
    CANCELLED = "cancelled"
    """ended because somebody wanted so"""
    SKIPPED = "skipped"
    """left out; ``Reason`` says why"""

    @property
    def is_done(self) -> bool:
        """Whether the run did what it was for."""
        return self in {State.OK, State.ATTENTION}


class Reason(StrEnum):
    """Why a run was left out or did not come to its end."""

    NONE = ""
    OVERLAP = "overlap"
    """the one before was still running"""
    UNREACHABLE = "unreachable"
    """the target did not answer"""
    BATTERY = "battery"
    """the computer had no mains power"""
    COMMAND = "command"
    """a command that runs before it said no"""
    FORBIDDEN = "forbidden"
    """the repository lets nobody delete"""
    WINDOW = "window"
    """the backup window closed"""
    LONGEST_RUN = "longest-run"
    """it took as long as it may"""
    SHUTDOWN = "shutdown"
    """the daemon was told to end"""
    LOST = "lost"
    """the daemon ended without a word: killed, or a power failure"""
    DAMAGE = "damage"
    """what was read back or restored is not what was stored"""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run."""

    id: int
    set_name: str
    kind: Kind
    due: datetime
    """when it should have begun, before any random offset; UTC, like all moments here"""
    attempt: int = 1
    """2 and more: tried again; 0: it never began"""
    is_manual: bool = False
    """somebody asked for it"""
    began: datetime
    """of a run that was left out: when that was decided first"""
    ended: datetime | None = None
    state: State = State.RUNNING
    reason: Reason = Reason.NONE
    times: int = 1
    """how many in a row were left out for the same reason"""
    exit_code: int | None = None
    """of the child process"""
    summary: dict[str, Any] = {}
    """what the child process said last: the record ``summary``, or ``exit_error``; see ``docs/json.md``"""
    log: str = ""
    """the log file, below the home folder"""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one kind of runs of one set."""

    served_until: datetime | None = None
    """whatever was due up to this moment had its run, or will not get one"""
    last: Run | None = None
    """the newest that was begun"""
    last_done: Run | None = None
    """the newest that did what it was for"""
    last_judged: Run | None = None
    """the newest that did that, or found that it could not: neither broken off nor at work"""
    last_skip: Run | None = None
    """the newest that never began"""
