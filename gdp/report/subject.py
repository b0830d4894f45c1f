"""The subject of a report's mail: verdict, set, host, counts. ``[OK] daten on server01: 1,204 new, 3.1 GB``. Pure."""

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.model.run import Kind, RunRecord, Verdict
from gdp.report.boxes import cause_title, main_cause
from gdp.report.page import shown
from gdp.report.verdicts import how_it_ended, problem_words, verdict_word

LONGEST = 160  # characters; a mail reader shows about eighty
_KINDS = {Kind.CHECK: N_("check"), Kind.PRUNE: N_("clean-up"), Kind.RESTORE: N_("restore"), Kind.DRILL: N_("restore test")}


def make_subject(record: RunRecord) -> str:
    """Return it, on one line."""
    about = translate(N_("{set} on {host}")).format(set=record.set_name, host=record.host)
    if kind := _KINDS.get(record.kind):
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
            return _gains(record)
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
    return gains(record.files.new, record.files.changed, record.bytes_new)


def gains(new_files: int, changed_files: int, new_bytes: int) -> list[str]:
    """Return what came in, as parts of a list: ``1,204 new``, ``3.1 GB``."""
    if not (new_files or changed_files or new_bytes):
        return [translate(N_("nothing new"))]
    new, changed = (
        translate(sentence).format(count=figures.count(count)) if count else ""
        for sentence, count in ((N_("{count} new"), new_files), (N_("{count} changed"), changed_files))
    )
    return [part for part in (new, changed, figures.size(new_bytes)) if part]
