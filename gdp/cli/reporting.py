"""The screen that the common options ask for. Loads nothing of the repository."""

from collections.abc import Iterator
from contextlib import contextmanager

from gdp.cli.common import current
from gdp.cli.screen import Screen


def make_screen() -> Screen:
    """Return the screen of the running command."""
    common = current()
    return Screen(json=bool(common.json), quiet=bool(common.quiet), verbose=common.verbose or 0)


@contextmanager
def reporting() -> Iterator[Screen]:
    """Give a command its screen, and leave a clean line behind."""
    screen = make_screen()
    try:
        yield screen
    finally:
        screen.close()
