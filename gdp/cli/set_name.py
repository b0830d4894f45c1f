"""The name of a backup set on the command line, completed in a shell."""

from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from gdp.bootstrap.home import choose_home

if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType


class SetName(_TextType):
    """A set that exists; whether it does is asked where it is read."""

    name = "set"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        folder = choose_home(getattr(ctx.obj, "home", None)) / "sets"
        try:
            names = sorted(path.stem for path in folder.glob("[!.]*.toml"))
        except OSError:
            return []
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]
