"""What the daemon says about sets, in words."""

from datetime import datetime

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill, hint_of
from gdp.model.broken_off import kept_nothing
from gdp.model.last_words import why
from gdp.model.run import error_of
from gdp.model.run_words import WAITS, kind_in_words, state_of_run
from gdp.model.runs import Kind, Run, State
from gdp.model.service import AtWork, Coming, HeldMails, MailBacklog, ServiceStatus, SetStatus


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
    return translate(N_("waits") if one.coming or one.schedule else N_("has no schedule"))


def next_of_set(one: SetStatus) -> str:
    """Return when its next backup begins; empty where nobody knows."""
    begins = [_begins(coming) for coming in one.coming if coming.kind is Kind.BACKUP]
    return begins[0] if begins else ""


def proofs_of_set(one: SetStatus) -> list[str]:
    """Return when a sample was read back and files were restored on trial last, and how that went."""
    proofs = [run for run in (one.last_check, one.last_drill) if run is not None]
    return [f"{kind_in_words(run)} {moment(run.ended)}: {state_of_run(run)}" for run in proofs if run.ended]


def trouble_in_words(status: ServiceStatus) -> list[tuple[str, str]]:
    """Return why nothing can begin, and what to do about it, as a pair of sentences; empty: nothing keeps it."""
    if status.trouble is None:
        return []
    error = error_of(status.trouble)
    return [(fill(N_("nothing begins: {reason}"), {"reason": error}), hint_of(error))]


def mails_in_words(backlog: MailBacklog) -> list[tuple[str, str]]:
    """Return which report mails did not get out, since when and why, and what to do about it, as pairs of sentences."""
    waiting = N_("{count:report mail waits|report mails wait} since {since}: {reason}")
    refused = N_("{count:report mail is|report mails are} refused for good since {since}: {reason}")
    goes_on = N_("It is tried again by itself; at once: gdp mail send")
    stays = N_("Then: gdp mail send --refused")
    found = ((backlog.waiting, waiting, goes_on), (backlog.refused, refused, stays))
    return [_held(held, sentence, step) for held, sentence, step in found if held]


def _held(held: HeldMails, sentence: str, step: str) -> tuple[str, str]:
    error = error_of(held.reason) if held.reason else None
    facts = {"count": held.count, "since": moment(held.since), "reason": error or translate(N_("not tried yet"))}
    return fill(sentence, facts), " ".join(filter(None, (hint_of(error) if error else "", translate(step))))


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
