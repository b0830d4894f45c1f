"""``gdp init``."""

import contextlib

import click

from gdp.cli.chosen_set import typed_or_set, use_set
from gdp.cli.common import common_options
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import ask_new_password, make_access, password_source
from gdp.cli.set_name import SetName
from gdp.cli.translated import Command, argument, option
from gdp.cli.values import Size
from gdp.core.chunker import MAX_BLOCK_BYTES, MIN_BLOCK_BYTES
from gdp.core.language import N_, translate
from gdp.model.sizes import typed_size


@click.command("init", cls=Command, help=N_("Make a new repository, for a backup set when its name is given."))
@argument("name", N_("[SET]"), required=False, type=SetName())
@option(
    "--block-size",
    type=Size(MIN_BLOCK_BYTES, MAX_BLOCK_BYTES),
    default="1M",
    metavar=N_("SIZE"),
    help=N_("Average size of a block of a file, 128K to 4M; fixed for this repository for ever. Default 1M."),
)
@common_options()
def command(*, name: str | None, block_size: int) -> None:
    """Make a new repository."""
    with reporting() as screen:
        if name is not None:
            use_set(name)
        make_repository(screen, typed_or_set(block_size, "block_size", lambda chosen: chosen.target.block_size))


def make_repository(screen: Screen, block_size: int) -> None:
    """Make the repository that the common options name, and tell."""
    access = make_access(screen)
    repository = access.create(ask_new_password(password_source(), screen), block_size)
    with contextlib.closing(repository.storage) as storage:
        sentence = translate(N_("made repository {id} at {location}, blocks of {size} on average"))
        facts = {"id": repository.config.id[:10], "location": storage.location, "size": typed_size(block_size)}
        screen.say(sentence.format(**facts))
        screen.say(translate(N_("Without the password nobody can read it, not even you. Keep it in a second place.")))
        fields = {"id": repository.config.id, "repository": storage.location, "block_size": block_size}
        screen.record("initialized", fields)
