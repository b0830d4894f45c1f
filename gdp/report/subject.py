"""The subject of a report's mail: verdict, set, host, counts. ``[OK] daten on server01: 1,204 new, 3.1 GB``. Pure."""

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.model.run import RunRecord, Verdict
from gdp.model.runs import Kind
from gdp.report.boxes import cause_title, main_cause
from gdp.report.page import shown
from gdp.report.verdicts import how_it_ended, problem_words, verdict_word

LONGEST = 160  # characters; a mail reader shows about eighty
KINDS = {
    Kind.CHECK: N_("check"),
    Kind.RETENTION: N_("retention"),
    Kind.PRUNE: N_("clean-up"),
    Kind.RESTORE: N_("restore"),
    Kind.DRILL: N_("restore test"),
}


def make_subject(record: RunRecord) -> str:
    """Return it, on one line."""
    about = translate(N_("{set} on {host}")).format(set=record.set_name, host=record.host)
    if kind := KINDS.get(record.kind):
        about += f" ({translate(kind)})"
    subject = f"[{verdict_word(record.verdict)}] {about}"
    if rest := ", ".join(part for part in _parts(record) if part):
        subject += f": {rest}"
    return cut(shown(subject))


def cut(subject: str) -> str:
    """Return a subject that is not too long."""
    return subject if len(subject) <= LONGEST else subject[: LONGEST - 1] + "…"


def _parts(record: RunRecord) -> list[str]:
    match record.verdict:
        case Verdict.OK:
            return [translate(N_("all is well again")) if record.recovered_from else "", *_gains(record)]
        case Verdict.ATTENTION:
            return [problem_words(record.problem_count) if record.problem_count else "", *_gains(record)]
        case Verdict.SKIPPED:
            cause = main_cause(record)
            return [cause_title(cause).rstrip(".")] if cause else []
        case _:
            return [how_it_ended(record)]


def _gains(record: RunRecord) -> list[str]:
    if record.kind is not Kind.BACKUP:
        return []
    return gains(record.files.new, record.bytes_new, changed=record.files.changed, removed=record.files.removed)


def gains(new: int, new_bytes: int, *, changed: int = 0, removed: int = 0) -> list[str]:
    """Return what came in, as parts of a list: ``1,204 new``, ``3.1 GB``. All but the bytes count files."""
    if not (new or changed or removed):  # what a folder's new time takes would only puzzle
        return [translate(N_("nothing new"))]
    counts = ((N_("{count} new"), new), (N_("{count} changed"), changed), (N_("{count} removed"), removed))
    parts = [translate(sentence).format(count=figures.count(count)) for sentence, count in counts if count]
    return [*parts, figures.size(new_bytes)]
