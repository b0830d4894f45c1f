"""What went wrong in a run, grouped by cause, the gravest first. Pure."""

from collections import defaultdict

from gdp.core import figures
from gdp.core.language import N_, translate, translate_plural
from gdp.core.sentences import hint_of, sentence_of
from gdp.model.run import RunRecord, Trouble, error_of
from gdp.model.runs import Kind
from gdp.report import causes
from gdp.report.cause import Cause, Weight
from gdp.report.page import Box, Line, Tone, shown
from gdp.report.recognise import find_cause

MOST_LINES = 10  # of a box; the log has them all
LONGEST_REMARK = 800  # a changed host key, with both fingerprints and what to do, takes 500
_SAID_BY_TITLE = {causes.PERMISSION, causes.VANISHED, causes.CHANGED, causes.SOURCE_MISSING, causes.SOURCE_UNLIKE}
"""whose title says all that can be said of a file"""
_WEIGHTS = (Weight.GRAVE, Weight.MILD, Weight.HARMLESS)
_TONES = {Weight.GRAVE: Tone.ERROR, Weight.MILD: Tone.ATTENTION, Weight.HARMLESS: Tone.IDLE}
_SAID_WHOLLY = {causes.PAUSED, causes.SILENT}
"""whose title says all that can be said"""


def make_boxes(record: RunRecord, most_lines: int = MOST_LINES) -> tuple[Box, ...]:
    """Return a box for each cause: first what ended the run, then by weight and number, last what changes nothing."""
    grouped: dict[Cause, list[Trouble]] = defaultdict(list)
    for problem in (*record.problems, *record.remarks):
        grouped[find_cause(problem, record.kind)].append(problem)
    order = sorted(grouped, key=lambda cause: (_WEIGHTS.index(cause.weight), -len(grouped[cause])))
    if record.stopped_by is not None:
        last = find_cause(record.stopped_by, record.kind)
        order = [last, *(cause for cause in order if cause != last)]
        grouped[last] = [record.stopped_by, *grouped[last]]
    boxes = [_box(cause, grouped[cause], record.kind, most_lines) for cause in order]
    if unkept := record.problem_count - len(record.problems):
        boxes.append(_unkept(unkept))
    return tuple(boxes)


def main_cause(record: RunRecord) -> Cause | None:
    """Return the cause that the report begins with; None when nothing went wrong."""
    if record.stopped_by is not None:
        return find_cause(record.stopped_by, record.kind)
    found = [find_cause(problem, record.kind) for problem in record.problems]
    return min(found, key=lambda cause: cause.weight is not Weight.GRAVE) if found else None


def cause_title(cause: Cause, count: int = 1) -> str:
    """Return the heading of a cause that hit so many files."""
    if not cause.several or count == 1:
        return translate(cause.title)
    return translate(cause.several).format(count=figures.count(count))


def _box(cause: Cause, troubles: list[Trouble], kind: Kind, most_lines: int) -> Box:
    told = () if cause in _SAID_WHOLLY else troubles
    lines = tuple(dict.fromkeys(_line(cause, trouble, kind) for trouble in told))
    left_out = len(lines) - most_lines
    return Box(
        tone=_TONES[cause.weight],
        title=cause_title(cause, len(troubles)),
        step=translate(cause.step),
        lines=lines[:most_lines],
        more=_more(left_out) if left_out > 0 else "",
    )


def _line(cause: Cause, trouble: Trouble, kind: Kind) -> Line:
    if trouble.path and cause in _SAID_BY_TITLE:
        return Line(shown(trouble.path))
    error = error_of(trouble)
    remark = _begun(sentence_of(error), error.template)
    if trouble.hint and not trouble.path and kind is not Kind.CHECK:  # a check says the same of every pack
        remark = f"{remark}. {_begun(hint_of(error), error.hint_template)}".removesuffix(".") + "."
    return Line(shown(trouble.path), _cut(shown(remark)))


def _begun(sentence: str, template: str) -> str:
    """Return it with a capital letter, but where it begins with a name, as it is."""
    return sentence if translate(template).startswith("{") else sentence[:1].upper() + sentence[1:]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_REMARK else text[: LONGEST_REMARK - 1] + "…"


def _more(count: int) -> str:
    sentence = translate_plural("and one more", "and {count} more", count)
    return sentence.format(count=figures.count(count))


def _unkept(count: int) -> Box:
    title = translate_plural(
        "One more problem stands only in the log.", "{count} more problems stand only in the log.", count
    ).format(count=figures.count(count))
    return Box(
        tone=Tone.ATTENTION, title=title, step=translate(N_("Remove the causes above first; the next report shows what is left."))
    )
