"""Commands about the data folder and the database: init, link, migrate, backup, restore."""

from datetime import UTC, datetime
from pathlib import Path

import click

from server.bootstrap.backup import write_backup
from server.bootstrap.home import make_home, open_rows, read_home
from server.bootstrap.restore import read_backup
from server.cli.common import Common
from server.language import N_, current_language, say, translate
from server.models.database import disconnect, open_database
from server.models.migrations import applied_steps, check_shape, pending_steps
from server.models.migrations import migrate as apply_steps
from server.services import setup
from server.services.links import invitation_link


def add_data_commands(group: click.Group) -> None:
    """Give the program these commands, with help in the language spoken now."""
    file = click.Path(dir_okay=False, path_type=Path)
    _add_init(group)
    _add_link(group)

    @group.command(help=translate(N_("Bring the database into the shape of this version. Make a backup before.")))
    @click.pass_obj
    def migrate(common: Common) -> None:
        _migrate(common)

    @group.command(help=translate(N_("Write a backup of all rows and files, while the server goes on working.")))
    @click.argument("archive", type=file, metavar=translate(N_("FILE")))
    @click.pass_obj
    def backup(common: Common, archive: Path) -> None:
        _backup(common, archive)

    @group.command(help=translate(N_("Put a backup into a data folder that is new, and into an empty database.")))
    @click.argument("archive", type=file, metavar=translate(N_("FILE")))
    @click.pass_obj
    def restore(common: Common, archive: Path) -> None:
        _restore(common, archive)


def _add_init(group: click.Group) -> None:
    @group.command(
        help=translate(
            N_("Set up the data folder and the operator; prints the one-time link of its first user. No password is asked for.")
        )
    )
    @click.option(
        "--operator", required=True, metavar=translate(N_("NAME")), help=translate(N_("How the operator's company is called."))
    )
    @click.option(
        "--email", required=True, metavar=translate(N_("ADDRESS")), help=translate(N_("Its first user's e-mail address."))
    )
    @click.pass_obj
    def init(common: Common, operator: str, email: str) -> None:
        _init(common, operator, email)


def _add_link(group: click.Group) -> None:
    @group.command(
        help=translate(
            N_("Print a one-time link to a new password, for somebody without another way in. The list of changes notes it.")
        )
    )
    @click.argument("email", metavar=translate(N_("ADDRESS")))
    @click.option("--without-second-factor", is_flag=True, help=translate(N_("Switch the second factor off, too.")))
    @click.pass_obj
    def link(common: Common, email: str, without_second_factor: bool) -> None:  # noqa: FBT001 click's own
        _link(common, email, without_second_factor=without_second_factor)


def _link(common: Common, email: str, *, without_second_factor: bool) -> None:
    database = open_rows(read_home(common.folder, database_url=common.database_url))
    try:
        token = setup.rescue(email, without_second_factor=without_second_factor, now=datetime.now(UTC))
    finally:
        disconnect(database)
    click.echo(say(N_("The link works once, for two hours:")))
    click.echo(invitation_link(token))


def _init(common: Common, operator: str, email: str) -> None:
    home = make_home(common.folder, database_url=common.database_url)
    database = open_database(home.database_url, create=True)
    try:
        if not applied_steps(database):
            apply_steps(database)
        check_shape(database)
        token = setup.create_operator(name=operator, email=email, language=current_language(), now=datetime.now(UTC))
    finally:
        disconnect(database)
    click.echo(say(N_("{path} is set up. Start the server: gdp-server --data {path} run"), path=home.folder))
    click.echo(say(N_("Then open this page and choose a password. The link works once, for seven days:")))
    click.echo(invitation_link(token))


def _migrate(common: Common) -> None:
    database = open_database(read_home(common.folder, database_url=common.database_url).database_url)
    try:
        done = apply_steps(database)
        check_shape(database)
    finally:
        disconnect(database)
    for step in done:
        click.echo(f"{step.number:04} {step.name}")
    click.echo(say(N_("{count:step was|steps were} applied. The database has the shape of this version."), count=len(done)))


def _backup(common: Common, archive: Path) -> None:
    home = read_home(common.folder, database_url=common.database_url)
    database = open_database(home.database_url)  # of whatever shape: one makes a backup before it is changed
    try:
        if not applied_steps(database):
            check_shape(database)
        facts = write_backup(home, database, archive, now=datetime.now(UTC))
    finally:
        disconnect(database)
    click.echo(
        say(N_("{path}: {files:file|files}, {size:byte|bytes}."), path=archive, files=facts.files, size=facts.stored_bytes)
    )
    click.echo(translate(N_("It holds passwords and secrets. Keep it where nobody else can read it.")))


def _restore(common: Common, archive: Path) -> None:
    facts = read_backup(archive, common.folder, database_url=common.database_url)
    made = datetime.fromisoformat(facts.made_at)
    click.echo(
        say(N_("{path} is as it was on {moment}: {files:file|files}."), path=common.folder, moment=made, files=facts.files)
    )
    database = open_database(read_home(common.folder, database_url=common.database_url).database_url)
    if pending_steps(database):
        click.echo(translate(N_("It is of an older version. Say: gdp-server --data DIR migrate")))
    disconnect(database)
