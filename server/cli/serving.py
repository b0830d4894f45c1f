"""Serves the pages, alone or with the jobs beside them in the same process.

By waitress: it is one process with threads, so that the jobs can be a thread beside it; it reads slow browsers without tying up a
thread, and is the same on every system. (gunicorn forks workers, each of which would need its own jobs, or none.) Where one
process is not enough, several ``web`` are started on ports of their own behind a proxy.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import click
from waitress.server import create_server

from server.bootstrap.home import Home, job_runner, pay_pal, secret_key
from server.domain.errors import SetupError
from server.domain.sentence import N_
from server.jobs.runner import Runner
from server.language import say
from server.web.app import LARGEST_SCANS, WebSettings, create_app

STOP_SECONDS = 30.0  # for a mail that is being handed over
_LARGEST_BODY = LARGEST_SCANS + 1024 * 1024  # bytes; beyond it the page that says so is not even asked


def serve(home: Home, *, host: str | None, port: int | None, with_jobs: bool) -> None:
    """Serve until SIGTERM or Ctrl-C; then requests that are being answered are answered. Raises SetupError."""
    runner = job_runner(home) if with_jobs else None
    server = _listen(home, host or home.settings.web.host, home.settings.web.port if port is None else port)
    with _working(runner):
        click.echo(
            say(
                N_("At work on {host}, port {port}; browsers come to {url}. SIGTERM or Ctrl-C ends it."),
                host=server.effective_host,
                port=str(server.effective_port),
                url=home.settings.web.url,
            )
        )
        signal.signal(signal.SIGTERM, _leave)
        server.run()


def _listen(home: Home, host: str, port: int) -> Any:
    web = home.settings.web
    settings = WebSettings(
        secret_key(home),
        base_url=web.url,
        proxies=web.proxies,
        files=home.files,
        downloads=home.downloads,
        outbox=home.outbox,
        paypal=pay_pal(home),
    )
    app = create_app(settings)
    try:
        return create_server(
            app,
            host=host,
            port=port,
            threads=web.threads,
            ident="gdpac",
            clear_untrusted_proxy_headers=not web.proxies,
            max_request_body_size=_LARGEST_BODY,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SetupError(
            N_("Port {port} of {host} cannot be listened on: {reason}"),
            N_("Another server may be running there. Name another port with --port."),
            host=host,
            port=str(port),
            reason=reason,
        ) from error


@contextmanager
def _working(runner: Runner | None) -> Iterator[None]:
    """Let a runner work beside what happens in the block; at its end, it may finish the mail in its hands."""
    stop = threading.Event()
    thread = threading.Thread(target=runner.run, args=(stop,), name="jobs", daemon=True) if runner is not None else None
    if thread is not None:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread is not None:
            thread.join(STOP_SECONDS)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
