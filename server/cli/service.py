"""Commands that work until they are told to stop."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from server.bootstrap.home import job_runner, open_rows, read_home
from server.cli.common import Common
from server.language import N_, say, translate
from server.models.database import disconnect


def add_service_commands(group: click.Group) -> None:
    """Give the program these commands, with help in the language spoken now."""
    _add_web_commands(group)

    @group.command(
        help=translate(N_("Send mails that wait and do the daily chores, until it is told to stop. Several may run at once."))
    )
    @click.option("--once", is_flag=True, help=translate(N_("Do what is due now, and end.")))
    @click.pass_obj
    def jobs(common: Common, once: bool) -> None:  # noqa: FBT001 click's own
        _jobs(common, once=once)


def _add_web_commands(group: click.Group) -> None:
    host = click.option("--host", metavar=translate(N_("HOST")), help=translate(N_("Where to listen. Else settings.toml.")))
    port = click.option("--port", type=click.IntRange(0, 65_535), help=translate(N_("The port. Else settings.toml.")))

    @group.command(help=translate(N_("Serve the pages and do the jobs, in one process, until it is told to stop.")))
    @host
    @port
    @click.pass_obj
    def run(common: Common, host: str | None, port: int | None) -> None:
        _serve(common, host, port, with_jobs=True)

    @group.command(help=translate(N_("Serve the pages only. Several may run at once, each on a port of its own.")))
    @host
    @port
    @click.pass_obj
    def web(common: Common, host: str | None, port: int | None) -> None:
        _serve(common, host, port, with_jobs=False)


def _serve(common: Common, host: str | None, port: int | None, *, with_jobs: bool) -> None:
    from server.cli.serving import serve  # the web is loaded where it is needed: it takes half a second

    home = read_home(common.folder, database_url=common.database_url)
    disconnect(open_rows(home))  # whose shape was looked at; each request opens its own
    log_to_standard_error()
    serve(home, host=host, port=port, with_jobs=with_jobs)


def _jobs(common: Common, *, once: bool) -> None:
    home = read_home(common.folder, database_url=common.database_url)
    database = open_rows(home)
    runner = job_runner(home)
    log_to_standard_error()
    try:
        if once:
            runner.work_once()
            return
        with until_told_to_stop() as stop:
            click.echo(say(N_("At work. SIGTERM or Ctrl-C ends it.")))
            runner.run(stop)
    finally:
        disconnect(database)


@contextmanager
def until_told_to_stop() -> Iterator[threading.Event]:
    """Yield what SIGTERM and SIGINT set."""
    stop = threading.Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, tell) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def log_to_standard_error() -> None:
    """Let whatever goes wrong at work be read in the service's log."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
