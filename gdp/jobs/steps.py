"""What a run consists of, and what its end means. Pure.

A backup is: the set's commands before it, the engine, the set's commands after it. The latter run whatever happened, since they
may undo what the former did, such as a file system's snapshot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from gdp.model.backup_set import BackupSet, OnError
from gdp.model.restore_wish import RestoreWish
from gdp.model.runs import Kind, Reason, State

UNREADABLE_SOURCES = 3  # what ``gdp backup`` ends with when some source could not be read, ``gdp drill`` when one is unlike
NOT_ALL_RESTORED = 1  # what ``gdp restore`` ends with when some files could not be restored; then it has a summary
INTERRUPTED = 130
LOCK_PATIENCE = "10m"  # for somebody else's run; then the run has failed, and its pauses apply
_SHELL = "/bin/sh"
_ENGINE = {Kind.BACKUP: ("backup", "-v"), Kind.RETENTION: ("forget",), Kind.PRUNE: ("prune",), Kind.DRILL: ("drill",)}
_FOUND_DAMAGE = {Kind.CHECK: "num_errors", Kind.DRILL: "mismatches"}
"""the field of the summary that counts what is not as it was stored"""
_DAMAGED = "DamagedData"  # a folder that cannot be read ends a proof at once, before anything is counted
_DELETES = {Kind.RETENTION, Kind.PRUNE}


class Role(StrEnum):
    """What a step is for."""

    BEFORE = "before"
    ENGINE = "engine"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Step:
    """One process."""

    role: Role
    words: tuple[str, ...]
    """of the engine: what follows the program and its common options"""
    on_error: OnError = OnError.FAIL


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended."""

    state: State
    reason: Reason = Reason.NONE


def steps_of(one: BackupSet, kind: Kind) -> tuple[Step, ...]:
    """Return the steps of a run in their order."""
    words = ("check", "--sample", str(one.proof.read_back)) if kind is Kind.CHECK else _ENGINE[kind]
    engine = Step(Role.ENGINE, ("--backup-set", one.name, "--retry-lock", LOCK_PATIENCE, *words))
    if kind is not Kind.BACKUP:
        return (engine,)
    commands = one.commands
    before = [Step(Role.BEFORE, (_SHELL, "-c", line), commands.before_on_error) for line in commands.before]
    after = [Step(Role.AFTER, (_SHELL, "-c", line), commands.after_on_error) for line in commands.after]
    return (*before, engine, *after)


def restore_steps(set_name: str, wish: RestoreWish) -> tuple[Step, ...]:
    """Return the steps of a restore: the engine alone, which waits for a lock as long as a backup does."""
    return (Step(Role.ENGINE, ("--backup-set", set_name, "--retry-lock", LOCK_PATIENCE, *wish.words())),)


def verdict_of_engine(kind: Kind, exit_code: int, last: Mapping[str, Any], asked: Verdict | None) -> Verdict:
    """Return what the engine's end means.

    Args:
        exit_code: negative where a signal killed it.
        last: its last record.
        asked: what its end was to mean when somebody asked it to end.
    """
    if exit_code == 0:
        problems = last.get("problems") or last.get("repository_problems")
        return Verdict(State.ATTENTION if problems else State.OK)
    if kind in {Kind.BACKUP, Kind.DRILL} and exit_code == UNREADABLE_SOURCES:
        return Verdict(State.ATTENTION)
    if kind is Kind.RESTORE and exit_code == NOT_ALL_RESTORED and last.get("message_type") == "summary":
        return Verdict(State.ATTENTION)
    if asked is not None and (exit_code < 0 or exit_code == INTERRUPTED):
        return asked
    if exit_code == INTERRUPTED:
        return Verdict(State.INTERRUPTED)
    if kind in _DELETES and last.get("error_class") == "StorageDenied":
        return Verdict(State.SKIPPED, Reason.FORBIDDEN)
    if kind in _FOUND_DAMAGE and (last.get(_FOUND_DAMAGE[kind]) or last.get("error_class") == _DAMAGED):
        return Verdict(State.ERROR, Reason.DAMAGE)
    return Verdict(State.ERROR)


def verdict_of_command(step: Step, exit_code: int, so_far: Verdict) -> Verdict:
    """Return what a command's end means for the run."""
    if exit_code == 0 or step.on_error is OnError.IGNORE or not so_far.state.is_done:
        return so_far
    if step.on_error is OnError.CANCEL:
        return Verdict(State.SKIPPED, Reason.COMMAND)
    return Verdict(State.ERROR, Reason.COMMAND)
