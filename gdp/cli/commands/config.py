"""``gdp config list|get|set|unset``."""

import click

from gdp.bootstrap.home import choose_home
from gdp.bootstrap.trial import problem_of
from gdp.cli.common import common_options, current
from gdp.cli.reporting import reporting
from gdp.cli.table import layout
from gdp.cli.translated import Command, Group, Lazy, argument
from gdp.core.errors import BadSettings
from gdp.core.language import N_, translate
from gdp.settings.configuration import ConfigurationFile, check_key, written_configuration

_LAZY = {
    "list": Lazy("config", N_("List the configuration."), "list_command"),
    "get": Lazy("config", N_("Show the value of a key."), "get_command"),
    "set": Lazy("config", N_("Give a key a value."), "set_command"),
    "unset": Lazy("config", N_("Leave a key out."), "unset_command"),
}


@click.group(
    "config",
    cls=Group,
    lazy=_LAZY,
    help=N_(
        "Language, colours, mail and updates of this installation:"
        " language, theme, mail.smtp, mail.password-file, mail.from, update.url."
    ),
    no_args_is_help=False,
)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command("list", cls=Command, help=N_("List every key with its value."))
@common_options()
def list_command() -> int:
    """List."""
    with reporting() as screen:
        try:
            values = written_configuration(_file().read())
        except BadSettings as error:
            for complaint in error.complaints:
                screen.emit(problem_of(complaint))
            return 1
        rows = [[name, value or ""] for name, value in values.items()]
        for line in layout([translate(N_("Key")), translate(N_("Value"))], rows):
            screen.result(line)
        for name, value in values.items():
            screen.record("key", {"key": name, "value": value})
        screen.record("summary", {"file": str(_file().path)})
        return 0


@click.command("get", cls=Command, help=N_("Show the value of a key; the exit code is 1 when it has none."))
@argument("key", N_("KEY"))
@common_options()
def get_command(*, key: str) -> int:
    """Show one."""
    with reporting() as screen:
        check_key(key)
        value = written_configuration(_file().read())[key]
        if value is not None:
            screen.result(value)
        screen.record("summary", {"key": key, "value": value})
        return 1 if value is None else 0


@click.command(
    "set", cls=Command, help=N_("Give a key a value, such as: gdp config set mail.smtp smtps://user@mail.example.com:465")
)
@argument("key", N_("KEY"))
@argument("value", N_("VALUE"))
@common_options()
def set_command(*, key: str, value: str) -> None:
    """Set one."""
    _put(key, value)


@click.command("unset", cls=Command, help=N_("Leave a key out, so that its default holds."))
@argument("key", N_("KEY"))
@common_options()
def unset_command(*, key: str) -> None:
    """Unset one."""
    _put(key, None)


def _put(key: str, value: str | None) -> None:
    with reporting() as screen:
        file = _file()
        file.put(key, value)
        sentence = N_("{key} is left out of {file}") if value is None else N_("{key} is saved in {file}")
        screen.say(translate(sentence).format(key=key, file=file.path))
        screen.record("summary", {"key": key, "value": value, "file": str(file.path)})


def _file() -> ConfigurationFile:
    return ConfigurationFile(choose_home(current().home))
