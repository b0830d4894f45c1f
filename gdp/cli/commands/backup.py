"""``gdp backup``."""

import os
import socket
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from gdp import __version__
from gdp.cli.backup_report import show_backup
from gdp.cli.chosen_set import chosen_set, fill_from, means_set, use_set
from gdp.cli.common import common_options, current
from gdp.cli.lifeline import belongs_to_daemon
from gdp.cli.pattern_options import take_patterns
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import ask_password, make_access
from gdp.cli.source_options import source_options, take_markers, take_sources
from gdp.cli.translated import Command, Option, argument, flag, option
from gdp.cli.values import Size, TagList, parse_moment
from gdp.core.compress import Compression
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.packformat import DEFAULT_PACK_BYTES, MAX_PACK_BYTES, MIN_PACK_BYTES
from gdp.core.sentences import sentence_of
from gdp.engine.archive.backup import run_backup
from gdp.engine.archive.entry import BackupAccess
from gdp.engine.archive.options import BackupOptions, StandardInput
from gdp.engine.archive.parent import ForeignChunkingError
from gdp.model.backup_set import BackupSet
from gdp.model.events import Event, Note
from gdp.repo.ahead import TO_LOOK_INTO
from gdp.report.changes import ChangeRecorder

UNREADABLE_SOURCES = 3


@click.command(
    "backup",
    cls=Command,
    help=N_("Back up files and folders, or what the backup set of that name says: make a snapshot of them."),
)
@argument("paths", N_("[PATH]..."), nargs=-1, type=click.Path())
@source_options()
@flag("--stdin", help=N_("Back up what comes from standard input, as one file."))
@option("--stdin-filename", metavar=N_("NAME"), default="stdin", help=N_("The name of that file. Default: stdin."))
@option("--tag", "tags", multiple=True, type=TagList(), metavar=N_("TAG,..."), help=N_("Tags for the snapshot. Repeatable."))
@option("--host", metavar=N_("HOST"), help=N_("The computer's name in the snapshot."))
@option("--time", metavar=N_("TIME"), help=N_("The snapshot's time, such as '2026-11-24 03:10:00'. Default: now."))
@option("--parent", metavar=N_("SNAPSHOT"), help=N_("Compare with this snapshot. Default: the latest of the same."))
@flag("--force", "-f", help=N_("Read every file, even where it looks unchanged."))
@flag("--ignore-inode", help=N_("A file with another inode number may be unchanged."))
@flag("--ignore-ctime", help=N_("A file whose metadata were changed may have unchanged contents."))
@option(
    "--compression",
    type=click.Choice(["off", "auto", "max"]),
    default="auto",
    help=N_("How hard to compress: off, auto (default) or max, which is slow."),
)
@option(
    "--transfer-block-size",
    type=Size(MIN_PACK_BYTES, MAX_PACK_BYTES),
    default=DEFAULT_PACK_BYTES,
    metavar=N_("SIZE"),
    help=N_("Size of the files in which data travels and is stored, 1M to 128M. Default 16M."),
)
@flag("--accept-foreign-chunking", help=N_("Back up into a repository that restic made, although large files are cut elsewhere."))
@flag("--dry-run", "-n", help=N_("Store nothing; only say what would be done."))
@option("--block-size", cls=Option, hidden=True, help="")
@common_options()
def command(**given: Any) -> int:
    """Back up."""
    with reporting() as screen:
        chosen = _chosen(given, screen)
        options = _options(given, screen, warns=chosen is None)
        if chosen is not None and belongs_to_daemon():
            options = replace(options, seconds_allowed=_seconds_allowed(chosen))
        access = make_access(screen)
        password = ask_password()
        changes = ChangeRecorder() if screen.json and options.report_items else None
        result = run_backup(
            options,
            BackupAccess(
                open_storage=access.make_storage,
                secrets=lambda: access.make_storage.secrets,
                open_repository=lambda: access.open(password, lists_ahead=TO_LOOK_INTO),
                locked=lambda repository, meanwhile: access.locked(repository, exclusive=False, writes=True, meanwhile=meanwhile),
                lease=access.lease,
                agrees=lambda question: options.standard_input is None and _agrees(screen, question),
            ),
            screen.emit if changes is None else lambda event: _listen(screen, changes, event),
        )
        for action, gathered in changes.finish() if changes is not None else ():
            screen.record("changes", {"action": action, **msgspec.to_builtins(gathered)})
        show_backup(screen, result, is_dry_run=options.dry_run)
        return UNREADABLE_SOURCES if result.problems else 0


def _seconds_allowed(chosen: BackupSet) -> float | None:
    """Return how long the daemon lets a run of the set go on that begins now."""
    from gdp.settings.zone import local_zone  # start-up time

    now = datetime.now(UTC)
    ends = [end for end in chosen.schedule.ends_of(now, local_zone()) if end is not None]
    return (min(ends) - now).total_seconds() if ends else None


def _listen(screen: Screen, changes: ChangeRecorder, event: Event) -> None:
    changes.listen(event)
    screen.emit(event)


def _chosen(given: dict[str, Any], screen: Screen) -> BackupSet | None:
    """Return the set that is backed up, with what it says put between the options. Raises BadInput when it must not run yet."""
    if means_set(given["paths"], screen.emit):
        use_set(given["paths"][0])
        given["paths"] = ()
    chosen = chosen_set()
    if chosen is None:
        return None
    if not chosen.is_active:
        raise BadInput(
            N_("the backup set {name!r} may not run yet: it is not settled who can help when the password is lost"),
            N_(
                "'gdp recovery sheet -S {name}' makes a recovery sheet, 'gdp recovery escrow -S {name}' seals a password for "
                "somebody else, 'gdp recovery decline -S {name}' settles that nobody can."
            ),
            name=chosen.name,
        )
    if (chosen.commands.before or chosen.commands.after) and not belongs_to_daemon():
        screen.emit(Note(N_("'gdp backup' does not run the commands of the set")))
    fill_from(chosen, given)
    return chosen


def _agrees(screen: Screen, question: ForeignChunkingError) -> bool:
    """Ask where somebody can answer. Raises BadInput when the answer is no."""
    agreed = screen.agree(sentence_of(question), translate(N_("Back up into it all the same? [y/N] ")))
    if agreed is False:
        raise BadInput(N_("nothing was backed up, since you did not agree"))
    return agreed is True


def _options(given: dict[str, Any], screen: Screen, *, warns: bool) -> BackupOptions:
    if given.pop("block_size") is not None:
        raise BadInput(
            N_("the block size is fixed when a repository is made and cannot be changed afterwards"),
            N_("Leave --block-size out; it belongs to 'gdp init'. --transfer-block-size may change with every run."),
        )
    patterns = take_patterns(given)
    if warns:
        patterns.warn(screen.emit)
    time = given.pop("time")
    return BackupOptions(
        standard_input=_standard_input(given),
        sources=take_sources(given),
        excludes=patterns.judge(),
        exclude_patterns=[pattern.text for pattern in patterns.excludes],
        marker_files=take_markers(given),
        tags=[tag for tags in given.pop("tags") for tag in tags],
        hostname=given.pop("host") or socket.gethostname(),
        time_ns=parse_moment(time) if time else None,
        pack_bytes=given.pop("transfer_block_size"),
        compression=Compression(given.pop("compression")),
        report_items=(current().verbose or 0) > 0,
        program_version=f"gdp {__version__}",
        **given,
    )


def _standard_input(given: dict[str, Any]) -> StandardInput | None:
    name = os.fsencode(given.pop("stdin_filename"))
    return StandardInput(sys.stdin.fileno(), name) if given.pop("stdin") else None
