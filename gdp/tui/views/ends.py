"""How a run ended, in sentences: what came of it, why it failed, what comes next."""

from collections.abc import Iterator
from datetime import datetime, tzinfo

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.broken_off import kept_nothing
from gdp.model.last_words import why, words_of
from gdp.model.run_words import REASONS
from gdp.model.runs import Kind, Reason, Run, State
from gdp.tui.ports import Record
from gdp.tui.words import span

_BACKUP_ENDS = {
    State.OK: N_("Everything is backed up."),
    State.ATTENTION: N_("Backed up, but not everything could be read."),
    State.ERROR: N_("The backup failed. What has been sent stays."),
    State.INTERRUPTED: N_("Broken off. Nothing is lost; the next run goes on with it."),
    State.CANCELLED: N_("Cancelled. What has been sent stays; the next run goes on with it."),
    State.SKIPPED: N_("Left out."),
}
_RESTORE_ENDS = {
    State.OK: N_("The files are back, in {target}."),
    State.ATTENTION: N_("The files are back, in {target}, but for those that are named below."),
    State.ERROR: N_("The restore failed."),
    State.INTERRUPTED: N_("Broken off. Restore the same once more: only what is missing is fetched."),
    State.CANCELLED: N_("Cancelled. What is restored stays; the same restore fetches only the rest."),
}
_ENDED_IN_VAIN = N_("Broken off before anything that lasts had been sent.")
_OTHER_ENDS = {
    State.OK: N_("Done."),
    State.ATTENTION: N_("Done, but something needs your attention."),
    State.ERROR: N_("It failed; it is tried again."),
    State.INTERRUPTED: N_("Broken off; it is made up for."),
    State.CANCELLED: N_("Cancelled."),
    State.SKIPPED: N_("Left out."),
}
_COUNTS = (
    ("files_restored", N_("{count:entry|entries} restored")),
    ("files_unchanged", N_("{count:file was|files were} right already")),
    ("files_deleted", N_("{count:entry|entries} deleted that the snapshot does not have")),
    ("files_verified", N_("{count:file|files} read again: as in the snapshot")),
    ("removed", N_("{count:snapshot|snapshots} removed")),
    ("packs_removed", N_("{count:pack|packs} removed")),
    ("packs_repacked", N_("{count:pack|packs} written anew")),
    ("packs_read", N_("{count:pack|packs} read and compared")),
)
_LEFT_ALONE = N_("{count:file was|files were} there and left alone, as the overwrite rule says")


def sentences_of_end(run: Run, next_backup: str = "") -> Iterator[str]:
    """Yield what came of a run, the most important first.

    Args:
        next_backup: when that is, in words; empty: nobody knows.
    """
    is_known = run.state is State.CANCELLED and not kept_nothing(run.summary)  # who ended it knows why
    yield _verdict(run)
    if run.reason is not Reason.NONE:
        yield _sentence(translate(REASONS[run.reason]))
    if (reason := why(run.summary)) and not is_known:
        yield reason
    if run.state.is_done:
        yield from _figures(run)
    if next_backup and run.kind is Kind.BACKUP:
        yield translate(N_("Next backup: {moment}.")).format(moment=next_backup)


def problem_of(record: Record) -> tuple[str, str]:
    """Return which file a record ``error`` is about, which may be empty, and what is said of it."""
    error = record.get("error")
    sentence = str(error.get("message", "")) if isinstance(error, dict) else str(record.get("message", ""))
    return str(record.get("item", "")), words_of(record, sentence)


def duration(run: Run, now: datetime) -> str:
    """Return how long a run took, or has taken."""
    return span(run.began, run.ended or now)


def day_of(run: Run, zone: tzinfo | None) -> str:
    """Return the local time at which a run began."""
    return f"{run.began.astimezone(zone):%H:%M}"


def _verdict(run: Run) -> str:
    if kept_nothing(run.summary):
        return translate(_ENDED_IN_VAIN)
    ends = {Kind.BACKUP: _BACKUP_ENDS, Kind.RESTORE: _RESTORE_ENDS}.get(run.kind, _OTHER_ENDS)
    target = run.summary.get("target")
    place = translate(N_("their place")) if target == "/" else str(target)
    return translate(ends[run.state]).format(target=place)


def _figures(run: Run) -> Iterator[str]:
    summary = run.summary
    if run.kind is Kind.BACKUP and "total_bytes_processed" in summary:
        template = N_("{files:file|files}, {read}; new {new}, sent {sent}.")
        facts = {
            "files": int(summary.get("total_files_processed", 0)),
            "read": figures.size(int(summary["total_bytes_processed"])),
            "new": figures.size(int(summary.get("data_added", 0))),
            "sent": figures.size(int(summary.get("data_added_packed", 0))),
        }
        yield fill(template, facts)
    told = [fill(template, {"count": count}) for name, template in _COUNTS if (count := _number(summary, name))]
    if told:
        yield _sentence(", ".join(told))
    skipped = _number(summary, "files_skipped") - _number(summary, "files_unchanged")
    if run.kind is Kind.RESTORE and skipped > 0:
        yield _sentence(fill(_LEFT_ALONE, {"count": skipped}))
    if freed := _number(summary, "freed_bytes"):
        yield translate(N_("{size} freed.")).format(size=figures.size(freed))


def _number(summary: Record, name: str) -> int:
    found = summary.get(name)
    return found if isinstance(found, int) else 0


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}" + ("" if words.endswith(".") else ".")
