"""The command ``gdp-server``: built anew for each call, so that its help is in the language of the call."""

import gettext
import os
from collections.abc import Sequence
from pathlib import Path

import click

from server.cli.bank import add_bank_commands
from server.cli.books import add_book_commands
from server.cli.common import Common
from server.cli.data import add_data_commands
from server.cli.failure import report
from server.cli.invoices import add_invoice_commands
from server.cli.service import add_service_commands
from server.language import LANGUAGE_VARIABLE, LANGUAGES, LOCALE_DIRECTORY, N_, choose_language, translate


def run(arguments: Sequence[str]) -> int:
    """Run the command line, and return its exit code."""
    _choose_language(arguments)
    try:
        code = program().main(args=list(arguments), prog_name="gdp-server", standalone_mode=False)
    except BaseException as problem:  # noqa: BLE001 told on standard error; what is not ours is raised again
        return report(problem)
    return code if isinstance(code, int) else 0


def program() -> click.Group:
    """Return the command with all its sub-commands."""

    @click.group(
        name="gdp-server",
        help=translate(N_("GDPAC, the customer administration of GlobalDataProtect: resellers, customers, packages and prices.")),
        context_settings={"help_option_names": ["-h", "--help"]},
        subcommand_metavar=translate(N_("COMMAND [ARGS]...")),
        options_metavar=translate(N_("[OPTIONS]")),
    )
    @click.option(
        "--data", "folder", type=click.Path(file_okay=False, path_type=Path), envvar="GDP_DATA", required=True,
        metavar=translate(N_("FOLDER")), help=translate(N_("The data folder: settings, database, files. Else GDP_DATA.")),
    )  # fmt: skip
    @click.option(
        "--database", "database_url", default="", metavar="postgresql://...",
        help=translate(N_("PostgreSQL instead of a file in the data folder. Else GDP_DATABASE, else settings.toml.")),
    )  # fmt: skip
    @click.option(
        "--language", type=click.Choice(LANGUAGES), expose_value=False,
        help=translate(N_("The language of messages. Else GDP_LANGUAGE, else the system's.")),
    )  # fmt: skip
    @click.version_option(
        package_name="globaldataprotect", message="gdp-server %(version)s", help=translate(N_("Show the version and exit."))
    )
    @click.pass_context
    def group(context: click.Context, folder: Path, database_url: str) -> None:
        context.obj = Common(folder, database_url)

    add_data_commands(group)
    add_service_commands(group)
    add_book_commands(group)
    add_invoice_commands(group)
    add_bank_commands(group)
    for command in group.commands.values():
        command.options_metavar = group.options_metavar
        command.short_help = command.help  # whole, instead of cut where the line ends
    return group


def _choose_language(arguments: Sequence[str]) -> None:
    """Let this process speak the language of the call, click's own sentences too."""
    for position, word in enumerate(arguments):
        chosen = word.partition("=")[2] if "=" in word else "".join(arguments[position + 1 : position + 2])
        if word.partition("=")[0] == "--language" and chosen in LANGUAGES:
            os.environ[LANGUAGE_VARIABLE] = chosen
    os.environ["LANGUAGE"] = choose_language(os.environ)
    gettext.bindtextdomain("server", str(LOCALE_DIRECTORY))
    gettext.textdomain("server")
