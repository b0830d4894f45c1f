"""Who hears of a run when, and the summary of a day's runs. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, tzinfo
from enum import StrEnum
from operator import attrgetter

import msgspec

from gdp.core import figures
from gdp.core.language import N_, current_language, speaking, translate, translate_plural
from gdp.model.backup_set import ReportMode
from gdp.model.run import RunRecord, Verdict
from gdp.model.runs import Kind
from gdp.report.boxes import make_boxes
from gdp.report.page import Box, Page, Row, Tone, shown
from gdp.report.subject import KINDS, cut, gains
from gdp.report.verdicts import needs_attention, problem_words, verdict_tone, verdict_word

MOST_BOXES = 12
MOST_LINES = 3  # of a box
_LOUDNESS = (Tone.IDLE, Tone.GOOD, Tone.ATTENTION, Tone.ERROR)
_WORDS = {Tone.IDLE: N_("OK"), Tone.GOOD: N_("OK"), Tone.ATTENTION: N_("ATTENTION"), Tone.ERROR: N_("ERROR")}


class Hears(StrEnum):
    """When a recipient hears of a run."""

    AT_ONCE = "at-once"
    IN_SUMMARY = "in-summary"
    NEVER = "never"


def decide(mode: ReportMode, record: RunRecord) -> Hears:
    """Return when somebody with that mode hears of the run.

    One left out for a harmless reason bothers nobody at once. Who hears of problems hears once that all is well again.
    """
    match mode:
        case ReportMode.DAILY:
            return Hears.IN_SUMMARY
        case ReportMode.PROBLEMS:
            return Hears.AT_ONCE if needs_attention(record) or record.recovered_from else Hears.NEVER
        case ReportMode.EVERY_RUN:
            is_worth_it = record.verdict is not Verdict.SKIPPED or needs_attention(record)
            return Hears.AT_ONCE if is_worth_it else Hears.NEVER


def make_digest(records: Sequence[RunRecord], day: date, *, language: str | None = None, zone: tzinfo | None = None) -> Page:
    """Return the summary of at least one run, all of one computer."""
    with speaking(language):
        tone = max((verdict_tone(record) for record in records), key=_LOUDNESS.index)
        host = shown(records[0].host)
        facts = {"host": host, "day": day.strftime("%d.%m.%Y" if current_language() == "de" else "%Y-%m-%d")}
        return Page(
            language=current_language(),
            subject=cut(f"[{translate(_WORDS[tone])}] {translate(N_('{host}, {day}')).format(**facts)}: {_count(records)}"),
            tone=tone,
            headline=_headline(records).format(**facts),
            detail=_sentence(_count(records)),
            boxes=_boxes(records),
            rows=_rows(records),
            outlook=_outlook(records, zone),
            footer=translate(N_("Sent by the GDP Backup Manager on {host}.")).format(host=host),
        )


def _headline(records: Sequence[RunRecord]) -> str:
    if all(record.verdict is Verdict.SKIPPED for record in records):
        return translate(N_("No backup took place on {host} on {day}."))
    if any(map(needs_attention, records)):
        return translate(N_("Not every run on {host} went well on {day}."))
    return translate(N_("Every run on {host} went well on {day}."))


def _count(records: Sequence[RunRecord]) -> str:
    """Return ``3 runs, 1 with problems, 2 left out``."""
    made = [record for record in records if record.verdict is not Verdict.SKIPPED]
    left_out, bad = len(records) - len(made), sum(map(needs_attention, made))
    parts = [
        translate_plural("{count} run", "{count} runs", len(made)).format(count=figures.count(len(made)))
        if made
        else translate(N_("no run"))
    ]
    if bad:
        parts.append(translate(N_("{count} with problems")).format(count=figures.count(bad)))
    elif made:
        parts.append(translate(N_("all in order")))
    if left_out:
        parts.append(translate(N_("{count} left out")).format(count=figures.count(left_out)))
    return ", ".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _boxes(records: Sequence[RunRecord]) -> tuple[Box, ...]:
    """Return each cause once a set, as it was the last time it was met."""
    found: dict[tuple[str, str], tuple[Box, int]] = {}
    for record in records:
        for box in make_boxes(record, most_lines=MOST_LINES) if needs_attention(record) else ():
            key = record.set_name, box.step
            found[key] = box, found.get(key, (box, 0))[1] + 1
    boxes = [_of_set(name, box, times) for (name, _step), (box, times) in found.items()]
    boxes.sort(key=lambda box: -_LOUDNESS.index(box.tone))
    left_out = boxes[MOST_BOXES:]
    return (*boxes[:MOST_BOXES], *([_untold(left_out)] if left_out else []))


def _untold(boxes: Sequence[Box]) -> Box:
    title = translate_plural("One more cause is not told here.", "{count} more causes are not told here.", len(boxes))
    step = translate(N_("'gdp report list' shows the runs, 'gdp report show' tells the causes of each."))
    return Box(tone=boxes[0].tone, title=title.format(count=figures.count(len(boxes))), step=step)


def _of_set(set_name: str, box: Box, times: int) -> Box:
    often = translate(N_(" ({count} runs)")).format(count=figures.count(times)) if times > 1 else ""
    return msgspec.structs.replace(box, title=f"{shown(set_name)}: {box.title}{often}")


def _rows(records: Sequence[RunRecord]) -> tuple[Row, ...]:
    by_set: dict[str, list[RunRecord]] = defaultdict(list)
    for record in records:
        by_set[record.set_name].append(record)
    return tuple(_row(name, by_set[name]) for name in sorted(by_set))


def _row(name: str, records: list[RunRecord]) -> Row:
    backups = [record for record in records if record.kind is Kind.BACKUP and record.verdict is not Verdict.SKIPPED]
    parts = [_count(records)]
    if problems := sum(record.problem_count for record in records):
        parts.append(problem_words(problems))
    if backups:
        new, changed, removed = (sum(map(attrgetter(f"files.{what}"), backups)) for what in ("new", "changed", "removed"))
        parts += gains(new, sum(record.bytes_new for record in backups), changed=changed, removed=removed)
    if any(record.deletes_forbidden for record in backups):
        parts.append(translate(N_("no old backups removed, since the repository lets nobody delete")))
    parts += [f"{translate(KINDS[kind])}: {verdict_word(verdict)}" for kind, verdict in _others(records).items()]
    tone = max((verdict_tone(record) for record in records), key=_LOUDNESS.index)
    return Row(shown(name), ", ".join(parts), tone)


def _others(records: Sequence[RunRecord]) -> dict[Kind, Verdict]:
    """Return how the last run of each kind went that is no backup."""
    return {record.kind: record.verdict for record in records if record.kind in KINDS}


def _outlook(records: Sequence[RunRecord], zone: tzinfo | None) -> str:
    """Return when the sets run next, as each said last."""
    latest = {record.set_name: record.next_run for record in records if record.next_run}
    if not latest:
        return ""
    return translate(N_("Next run: {moment}")).format(moment=figures.local_moment(min(latest.values()), zone))
