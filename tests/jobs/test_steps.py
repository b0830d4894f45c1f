"""What a run consists of, and what the engine's end means."""

import msgspec
import pytest

from gdp.jobs.steps import Role, Verdict, steps_of, verdict_of_engine
from gdp.model.backup_set import Commands
from gdp.model.runs import Kind, Reason, State
from tests.jobs.world import make_set


def test_commands_belong_to_a_backup_only() -> None:
    """A database is not to be dumped for a prune."""
    one = msgspec.structs.replace(make_set("daten"), commands=Commands(before=("a", "b"), after=("c",)))

    assert [step.role for step in steps_of(one, Kind.BACKUP)] == [Role.BEFORE, Role.BEFORE, Role.ENGINE, Role.AFTER]
    assert [step.role for step in steps_of(one, Kind.RETENTION)] == [Role.ENGINE]
    assert steps_of(one, Kind.PRUNE)[0].words[-1] == "prune"


@pytest.mark.parametrize(
    ("kind", "code", "last", "state", "reason"),
    [
        (Kind.BACKUP, 0, {"problems": 0}, State.OK, Reason.NONE),
        (Kind.BACKUP, 0, {"repository_problems": 2}, State.ATTENTION, Reason.NONE),
        (Kind.BACKUP, 3, {}, State.ATTENTION, Reason.NONE),
        (Kind.PRUNE, 3, {}, State.ERROR, Reason.NONE),
        (Kind.BACKUP, 1, {"error_class": "StorageDenied"}, State.ERROR, Reason.NONE),
        (Kind.RETENTION, 1, {"error_class": "StorageDenied"}, State.SKIPPED, Reason.FORBIDDEN),
        (Kind.RETENTION, 11, {"error_class": "RepositoryLocked"}, State.ERROR, Reason.NONE),
    ],
)
def test_what_an_end_means(kind: Kind, code: int, last: dict[str, object], state: State, reason: Reason) -> None:
    """An append-only server is no failure of the retention, which is left out with a word."""
    assert verdict_of_engine(kind, code, last, None) == Verdict(state, reason)


def test_a_success_is_one_although_somebody_asked_for_the_end() -> None:
    """The signal came after the snapshot."""
    asked = Verdict(State.CANCELLED)

    assert verdict_of_engine(Kind.BACKUP, 0, {}, asked) == Verdict(State.OK)
    assert verdict_of_engine(Kind.BACKUP, 130, {}, asked) == asked
    assert verdict_of_engine(Kind.BACKUP, -9, {}, asked) == asked
    assert verdict_of_engine(Kind.BACKUP, 12, {}, asked) == Verdict(State.ERROR)


def test_a_restore_that_missed_some_files_is_done_but_needs_attention() -> None:
    """One that never came to its summary has failed."""
    assert verdict_of_engine(Kind.RESTORE, 1, {"message_type": "summary", "problems": 2}, None) == Verdict(State.ATTENTION)
    assert verdict_of_engine(Kind.RESTORE, 1, {"message_type": "exit_error"}, None) == Verdict(State.ERROR)
