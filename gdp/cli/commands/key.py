"""``gdp key list|add|remove|passwd|generate``."""

from pathlib import Path

import click

from gdp.bootstrap.passwords import PasswordSource
from gdp.cli.common import common_options
from gdp.cli.records import SHORT_ID
from gdp.cli.reporting import reporting
from gdp.cli.session import ask_new_password, opened
from gdp.cli.table import layout
from gdp.cli.translated import Command, Group, Lazy, argument, option
from gdp.core import figures
from gdp.core.gotext import parse_time
from gdp.core.language import N_, translate
from gdp.core.typed_password import make_password
from gdp.engine.keys import KeyInfo, add_key, change_password, list_keys, remove_key
from gdp.settings.secrets import write_new_secret

_LAZY = {
    "list": Lazy("key", N_("List the passwords' keys."), "list_command"),
    "add": Lazy("key", N_("Let another password open the repository."), "add_command"),
    "remove": Lazy("key", N_("Let a password open the repository no longer."), "remove_command"),
    "passwd": Lazy("key", N_("Replace the password in use by another."), "passwd_command"),
    "generate": Lazy("key", N_("Write a new strong password into a file."), "generate_command"),
}
_new_password = option(
    "--new-password-file", metavar=N_("FILE"), help=N_("A file that holds the new password; else you are asked.")
)


@click.group("key", cls=Group, lazy=_LAZY, help=N_("Manage the passwords of the repository."), no_args_is_help=False)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command("list", cls=Command, help=N_("List the passwords' keys; * marks the one in use."))
@common_options()
def list_command() -> None:
    """List keys."""
    with opened() as session:
        keys = list_keys(session.repository)
        rows = [_row(key) for key in keys]
        for line in layout([translate(text) for text in ("", N_("Key"), N_("Made"), N_("User"), N_("Host"))], rows):
            session.screen.result(line)
        for key in keys:
            session.screen.record("key", _fields(key))
        session.screen.record("summary", {"keys": len(keys)})


@click.command("add", cls=Command, help=N_("Let another password open the repository as well."))
@_new_password
@common_options()
def add_command(*, new_password_file: str | None) -> None:
    """Add a key."""
    with opened(writes=True) as session:
        name = add_key(session.repository, ask_new_password(PasswordSource(new_password_file), session.screen))
        session.screen.say(translate(N_("added key {id}")).format(id=name[:SHORT_ID]))
        session.screen.record("summary", {"id": name})


@click.command("remove", cls=Command, help=N_("Let a password open the repository no longer."))
@argument("name", N_("ID"))
@common_options()
def remove_command(*, name: str) -> None:
    """Remove a key."""
    with opened(exclusive=True, writes=True) as session:
        removed = remove_key(session.repository, name)
        session.screen.say(translate(N_("removed key {id}")).format(id=removed[:SHORT_ID]))
        session.screen.record("summary", {"id": removed})


@click.command("passwd", cls=Command, help=N_("Replace the password in use by another."))
@_new_password
@common_options()
def passwd_command(*, new_password_file: str | None) -> None:
    """Change the password."""
    with opened(exclusive=True, writes=True) as session:
        name = change_password(session.repository, ask_new_password(PasswordSource(new_password_file), session.screen))
        session.screen.say(translate(N_("changed the password; the new key is {id}")).format(id=name[:SHORT_ID]))
        session.screen.record("summary", {"id": name})


@click.command(
    "generate",
    cls=Command,
    help=N_("Write a new strong password into a new file that only you can read. A file that is there is left alone."),
)
@argument("file", N_("FILE"), type=click.Path(path_type=Path))
@common_options()
def generate_command(*, file: Path) -> None:
    """Make a password. No repository is needed."""
    with reporting() as screen:
        write_new_secret(file, make_password() + "\n")
        screen.say(translate(N_("a new password lies in {file}; keep a copy of it in a second place")).format(file=file))
        screen.record("summary", {"file": str(file)})


def _row(key: KeyInfo) -> list[str]:
    made = figures.moment(parse_time(key.created)) if key.created else key.problem
    return ["*" if key.is_current else "", key.name[:SHORT_ID], made, key.user, key.host]


def _fields(key: KeyInfo) -> dict[str, object]:
    fields: dict[str, object] = {
        "current": key.is_current,
        "id": key.name,
        "userName": key.user,
        "hostName": key.host,
        "created": key.created,
    }
    return fields | ({"problem": key.problem} if key.problem else {})
