"""SNAPSHOT on the command line, completed in a shell that knows repository and password."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from gdp.cli.common import Common
from gdp.cli.translated import argument
from gdp.core.errors import GdpError

if TYPE_CHECKING:
    _TextType = click.ParamType[str]
else:
    _TextType = click.ParamType


class SnapshotName(_TextType):
    """``latest``, the first digits of an id, ``latest:/sub/folder``. What it means is decided once the repository is open."""

    name = "snapshot"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        known = {"latest": "", **_known_snapshots(ctx.ensure_object(Common))}
        return [CompletionItem(name, help=about) for name, about in known.items() if name.startswith(incomplete)]


def snapshot_argument(name: str, metavar: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an argument that is a snapshot."""
    return argument(name, metavar, type=SnapshotName(), **settings)


def _known_snapshots(common: Common) -> dict[str, str]:
    """Return the short ids and what each is. Asks nobody and locks nothing; whatever goes wrong, there is nothing to offer."""
    from gdp.bootstrap.access import Access, AccessSettings
    from gdp.bootstrap.home import choose_home
    from gdp.bootstrap.passwords import find_password
    from gdp.bootstrap.storages import Reaching
    from gdp.cli.records import SHORT_ID
    from gdp.cli.session import chosen_login, chosen_target, password_source
    from gdp.core import figures
    from gdp.model.events import ignore_events

    try:
        target, source = chosen_target(common), password_source(common)
        reaching = Reaching(login=chosen_login(common))
        settings = AccessSettings(target, choose_home(common.home), reaching, reads_without_lock=True)
        repository = Access(settings, _ask_nobody, ignore_events).open(find_password(source, _ask_nobody, ""))
        snapshots = repository.snapshots().snapshots
        repository.storage.close()
    except (GdpError, OSError):
        return {}
    return {
        name[:SHORT_ID]: f"{figures.moment(snapshot.time_ns)} {snapshot.hostname} {' '.join(snapshot.paths)}"
        for name, snapshot in reversed(snapshots.items())
    }


def _ask_nobody(_question: str, _facts: object) -> None:
    return None
