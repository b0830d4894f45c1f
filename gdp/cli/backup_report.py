"""What a backup did, for people and as restic's summary record."""

from dataclasses import asdict

from gdp.cli.records import SHORT_ID
from gdp.cli.screen import Screen
from gdp.core import figures
from gdp.core.language import N_, translate, translate_plural
from gdp.core.sentences import fill
from gdp.engine.archive.finish import BackupResult
from gdp.report.rows import skipped_in_words


def show_backup(screen: Screen, result: BackupResult, *, is_dry_run: bool) -> None:
    """Show the result."""
    summary = result.summary
    for name, counts, removed in (
        (N_("Files:    {new} new, {changed} changed, {removed} removed, {unmodified} unchanged"), "files", result.removed_files),
        (
            N_("Folders:  {new} new, {changed} changed, {removed} removed, {unmodified} unchanged"),
            "dirs",
            result.removed_directories,
        ),
    ):
        parts = {kind: figures.count(getattr(summary, f"{counts}_{kind}")) for kind in ("new", "changed", "unmodified")}
        screen.say(translate(name).format(**parts, removed=figures.count(removed)))
    sentence = translate(N_("Stored:   {added} new, {packed} of it after compression"))
    screen.say(sentence.format(added=figures.size(summary.data_added), packed=figures.size(summary.data_added_packed)))
    facts = {
        "files": summary.total_files_processed,
        "bytes": figures.size(summary.total_bytes_processed),
        "duration": figures.duration(result.duration_seconds),
    }
    screen.say(fill(N_("Read:     {files:file|files}, {bytes} in {duration}"), facts))
    if left_out := skipped_in_words(asdict(result.skipped)):
        screen.say(fill(N_("Left out: {what}"), {"what": left_out}))
    screen.say(_verdict(result))
    if result.damages:
        sentence = translate_plural(
            "One thing in the repository was found damaged: see above, and run 'gdp check'.",
            "{count} things in the repository were found damaged: see above, and run 'gdp check'.",
            result.damages,
        )
        screen.say(sentence.format(count=figures.count(result.damages)))
    screen.record("summary", _record(result, is_dry_run=is_dry_run))


def _verdict(result: BackupResult) -> str:
    if result.snapshot_id is None:
        return translate(N_("This was a trial: nothing was stored."))
    if result.problems:
        sentence = translate_plural(
            "Snapshot {id} is saved; one source could not be read, or changed meanwhile: see above.",
            "Snapshot {id} is saved; {count} sources could not be read, or changed meanwhile: see above.",
            result.problems,
        )
        return sentence.format(id=result.snapshot_id[:SHORT_ID], count=figures.count(result.problems))
    return translate(N_("Snapshot {id} is saved.")).format(id=result.snapshot_id[:SHORT_ID])


def _record(result: BackupResult, *, is_dry_run: bool) -> dict[str, object]:
    summary = result.summary
    fields: dict[str, object] = {
        name: getattr(summary, name) for name in summary.__struct_fields__ if name not in {"backup_start", "backup_end"}
    }
    fields |= {
        "total_duration": result.duration_seconds,
        "backup_start": summary.backup_start,
        "backup_end": summary.backup_end,
        "files_removed": result.removed_files,
        "dirs_removed": result.removed_directories,
        "skipped": asdict(result.skipped),
        "problems": result.problems,
        "repository_problems": result.damages,
    }
    if is_dry_run:
        fields["dry_run"] = True
    if result.snapshot_id is not None:
        fields["snapshot_id"] = result.snapshot_id
    return fields
