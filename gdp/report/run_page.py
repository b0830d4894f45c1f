"""The report of one run, in one language. Pure."""

from datetime import tzinfo

from gdp.core import figures
from gdp.core.language import N_, current_language, speaking, translate
from gdp.model.run import RunRecord, Verdict
from gdp.model.runs import Kind
from gdp.report.boxes import make_boxes
from gdp.report.lists import make_sections
from gdp.report.page import Page, shown
from gdp.report.rows import make_rows
from gdp.report.subject import cut, make_subject
from gdp.report.verdicts import how_it_ended, problem_words, verdict_sentence, verdict_tone

_TEST = N_("This is a test of the mail delivery. The run below was made for it and saved nothing of yours.")
_SENT_BY = N_("Sent by the GDP Backup Manager on {host}.")


def make_run_page(
    record: RunRecord, *, language: str | None = None, zone: tzinfo | None = None, has_log: bool = False, is_test: bool = False
) -> Page:
    """Return the report.

    Args:
        record: the run.
        language: of the reader; None: the user's.
        zone: for moments; None: that of this computer.
        has_log: the log of the run is attached.
        is_test: the report is only to show that mails arrive.
    """
    with speaking(language):
        subject = make_subject(record)
        return Page(
            language=current_language(),
            subject=cut(f"[{translate(N_('TEST'))}] {subject}") if is_test else subject,
            tone=verdict_tone(record),
            notice=translate(_TEST) if is_test else "",
            headline=shown(verdict_sentence(record)),
            detail=_detail(record, zone),
            boxes=make_boxes(record),
            rows=make_rows(record, zone),
            outlook=_outlook(record, zone),
            sections=make_sections(record),
            footer=_footer(record.host, has_log=has_log),
        )


def _detail(record: RunRecord, zone: tzinfo | None) -> str:
    match record.verdict:
        case Verdict.OK if record.recovered_from is not None:
            sentence = N_("All is well again: the run before, of {moment}, had needed attention.")
            return translate(sentence).format(moment=figures.local_moment(record.recovered_from, zone))
        case Verdict.ATTENTION:
            return (
                translate(N_("{problems}: see below.")).format(problems=problem_words(record.problem_count))
                if record.problem_count
                else ""
            )
        case Verdict.ERROR if record.kind is Kind.BACKUP and record.snapshot:
            return translate(N_("The files themselves are backed up."))
        case Verdict.INTERRUPTED | Verdict.ERROR if record.share_reached is not None:
            sentence = how_it_ended(record)
            return f"{sentence[:1].upper()}{sentence[1:]}."
        case _:
            return ""


def _outlook(record: RunRecord, zone: tzinfo | None) -> str:
    if record.next_run is None:
        return ""
    sentence = N_("Next run: {moment}") if record.kind is Kind.BACKUP else N_("Next backup: {moment}")
    return translate(sentence).format(moment=figures.local_moment(record.next_run, zone))


def _footer(host: str, *, has_log: bool) -> str:
    sender = translate(_SENT_BY).format(host=shown(host))
    return f"{sender} {translate(N_('The complete log is attached.'))}" if has_log else sender
