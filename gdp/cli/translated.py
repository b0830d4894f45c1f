"""click's commands and options with help in the user's language, found when it is shown.

Options that every command takes are listed apart, after the command's own. A group's commands are imported when they are
called, never to list them.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import click
from click.shell_completion import CompletionItem

from gdp.core.language import N_, translate

AnyCommand = TypeVar("AnyCommand", bound=click.Command)


_OPTIONS = N_("[OPTIONS]")  # click's own word in the usage line


class Option(click.Option):
    """An option whose help is translated when shown."""

    is_common = False
    """whether every command takes it"""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        english = self.help
        self.help = translate(english or "")
        try:
            return super().get_help_record(ctx)
        finally:
            self.help = english

    def make_metavar(self, ctx: click.Context) -> str:
        return _metavar(super().make_metavar(ctx))


class CommonOption(Option):
    """An option that every command takes."""

    is_common = True


class Argument(click.Argument):
    """An argument whose name in the usage line is translated."""

    def make_metavar(self, ctx: click.Context) -> str:
        return _metavar(super().make_metavar(ctx))


class _Translated(click.Command):
    """What commands and groups have in common."""

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = translate(N_("Show this help."))
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(ctx))
        formatter.write_usage(ctx.command_path, pieces, prefix=translate(N_("Usage:")) + " ")

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        pieces = super().collect_usage_pieces(ctx)
        return [translate(piece) for piece in pieces]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(translate(self.help or ""))

    def write_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then the common ones."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record:
                (common if getattr(option, "is_common", False) else own).append(record)
        for title, records in ((N_("Options"), own), (N_("Options of every command"), common)):
            if records:
                with formatter.section(translate(title)):
                    formatter.write_dl(records)


class Command(_Translated):
    """A command whose help is translated when shown. Its function may return an exit code."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.write_options(ctx, formatter)


class Lazy(NamedTuple):
    """Where a command is, and what it is for."""

    module: str
    """below ``gdp.cli.commands``"""
    help: str
    attribute: str = "command"


class Group(_Translated, click.Group):
    """A command with commands below it, which are imported when they are called."""

    def __init__(self, name: str, lazy: Mapping[str, Lazy], **settings: Any) -> None:
        super().__init__(name, subcommand_metavar=N_("COMMAND [ARGUMENTS]..."), **settings)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self._lazy.get(cmd_name)
        if lazy is None:
            return None
        found = getattr(importlib.import_module(f"gdp.cli.commands.{lazy.module}"), lazy.attribute)
        assert isinstance(found, click.Command)
        return found

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = [
            CompletionItem(name, help=translate(lazy.help)) for name, lazy in self._lazy.items() if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(translate(N_("Commands"))):
            formatter.write_dl([(name, translate(lazy.help)) for name, lazy in self._lazy.items()])
        self.write_options(ctx, formatter)


def option(*names: str, help: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an option; ``help`` is marked with N_."""
    return click.option(*names, cls=settings.pop("cls", Option), help=help, **settings)


def flag(*names: str, help: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an option without a value."""
    return option(*names, help=help, is_flag=True, **settings)


def argument(name: str, metavar: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an argument; ``metavar`` is marked with N_."""
    return click.argument(name, cls=Argument, metavar=metavar, **settings)


def _metavar(text: str) -> str:
    """Translate ``FOLDER``, ``NAME[:HEADER]``, and the word inside ``[FOLDER]...``."""
    word = text.strip("[].")
    whole = translate(text)
    return whole if whole != text or not word.isupper() else text.replace(word, translate(word))
