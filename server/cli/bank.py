"""Commands about the bank: collect, statement."""

from datetime import UTC, datetime
from pathlib import Path

import click

from server.bootstrap.home import open_rows, read_home
from server.cli.common import Common
from server.gateways.files import FileStore
from server.language import N_, ZONE, say, translate
from server.models.database import disconnect
from server.services import collect as collecting
from server.services import statements


def add_bank_commands(group: click.Group) -> None:
    """Give the program these commands, with help in the language spoken now."""

    @group.command(help=translate(N_("Announce the direct debits that fall due, and make the files for the bank.")))
    @click.option("--dry-run", is_flag=True, help=translate(N_("Only say what would be done.")))
    @click.option(
        "--day", type=click.DateTime(["%Y-%m-%d"]), metavar=translate(N_("DAY")),
        help=translate(N_("Do what is due on this day, such as 2026-11-02. Else today.")),
    )  # fmt: skip
    @click.pass_obj
    def collect(common: Common, dry_run: bool, day: datetime | None) -> None:  # noqa: FBT001 click's own
        _collect(common, day, dry_run=dry_run)

    @group.command(help=translate(N_("Read what the bank has sent: camt.053, camt.054, pain.002, as XML or ZIP.")))
    @click.argument(
        "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar=translate(N_("FILE...")),
    )  # fmt: skip
    @click.pass_obj
    def statement(common: Common, files: tuple[Path, ...]) -> None:
        _statement(common, files)


def _collect(common: Common, chosen: datetime | None, *, dry_run: bool) -> None:
    home = read_home(common.folder, database_url=common.database_url)
    now = datetime.now(UTC)
    day = now.astimezone(ZONE).date() if chosen is None else chosen.date()
    database = open_rows(home)
    try:
        for creditor_id in collecting.creditors():
            done = (
                collecting.plan(creditor_id, day)
                if dry_run
                else collecting.collect(creditor_id, FileStore(home.files), day=day, now=now)
            )
            _tell(done)
    finally:
        disconnect(database)


def _tell(done: collecting.Collected) -> None:
    click.echo(
        say(
            N_("{creditor}: {announced:debit|debits} to announce, {exported:debit|debits} for the bank."),
            creditor=done.creditor_name,
            announced=len(done.announced.debits),
            exported=len(done.exported.debits),
        )
    )
    for template, facts in done.sentences():
        click.echo("  " + say(template, **facts))


def _statement(common: Common, files: tuple[Path, ...]) -> None:
    database = open_rows(read_home(common.folder, database_url=common.database_url))
    try:
        for path in files:
            found = statements.import_file(path.name, path.read_bytes(), now=datetime.now(UTC))
            click.echo(_said(path.name, found))
            for number in found.missing:
                click.echo(say(N_("A statement before number {number} is missing. Ask the bank for it."), number=number))
    finally:
        disconnect(database)


def _said(name: str, found: statements.Imported) -> str:
    if found.is_known:
        return say(N_("{file} was read before; nothing was done."), file=name)
    return say(
        N_("{file}: {decided:booking|bookings} matched, {rejected:debit|debits} rejected, {queued:payment waits|payments wait}."),
        file=name,
        decided=found.decided,
        rejected=found.rejected,
        queued=found.queued,
    )
