"""``gdp drill``."""

import random
import socket
from pathlib import Path
from typing import Any

import click

from gdp.cli.chosen_set import chosen_set, host_of, typed_or_set
from gdp.cli.common import common_options, current
from gdp.cli.picking import Picked, pick
from gdp.cli.records import SHORT_ID
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import ending, home_folder, make_access, opened_with
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, option
from gdp.cli.values import Size
from gdp.core import figures
from gdp.core.language import N_, translate, translate_plural
from gdp.core.sentences import fill
from gdp.engine.drill import DrillOptions, DrillResult, SourceState, drill
from gdp.engine.restore import connect, start_workers
from gdp.model.backup_set import BackupSet, Proof
from gdp.model.snapshot import Snapshot

FAILED = 1
SOURCES_UNLIKE = 3
_HIGHEST_SEED = (1 << 31) - 1
_DONE = N_("restored on trial {files:file|files}, {bytes}, of snapshot {snapshot} in {duration}; drawn with --seed {seed}")
_SOURCES = (
    (SourceState.SAME, N_("{count:file is|files are} as on the disk, too")),
    (SourceState.CHANGED, N_("{count:file was|files were} changed on the disk since")),
    (SourceState.GONE, N_("{count:file is|files are} not on the disk any more, or cannot be read there")),
)


@click.command(
    "drill",
    cls=Command,
    help=N_(
        "Prove that restoring works: restore random files of a snapshot, the latest unless one is named, to a temporary place, "
        "compare them with what was backed up and with their sources, and remove the place."
    ),
)
@snapshot_argument("name", N_("[SNAPSHOT]"), default="latest")
@option("--files", type=click.IntRange(1), metavar=N_("NUMBER"), help=N_("How many files. Default: 20, or what the set says."))
@option(
    "--size",
    type=Size(1),
    metavar=N_("SIZE"),
    help=N_("All of them together have at most this size. Default: 64M, or what the set says."),
)
@option(
    "--seed",
    type=click.IntRange(0, _HIGHEST_SEED),
    metavar=N_("NUMBER"),
    help=N_("Draw the same files as a drill that named this number."),
)
@option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    metavar=N_("FOLDER"),
    help=N_("Where the temporary place is made. Default: below the home folder."),
)
@snapshot_filter()
@common_options()
def command(**given: Any) -> int:
    """Drill."""
    with reporting() as screen:
        access = make_access(screen)
        # First the workers, then everything else: a fork takes no connection, thread or key along.
        with (
            ending(start_workers(access.make_storage)) as workers,
            opened_with(
                access, screen, looks_into=True, when_reached=lambda: connect(workers, access.make_storage.secrets)
            ) as session,
        ):
            picked = pick(session.snapshots(), given["name"], make_filter(given["hosts"], given["tags"], given["paths"]))
            options = _options(given, picked.snapshot)
            result = drill(
                session.repository,
                picked.snapshot,
                options,
                workers,
                secrets=access.make_storage.secrets,
                emit=screen.emit,
                may_go_on=access.lease.go_on,
            )
        _show(screen, result, picked, options.seed)
        if result.mismatches:
            return FAILED
        return SOURCES_UNLIKE if result.sources(SourceState.UNLIKE) else 0


def _options(given: dict[str, Any], snapshot: Snapshot) -> DrillOptions:
    default = Proof()
    chosen = chosen_set()
    seed = given["seed"]
    return DrillOptions(
        folder=given["folder"] or home_folder(current()) / "drill",
        most_files=typed_or_set(given["files"], "files", lambda one: one.proof.drill_files) or default.drill_files,
        most_bytes=typed_or_set(given["size"], "size", lambda one: one.proof.drill_size) or default.drill_size,
        seed=random.SystemRandom().randrange(_HIGHEST_SEED) if seed is None else seed,
        has_sources_here=snapshot.hostname in _names_of_this_computer(chosen),
    )


def _names_of_this_computer(chosen: BackupSet | None) -> set[str]:
    return {socket.gethostname(), *([host_of(chosen)] if chosen else [])}


def _show(screen: Screen, result: DrillResult, picked: Picked, seed: int) -> None:
    for proof in result.files:
        path = proof.path.decode("utf-8", "surrogateescape")
        screen.record("file", {"path": path, "size": proof.size, "is_right": proof.is_right, "source": proof.source})
        if screen.verbose:
            screen.say(f"  {path}, {figures.size(proof.size)}")
    facts = {
        "files": result.files_restored,
        "bytes": figures.size(result.bytes_restored),
        "snapshot": picked.id[:SHORT_ID],
        "duration": figures.duration(screen.elapsed_seconds),
        "seed": seed,
    }
    screen.say(fill(_DONE, facts))
    if not result.files:
        screen.say(translate(N_("there is no file with something in it, so there was nothing to restore")))
    for state, sentence in _SOURCES:
        if count := result.sources(state):
            screen.say(fill(sentence, {"count": count}))
    if result.mismatches:
        told = translate_plural(
            "one file or folder was not restored as it was backed up",
            "{count} files or folders were not restored as they were backed up",
            result.mismatches,
        )
        screen.result(told.format(count=figures.count(result.mismatches)))
    elif result.files:
        screen.say(translate(N_("all of them are what was backed up")))
    screen.record("summary", _fields(screen, result, picked, seed))


def _fields(screen: Screen, result: DrillResult, picked: Picked, seed: int) -> dict[str, object]:
    return {
        "snapshot_id": picked.id,
        "seed": seed,
        "seconds_elapsed": round(screen.elapsed_seconds, 3),
        "files_chosen": len(result.files),
        "files_restored": result.files_restored,
        "bytes_restored": result.bytes_restored,
        "files_verified": result.files_verified,
        "mismatches": result.mismatches,
        "sources_compared": result.sources(SourceState.SAME, SourceState.UNLIKE),
        "sources_unlike": result.sources(SourceState.UNLIKE),
        "sources_changed": result.sources(SourceState.CHANGED),
        "sources_gone": result.sources(SourceState.GONE),
    }
