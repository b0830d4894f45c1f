"""What the daemon says about sets, in words."""

from datetime import datetime

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.model.broken_off import kept_nothing
from gdp.model.last_words import why
from gdp.model.run_words import WAITS, kind_in_words, state_of_run
from gdp.model.runs import Kind, Run, State
from gdp.model.service import AtWork, Coming, SetStatus


def moment(when: datetime) -> str:
    """Return a moment as the clock here shows it."""
    return figures.moment(int(when.timestamp() * 1_000_000_000))


def state_of_set(one: SetStatus) -> str:
    """Return what a set does or waits for, in a word or two."""
    if one.at_work:
        return ", ".join(map(_at_work, one.at_work))
    if one.problem:
        return translate(N_("its file is wrong"))
    if not one.is_active:
        return translate(N_("not active"))
    waiting = [WAITS[coming.waits_for] for coming in one.coming if coming.waits_for in WAITS]
    if waiting:
        return translate(waiting[0])
    return translate(N_("waits") if one.coming else N_("has no schedule"))


def next_of_set(one: SetStatus) -> str:
    """Return when its next backup begins; empty where nobody knows."""
    begins = [_begins(coming) for coming in one.coming if coming.kind is Kind.BACKUP]
    return begins[0] if begins else ""


def proofs_of_set(one: SetStatus) -> list[str]:
    """Return when a sample was read back and files were restored on trial last, and how that went."""
    proofs = [run for run in (one.last_check, one.last_drill) if run is not None]
    return [f"{kind_in_words(run)} {moment(run.ended)}: {state_of_run(run)}" for run in proofs if run.ended]


def troubles_of_set(one: SetStatus) -> list[str]:
    """Return, of the newest backup, read-back and restore drill, why each that came to nothing did so, and what to do."""
    runs = [run for run in (one.last, one.last_check, one.last_drill) if run is not None]
    return [_trouble(run) for run in runs if run.state is State.ERROR or kept_nothing(run.summary)]


def _trouble(run: Run) -> str:
    said = f"{kind_in_words(run)} {moment(run.began)}: {why(run.summary) or state_of_run(run) + '.'}"
    more = translate(N_("'gdp report show {number}' says more."))
    return f"{said} {more.format(number=run.id)}"


def _begins(coming: Coming) -> str:
    return moment(coming.begins) if coming.begins else ""


def _at_work(work: AtWork) -> str:
    kind = kind_in_words(work.run)
    if work.is_ending:
        return translate(N_("{kind} ends")).format(kind=kind)
    if work.is_paused:
        return translate(N_("{kind} is paused")).format(kind=kind)
    done = work.progress.get("percent_done")
    percent = f" {min(99, int(done * 100))} %" if isinstance(done, int | float) else ""
    return translate(N_("{kind} runs")).format(kind=kind) + percent
