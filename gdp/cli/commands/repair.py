"""``gdp repair index|packs|snapshots``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from gdp.cli.common import common_options
from gdp.cli.lookup import full_name
from gdp.cli.picking import load_index, pick_many
from gdp.cli.records import SHORT_ID
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, Group, Lazy, argument, flag, option
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.repair import RepairedSnapshot, repair_index, repair_packs, repair_snapshots
from gdp.model.files import FileKind

_LAZY = {
    "index": Lazy("repair", N_("Make the index agree with the packs that are there."), "index_command"),
    "packs": Lazy("repair", N_("Save what can be read of damaged packs."), "packs_command"),
    "snapshots": Lazy("repair", N_("Take out of snapshots what is lost."), "snapshots_command"),
}


@click.group("repair", cls=Group, lazy=_LAZY, help=N_("Repair a damaged repository, in this order."), no_args_is_help=False)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command("index", cls=Command, help=N_("Make the index agree with the packs that are there."))
@flag("--read-all-packs", help=N_("Believe no index file; read every pack's table of contents."))
@common_options()
def index_command(*, read_all_packs: bool) -> None:
    """Repair the index."""
    with opened(exclusive=True, writes=True) as session:
        done = repair_index(session.repository, session.screen.emit, read_all_packs=read_all_packs)
        sentence = N_("packs added to the index: {added}, taken out: {dropped}")
        facts = {"added": figures.count(len(done.packs_added)), "dropped": figures.count(len(done.packs_dropped))}
        session.screen.say(translate(sentence if done.changed else N_("The index was right already.")).format(**facts))
        fields = {"packs_added": done.packs_added, "packs_dropped": done.packs_dropped, "changed": done.changed}
        session.screen.record("summary", fields)


@click.command("packs", cls=Command, help=N_("Save what can be read of damaged packs, and remove these."))
@argument("names", N_("ID..."), nargs=-1, required=True)
@option(
    "--copies",
    default=".",
    metavar=N_("FOLDER"),
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help=N_("Where the damaged packs are kept as they were. Default: here."),
)
@common_options()
def packs_command(*, names: Sequence[str], copies: Path) -> int:
    """Repair packs."""
    with opened(exclusive=True, writes=True) as session:
        packs = [full_name(session.repository.storage, FileKind.DATA, name) for name in names]
        load_index(session)
        done = repair_packs(session.repository, packs, copies, session.screen.emit)
        sentence = N_("removed {packs:damaged pack|damaged packs}; {saved:block|blocks} saved, {lost:block|blocks} lost")
        facts = {"packs": len(done.packs_removed), "saved": done.blobs_saved, "lost": len(done.blobs_lost)}
        session.screen.say(fill(sentence, facts))
        session.screen.say(translate(N_("Now run 'gdp repair snapshots --forget', then 'gdp check'.")))
        fields = {"packs_removed": done.packs_removed, "blobs_saved": done.blobs_saved, "blobs_lost": done.blobs_lost}
        session.screen.record("summary", {**fields, "copies": [str(copy) for copy in done.copies]})
        return 1 if done.blobs_lost else 0


@click.command("snapshots", cls=Command, help=N_("Store new snapshots without what is lost, in the place of damaged ones."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@flag("--forget", help=N_("Remove the damaged snapshots afterwards."))
@flag("--dry-run", "-n", help=N_("Change nothing; only say what would be done."))
@snapshot_filter()
@common_options()
def snapshots_command(*, names: Sequence[str], forget: bool, dry_run: bool, **given: Any) -> None:
    """Repair snapshots."""
    with opened(exclusive=True, writes=True) as session:
        found = pick_many(session, names, make_filter(given["hosts"], given["tags"], given["paths"]))
        load_index(session)
        repaired = repair_snapshots(session.repository, found, session.screen.emit, forget=forget, dry_run=dry_run)
        for one in repaired:
            session.screen.say(_sentence(one))
            session.screen.record("repaired", {"old_snapshot_id": one.old, "new_snapshot_id": one.new, "lost": one.is_lost})
        if not repaired:
            session.screen.say(translate(N_("No snapshot lacks anything.")))
        session.screen.record("summary", {"repaired_snapshots": len(repaired), "dry_run": dry_run})


def _sentence(one: RepairedSnapshot) -> str:
    sentence = N_("snapshot {old} would be repaired")
    if one.is_lost:
        sentence = N_("snapshot {old} cannot be saved: its root folder is lost")
    elif one.new:
        sentence = N_("snapshot {old} is repaired as {new}")
    return translate(sentence).format(old=one.old[:SHORT_ID], new=(one.new or "")[:SHORT_ID])
