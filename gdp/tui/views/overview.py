"""What the overview says about a set."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill, hint_of, sentence_of
from gdp.model.last_words import why
from gdp.model.run import error_of
from gdp.model.run_words import REASONS, WAITS, kind_in_words
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.service import Coming, MailBacklog, ServiceStatus, SetStatus
from gdp.settings.sets import SetFiles
from gdp.tui import standing
from gdp.tui.views.proofs import proof_lines
from gdp.tui.words import short_moment

_NOT_ACTIVE = N_(
    "It does not run yet: it is not settled who can open its backups when the password is lost. Press k to settle that."
)
_ENDS = {
    State.OK: N_("backed up"),
    State.ATTENTION: N_("backed up, but something needs your attention"),
    State.ERROR: N_("failed"),
    State.INTERRUPTED: N_("broken off; nothing is lost, the next run goes on with it"),
    State.CANCELLED: N_("cancelled; nothing is lost, the next run goes on with it"),
    State.RUNNING: N_("running"),
    State.SKIPPED: N_("left out"),
}


GAP = 2  # columns of the terminal between two of the table
_LEAST_NAME = 8
_LEAST_TARGET = 12


def widths(available: int, cells: Sequence[Sequence[str]]) -> list[int]:
    """Return how wide each column is: as its longest cell; the first and then the last but one give what is missing.

    Args:
        available: columns of the terminal.
        cells: rows, the head among them.
    """
    columns = [max(map(len, column)) for column in zip(*cells, strict=True)]
    spare = available - sum(columns) - GAP * (len(columns) - 1)
    for column, least in ((0, _LEAST_NAME), (-2, _LEAST_TARGET)):
        given = max(0, min(-spare, columns[column] - least))
        columns[column] -= given
        spare += given
    return columns


def coming_backup(one: SetStatus) -> datetime | None:
    """Return when the next backup of a set begins; None: nobody knows."""
    begins = [coming.begins or coming.due for coming in one.coming if coming.kind is Kind.BACKUP]
    return min(begins, default=None)


def without_daemon(files: SetFiles) -> list[SetStatus]:
    """Return the sets as far as their files tell. Raises GdpError when the folder cannot be read."""
    return [_of_file(files, name) for name in files.names()]


def sentences_of(one: SetStatus, now: datetime, zone: tzinfo | None) -> list[str]:
    """Return a few short lines: how its newest run went and why, what to do about it, what it waits for, when it was proven.

    A proof that failed comes first.
    """
    lines = []
    if one.problem:
        lines += [one.problem, translate(N_("Until that is mended, what the file said before holds."))]
    elif not one.is_active:
        lines.append(translate(_NOT_ACTIVE))
    proofs = proof_lines(one, now, zone)
    if standing.failed_proofs(one):
        lines += proofs
    if one.last is not None:
        lines += _run_lines(one.last, now, zone)
    if one.left_out is not None:
        lines.append(_left_out(one.left_out, now, zone))
    lines += [_waiting(coming) for coming in one.coming if coming.waits_for in WAITS]
    if standing.is_late(one, now):
        lines.append(translate(N_("A backup has been due for more than an hour.")))
    if not standing.failed_proofs(one):
        lines += proofs
    return lines or [_no_run_yet(one)]


def notice_of(status: ServiceStatus, now: datetime, zone: tzinfo | None) -> str:
    """Return what concerns all sets: why nothing can begin, else, in one line, that report mails do not get out; or nothing."""
    if status.trouble is not None:
        error = error_of(status.trouble)
        sentence = sentence_of(error)
        return f"■ {sentence[:1].upper()}{sentence[1:]}. {hint_of(error)}"
    return _mails_line(status.mails, now, zone)


def _mails_line(backlog: MailBacklog, now: datetime, zone: tzinfo | None) -> str:
    """Return one line about report mails that do not get out, the gravest first, with the server's own words; empty: all do."""
    if (held := backlog.refused or backlog.waiting) is None:
        return ""
    waits = N_("{count:report mail waits|report mails wait} since {since} (o: more): {reason}")
    refused = N_("{count:report mail|report mails} refused since {since} (o: more): {reason}")
    error = error_of(held.reason) if held.reason else None
    reason = (error.facts.get("reason") or error) if error else translate(N_("not tried yet"))
    facts = {"count": held.count, "since": short_moment(held.since, now, zone), "reason": reason}
    return f"▲ {fill(refused if backlog.refused else waits, facts)}"


def _of_file(files: SetFiles, name: str) -> SetStatus:
    try:
        one = files.read(name)
    except GdpError as error:
        return SetStatus(name=name, problem=sentence_of(error))
    return SetStatus(
        name=name, is_active=one.is_active, target=str(one.target.repo), schedule=tuple(map(str, one.schedule.when))
    )  # fmt: skip


def _run_lines(run: Run, now: datetime, zone: tzinfo | None) -> list[str]:
    words = translate(_ENDS[run.state])
    if run.reason is not Reason.NONE:
        words += f" ({translate(REASONS[run.reason])})"
    lines = [f"{kind_in_words(run)} · {short_moment(run.ended or run.began, now, zone)} · {words}"]
    if reason := why(run.summary):
        lines.append(reason)
    return lines


def _left_out(run: Run, now: datetime, zone: tzinfo | None) -> str:
    sentence = translate(N_("left out {moment}: {reason}"))
    return sentence.format(moment=short_moment(run.due, now, zone), reason=translate(REASONS.get(run.reason, "")))


def _waiting(coming: Coming) -> str:
    return translate(WAITS[coming.waits_for])


def _no_run_yet(one: SetStatus) -> str:
    if one.at_work:
        return translate(N_("The first backup runs."))
    if one.schedule:
        return translate(N_("It has not been backed up yet. It begins when it is due, or press b."))
    return translate(N_("It has no schedule: it is backed up only when somebody asks for it. Press b."))
