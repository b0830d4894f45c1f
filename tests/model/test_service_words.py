"""What ``gdp status`` says of runs that came to nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gdp.model.broken_off import NOTHING_KEPT
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.service import SetStatus
from gdp.model.service_words import troubles_of_set

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def run(kind: Kind = Kind.BACKUP, state: State = State.ERROR, reason: Reason = Reason.NONE, **last: Any) -> Run:
    """Return a run that is over."""
    summary = {"message_type": "exit_error", **last} if last else {}
    return Run(id=7, set_name="daten", kind=kind, due=NOON, began=NOON, ended=NOON, state=state, reason=reason, summary=summary)


def test_why_the_last_backup_failed_is_said_with_what_to_do() -> None:
    """In the reader's language, whatever the daemon's was."""
    failed = run(template="{host} is away", facts={"host": "srv"}, hint_template="Switch it on.", message="srv ist weg")

    (said,) = troubles_of_set(SetStatus(name="daten", last=failed))

    assert said.startswith("backup 2026-11-24 ")
    assert said.endswith(": srv is away. Switch it on. 'gdp report show 7' says more.")


def test_a_failure_without_words_is_said_with_its_reason() -> None:
    """A command of the set has its words in the log, which the report shows."""
    (said,) = troubles_of_set(SetStatus(name="daten", last=run(reason=Reason.COMMAND)))

    assert said.endswith(": failed: a command of the set failed. 'gdp report show 7' says more.")


@pytest.mark.parametrize("state", [State.INTERRUPTED, State.CANCELLED])
def test_a_run_that_was_ended_is_only_told_where_nothing_of_it_is_kept(state: State) -> None:
    """That it was ended stands beside it in one word, and the next run goes on with it."""
    words: dict[str, Any] = {"facts": {}, "hint_template": "", "message": "x"}
    ended = run(state=state, template="interrupted", **words)
    in_vain = run(state=state, template=NOTHING_KEPT, **words)

    assert troubles_of_set(SetStatus(name="daten", last=ended)) == []
    assert "nothing of this run is kept" in troubles_of_set(SetStatus(name="daten", last=in_vain))[0]


def test_proofs_that_failed_are_told_too_and_good_runs_are_not() -> None:
    """A drill that could not be made proves nothing."""
    one = SetStatus(
        name="daten",
        last=run(state=State.OK),
        last_check=run(Kind.CHECK, State.OK),
        last_drill=run(Kind.DRILL, template="no room", message="no room"),
    )

    assert [said.partition(" 2026")[0] for said in troubles_of_set(one)] == ["restore drill"]
