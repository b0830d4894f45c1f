"""The running command's connection to the daemon of its home folder."""

from collections.abc import Iterator
from contextlib import contextmanager

from gdp.cli.common import current
from gdp.cli.session import home_folder
from gdp.control.client import Client, connect


@contextmanager
def daemon() -> Iterator[Client]:
    """Give the block a connection. Raises NoDaemon."""
    with connect(home_folder(current())) as client:
        yield client
