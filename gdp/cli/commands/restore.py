"""``gdp restore``."""

import os
from pathlib import Path
from typing import Any

import click

from gdp.cli.asked_restore import let_daemon_restore
from gdp.cli.common import common_options, current
from gdp.cli.pattern_options import pattern_options, take_patterns
from gdp.cli.picking import pick
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import ending, make_access, opened_with
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, argument, flag, option
from gdp.core import figures
from gdp.core.language import N_, translate_plural
from gdp.core.sentences import fill
from gdp.engine.restore import Overwrite, RestoreOptions, RestoreResult, connect, restore, start_workers


@click.command("restore", cls=Command, help=N_("Restore a snapshot, or the paths in it that are named, into a folder."))
@snapshot_argument("name", N_("SNAPSHOT"))
@argument("wanted", N_("[PATH]..."), nargs=-1)
@option(
    "--target",
    "-t",
    required=True,
    metavar=N_("FOLDER"),
    type=click.Path(path_type=Path, file_okay=False),
    help=N_("Where to restore to; made when it is missing."),
)
@pattern_options()
@option(
    "--overwrite",
    type=click.Choice([str(choice) for choice in Overwrite]),
    default=str(Overwrite.ALWAYS),
    help=N_("What happens to files that are there: always made equal (default), if-changed, if-newer, or never touched."),
)
@flag("--delete", help=N_("Remove from restored folders what is not in the snapshot."))
@flag("--sparse", help=N_("Leave holes where a file has runs of zeros."))
@flag("--verify", help=N_("Read every restored file again and compare it with the snapshot."))
@flag("--dry-run", "-n", help=N_("Write nothing; only say what would be done."))
@flag("--by-daemon", help=N_("Let the daemon do it at once, so that it goes on when the terminal is closed; with --backup-set."))
@snapshot_filter()
@common_options()
def command(**given: Any) -> int:
    """Restore."""
    if given["by_daemon"]:
        return let_daemon_restore(given)
    with reporting() as screen:
        options = _options(given, screen)
        access = make_access(screen)
        # First the workers, then everything else: a fork takes no connection, thread or key along.
        with (
            ending(start_workers(access.make_storage)) as workers,
            opened_with(
                access,
                screen,
                looks_into=True,
                when_reached=lambda: connect(workers, access.make_storage.secrets),
                begins_early=True,  # into a folder of this computer; the repository is only read
            ) as session,
        ):
            wanted = make_filter(given["hosts"], given["tags"], given["paths"])
            picked = pick(session.snapshots(), given["name"], wanted)
            result = restore(
                session.repository,
                picked.snapshot,
                options,
                workers,
                folder=picked.folder,
                secrets=access.make_storage.secrets,
                emit=screen.emit,
                may_go_on=access.lease.go_on,
            )
        _show(screen, result, options, picked.id)
        return 1 if result.problems else 0


def _options(given: dict[str, Any], screen: Screen) -> RestoreOptions:
    patterns = take_patterns(given)
    patterns.warn(screen.emit)
    return RestoreOptions(
        target=given["target"],
        selects=patterns.selects(),
        paths=[os.fsencode(path) for path in given["wanted"]],
        overwrite=Overwrite(given["overwrite"]),
        report_items=(current().verbose or 0) > 0,
        **{name: given[name] for name in ("delete", "sparse", "verify", "dry_run")},
    )


def _show(screen: Screen, result: RestoreResult, options: RestoreOptions, snapshot: str) -> None:
    template = N_("would restore {files:file|files} and {folders:folder|folders}, {bytes}, to {target}")
    if not options.dry_run:
        template = N_("restored {files:file|files} and {folders:folder|folders}, {bytes}, to {target} in {duration}")
    facts = {
        "files": result.files_restored + result.links_restored + result.others_restored,
        "folders": result.folders_restored,
        "bytes": figures.size(result.bytes_restored),
        "target": options.target,
        "duration": figures.duration(screen.elapsed_seconds),
    }
    screen.say(fill(template, facts))
    for number, sentence in (
        (result.files_unchanged, N_("{count:file was|files were} right already")),
        (result.files_skipped, N_("{count:file was|files were} there and left alone")),
        (result.entries_deleted, N_("{count:entry|entries} deleted")),
        (result.files_verified, N_("{count:file|files} read again: as in the snapshot")),
    ):
        if number:
            screen.say(fill(sentence, {"count": number}))
    if result.problems:
        sentence = translate_plural(
            "one problem; the rest is restored", "{count} problems; the rest is restored", result.problems
        )
        screen.result(sentence.format(count=figures.count(result.problems)))
    screen.record("summary", {"snapshot_id": snapshot, **_fields(screen, result, options)})


def _fields(screen: Screen, result: RestoreResult, options: RestoreOptions) -> dict[str, object]:
    restored = result.files_restored + result.links_restored + result.others_restored + result.folders_restored
    skipped = result.files_skipped + result.files_unchanged
    skipped_bytes = result.bytes_skipped + result.bytes_unchanged
    return {
        "seconds_elapsed": round(screen.elapsed_seconds, 3),
        "total_files": restored + skipped,
        "files_restored": restored,
        "files_skipped": skipped,
        "files_unchanged": result.files_unchanged,
        "files_deleted": result.entries_deleted,
        "files_verified": result.files_verified,
        "total_bytes": result.bytes_restored + skipped_bytes,
        "bytes_restored": result.bytes_restored,
        "bytes_skipped": skipped_bytes,
        "problems": result.problems,
        "target": str(options.target),
        "dry_run": options.dry_run,
    }
