"""Commands for a party's books: what its tax adviser and the tax office get."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from server.bootstrap.home import open_rows, read_home
from server.cli.common import Common
from server.domain.errors import SetupError
from server.domain.month import Month
from server.domain.summary_declaration import Span
from server.language import N_, say, translate
from server.models.database import disconnect
from server.services import books, summary_declaration
from server.services.books import File

LARGEST_ID = 2**31 - 1  # what a database's integer holds


def add_book_commands(group: click.Group) -> None:
    """Give the program these commands, with help in the language spoken now."""
    party = click.option(
        "--party", type=click.IntRange(1, LARGEST_ID), required=True, metavar=translate(N_("NUMBER")),
        help=translate(N_("Whose: the number in the address of its page.")),
    )  # fmt: skip
    output = click.option(
        "--output", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar=translate(N_("FILE")),
        help=translate(N_("Where to write it. A file that is there is not overwritten.")),
    )  # fmt: skip

    @group.command(help=translate(N_("Write the books of a party's month for DATEV, once they agree with the ledger.")))
    @party
    @click.option("--month", required=True, metavar="2026-11")
    @output
    @click.pass_obj
    def datev(common: Common, party: int, month: str, output: Path) -> None:
        with rows(common):
            _write(output, books.export_of(party, Month.parse(month), now=datetime.now(UTC)))

    @group.command(help=translate(N_("Write the summary declaration of a party: sales within the EU whose buyer owes the tax.")))
    @party
    @click.option("--period", required=True, metavar="2026-11 | 2026-Q4")
    @output
    @click.pass_obj
    def declaration(common: Common, party: int, period: str, output: Path) -> None:
        with rows(common):
            made = summary_declaration.declaration_of(party, Span.parse(period))
            _write(output, summary_declaration.file_of(made))


@contextmanager
def rows(common: Common) -> Iterator[None]:
    """Let the block read and write the rows."""
    database = open_rows(read_home(common.folder, database_url=common.database_url))
    try:
        yield
    finally:
        disconnect(database)


def _write(path: Path, file: File) -> None:
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            output.write(file.content)
    except OSError as error:
        raise SetupError(N_("{path} cannot be written: {reason}"), path=path, reason=error.strerror or error) from error
    click.echo(say(N_("{path}: {size:byte|bytes}."), path=path, size=len(file.content)))
