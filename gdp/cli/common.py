"""The options that every command takes, before or after its name. What stands nearer to the end wins."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from gdp.cli.set_name import SetName
from gdp.cli.translated import CommonOption, option
from gdp.cli.values import Duration, Size
from gdp.core.language import LANGUAGES, N_

MOST_CONNECTIONS = 64


class Common:
    """What was given; None where nothing was."""

    repo: str | None = None
    password_file: str | None = None
    password_command: str | None = None
    json: bool | None = None
    quiet: bool | None = None
    verbose: int | None = None
    home: Path | None = None
    retry_lock: float | None = None
    no_lock: bool | None = None
    no_cache: bool | None = None
    connections: int | None = None
    login_key_file: str | None = None
    login_password_file: str | None = None
    limit_upload: int | None = None
    limit_download: int | None = None
    backup_set: str | None = None

    def __init__(self) -> None:
        self.typed: set[str] = set()
        """what came from the command line and not from a variable"""


def current() -> Common:
    """Return the common options of the running command."""
    return click.get_current_context().ensure_object(Common)


def common_options(*, reads_environment: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the common options.

    Args:
        reads_environment: for the outermost command only. A variable read again by an inner command would win over
            an option given before its name.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        for names, variable, settings in reversed(_OPTIONS):
            settings = {"expose_value": False, "callback": _remember, "default": None, **settings}
            if variable and reads_environment:
                settings["envvar"] = variable
            function = option(*names, cls=CommonOption, **settings)(function)
        return function

    return declare


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    if value is not None and parameter.name and value is not False:
        common = context.ensure_object(Common)
        setattr(common, parameter.name, value)
        if context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            common.typed.add(parameter.name)


def _use_language(_context: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value:
        os.environ["GDP_LANGUAGE"] = value
        os.environ["LANGUAGE"] = value


def _count(_context: click.Context, _parameter: click.Parameter, value: int) -> None:
    if value:
        _remember(_context, _parameter, value)


_RATE = Size(1024, needs_unit=True)
_OPTIONS: tuple[tuple[tuple[str, ...], str, dict[str, Any]], ...] = (
    (
        ("-r", "--repo"),
        "GDP_REPO",
        {
            "metavar": N_("TARGET"),
            "help": N_("The repository: a folder, or sftp://user@host/folder. Else GDP_REPO."),
        },
    ),
    (
        ("-p", "--password-file"),
        "GDP_PASSWORD_FILE",
        {"metavar": N_("FILE"), "help": N_("A file that holds the password. Else GDP_PASSWORD_FILE, else you are asked.")},
    ),
    (
        ("--password-command",),
        "GDP_PASSWORD_COMMAND",
        {"metavar": N_("PROGRAM"), "help": N_("A program that prints the password. Else GDP_PASSWORD_COMMAND.")},
    ),
    (
        ("-S", "--backup-set"),
        "GDP_BACKUP_SET",
        {
            "metavar": N_("NAME"),
            "type": SetName(),
            "help": N_("Take repository, password and all else from this backup set. Else GDP_BACKUP_SET."),
        },
    ),
    (("--json",), "", {"is_flag": True, "help": N_("Write one JSON object a line.")}),
    (("-q", "--quiet"), "", {"is_flag": True, "help": N_("No progress and no messages, only results and errors.")}),
    (
        ("-v", "--verbose"),
        "",
        {
            "count": True,
            "default": 0,
            "callback": _count,
            "help": N_("Name the files that are new, changed, restored or deleted; twice: every file."),
        },
    ),
    (
        ("--home",),
        "GDP_HOME",
        {
            "metavar": N_("FOLDER"),
            "type": click.Path(path_type=Path, file_okay=False),
            "help": N_("Where settings, cache and state are kept. Else GDP_HOME."),
        },
    ),
    (
        ("--retry-lock",),
        "",
        {"metavar": N_("DURATION"), "type": Duration(), "help": N_("Wait this long for another program's lock, such as 5m.")},
    ),
    (("--no-lock",), "", {"is_flag": True, "help": N_("Do not lock the repository; for reading where writing is not allowed.")}),
    (("--no-cache",), "", {"is_flag": True, "help": N_("Keep no copies of index and directories on this computer.")}),
    (
        ("--connections",),
        "",
        {
            "metavar": N_("NUMBER"),
            "type": click.IntRange(1, MOST_CONNECTIONS),
            "help": N_("Connections to the server at the same time."),
        },
    ),
    (
        ("--login-key-file",),
        "GDP_LOGIN_KEY_FILE",
        {
            "metavar": N_("FILE"),
            "help": N_("The private key that opens the server, tried before those in ~/.ssh. Else GDP_LOGIN_KEY_FILE."),
        },
    ),
    (
        ("--login-password-file",),
        "GDP_LOGIN_PASSWORD_FILE",
        {
            "metavar": N_("FILE"),
            "help": N_("A file with mode 0600 that holds your password on the server. Else GDP_LOGIN_PASSWORD_FILE."),
        },
    ),
    (
        ("--limit-upload",),
        "",
        {"metavar": N_("RATE"), "type": _RATE, "help": N_("Send at most this much a second, such as 500K or 2M (K is 1024).")},
    ),
    (
        ("--limit-download",),
        "",
        {"metavar": N_("RATE"), "type": _RATE, "help": N_("Fetch at most this much a second.")},
    ),
    (
        ("--language",),
        "",
        {
            "type": click.Choice(LANGUAGES),
            "is_eager": True,
            "callback": _use_language,
            "help": N_("The language of messages. Else GDP_LANGUAGE, else the system's."),
        },
    ),
)
