"""The figures of a run as lines of a table. Pure."""

from collections.abc import Mapping
from datetime import tzinfo

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.run import Counts, RunRecord, Verdict
from gdp.model.runs import Kind
from gdp.report.page import Row
from gdp.report.proofs import proof_rows

SHORT_ID = 8  # digits of a snapshot, as the command line shows
_FIGURES = {
    Kind.CHECK: (
        ("snapshots", N_("Snapshots checked"), figures.count),
        ("packs", N_("Packs"), figures.count),
        ("packs_read", N_("Packs read and compared"), figures.count),
        ("bytes_read", N_("Read for it"), figures.size),
        ("num_errors", N_("Errors found"), figures.count),
    ),
    Kind.RETENTION: (("removed", N_("Backups removed"), figures.count),),
    Kind.PRUNE: (
        ("packs_removed", N_("Packs removed"), figures.count),
        ("packs_repacked", N_("Packs written anew"), figures.count),
        ("freed_bytes", N_("Room gained"), figures.size),
        ("remaining_bytes", N_("Room in use"), figures.size),
    ),
    Kind.RESTORE: (
        ("files_restored", N_("Files restored"), figures.count),
        ("bytes_restored", N_("Restored"), figures.size),
        ("files_skipped", N_("Files left alone"), figures.count),
        ("files_verified", N_("Files compared"), figures.count),
    ),
    Kind.DRILL: (
        ("files_restored", N_("Files restored"), figures.count),
        ("files_verified", N_("Files compared"), figures.count),
        ("bytes_restored", N_("Restored"), figures.size),
        ("sources_compared", N_("Compared with their sources"), figures.count),
        ("mismatches", N_("Files that are not right"), figures.count),
    ),
}

_SENT = N_("Sent (compressed)")
_SKIPPED = {
    "excluded": N_("{count:file or folder|files and folders} excluded"),
    "too_large": N_("{count:file|files} too large"),
    "sockets": N_("{count:socket|sockets}"),
    "other_file_systems": N_("{count:file or folder|files and folders} of other file systems"),
    "kernel_file_systems": N_("{count:file system|file systems} of the kernel"),
}


def make_rows(record: RunRecord, zone: tzinfo | None) -> tuple[Row, ...]:
    """Return what was done, how much it was, when; only what is known."""
    if record.verdict is Verdict.SKIPPED:
        return (Row(translate(N_("Left out")), figures.local_moment(record.began, zone)),)
    return (*_work(record), *_times(record, zone), *proof_rows(record, zone), *_kept(record, zone))


def skipped_in_words(skipped: Mapping[str, int]) -> str:
    """Return what was left out on purpose, by what a summary counts it as; empty: nothing was."""
    return ", ".join(fill(sentence, {"count": number}) for name, sentence in _SKIPPED.items() if (number := skipped.get(name)))


def _work(record: RunRecord) -> list[Row]:
    if record.kind is not Kind.BACKUP:
        found = [(label, record.figures.get(name), show) for name, label, show in _FIGURES[record.kind]]
        return [Row(translate(label), show(number)) for label, number, show in found if number is not None]
    if record.verdict not in {Verdict.OK, Verdict.ATTENTION} and not record.snapshot:
        return [Row(translate(_SENT), figures.size(record.bytes_sent))] if record.bytes_sent else []
    rows = [
        Row(translate(N_("Files")), _counts(record.files)),
        Row(translate(N_("Folders")), _counts(record.folders)),
        *_skipped(record),
        Row(translate(N_("Size of all files")), figures.size(record.bytes_read)),
        Row(translate(N_("New data")), figures.size(record.bytes_new)),
        Row(translate(_SENT), figures.size(record.bytes_sent)),
    ]
    if saved := max(record.bytes_read - record.bytes_sent, 0):
        share = figures.decimal(100 * saved / record.bytes_read)
        rows.append(Row(translate(N_("Saved")), f"{figures.size(saved)} ({share} %)"))
    if record.snapshot:
        rows.append(Row(translate(N_("Snapshot")), record.snapshot[:SHORT_ID]))
    return rows


def _skipped(record: RunRecord) -> list[Row]:
    words = skipped_in_words(record.skipped)
    return [Row(translate(N_("Skipped")), words)] if words else []


def _kept(record: RunRecord, zone: tzinfo | None) -> list[Row]:
    if record.deletes_forbidden is None:
        return []
    facts = {"moment": figures.local_moment(record.deletes_forbidden, zone)}
    return [Row(translate(N_("Old backups")), fill(N_("{moment}: none removed, since the repository lets nobody delete"), facts))]


def _counts(counts: Counts) -> str:
    sentence = translate(N_("{new} new, {changed} changed, {removed} removed, {unmodified} unchanged"))
    return sentence.format(**{name: figures.count(getattr(counts, name)) for name in counts.__struct_fields__})


def _times(record: RunRecord, zone: tzinfo | None) -> list[Row]:
    rows = [
        Row(translate(N_("Began")), figures.local_moment(record.began, zone)),
        Row(translate(N_("Ended")), figures.local_moment(record.ended, zone)),
        Row(translate(N_("Duration")), figures.duration(record.seconds)),
    ]
    if record.share_reached is not None:
        rows.append(Row(translate(N_("Came to")), f"{figures.decimal(int(record.share_reached * 100), 0)} %"))
    return rows
