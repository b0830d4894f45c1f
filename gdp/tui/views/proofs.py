"""When the backups of a set were last proven to come back, in words. Pure."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from gdp.core.language import N_, translate
from gdp.model.last_words import why
from gdp.model.run_words import REASONS, kind_in_words
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.service import SetStatus
from gdp.report.causes import DAMAGED
from gdp.tui.words import short_moment

_FAILED = {
    Kind.CHECK: N_("A sample of what is stored could not be read back."),
    Kind.DRILL: N_("The files of the restore drill could not be restored."),
}
_DIFFERS = N_(
    "What came back is not what is on this computer. The disk here may be failing: have it checked. Press h for the report."
)


def proof_lines(one: SetStatus, now: datetime, zone: tzinfo | None) -> list[str]:
    """Return one line with what was proven last and when; before it, for each proof that failed, what to do."""
    runs = [run for run in (one.last_check, one.last_drill) if run is not None]
    lines = [line for run in runs if run.state is not State.OK for line in _failed(run, now, zone)]
    proven = [f"{kind_in_words(run)} {short_moment(run.ended or run.began, now, zone)}" for run in runs if run.state is State.OK]
    return [*lines, f"{translate(N_('Proven:'))} {' · '.join(proven)}"] if proven else lines


def _failed(run: Run, now: datetime, zone: tzinfo | None) -> Iterator[str]:
    head = f"{kind_in_words(run)} · {short_moment(run.ended or run.began, now, zone)}"
    if run.reason is Reason.DAMAGE:
        yield f"{head} · {translate(REASONS[run.reason])}"
        yield translate(DAMAGED.step)
    elif run.state is State.ATTENTION:
        yield head
        yield translate(_DIFFERS)
    else:
        yield f"{head} · {translate(N_('failed'))}"
        yield why(run.summary) or translate(_FAILED[run.kind])
