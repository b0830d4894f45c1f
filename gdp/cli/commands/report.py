"""``gdp report list|show|send``: reports of the daemon's runs, whether it is at work or not."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import msgspec

from gdp.bootstrap.home import choose_home
from gdp.cli.common import common_options, current
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.table import layout
from gdp.cli.translated import Command, Group, Lazy, argument, option
from gdp.core import figures
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill, sentence_of
from gdp.daemon.past import PastRuns, past_runs
from gdp.mail.post import Post
from gdp.mail.queue import Entry
from gdp.mail.server import configured_server
from gdp.mail.smtp import send
from gdp.model.backup_set import Recipient
from gdp.model.run import error_of
from gdp.model.run_words import kind_in_words, state_of_run
from gdp.model.runs import Run
from gdp.report.html import as_html
from gdp.report.run_page import make_run_page
from gdp.report.text import as_text
from gdp.settings.configuration import ConfigurationFile

_LAZY = {
    "list": Lazy("report", N_("List the runs that the daemon has made."), "list_command"),
    "show": Lazy("report", N_("Show the report of a run."), "show_command"),
    "send": Lazy("report", N_("Send the report of a run by mail again."), "send_command"),
}
_HEADINGS = (N_("Run"), N_("Set"), N_("What"), N_("Began"), N_("Duration"), N_("Result"))
_RUN = N_("RUN")


@click.group(
    "report",
    cls=Group,
    lazy=_LAZY,
    help=N_("See what the daemon's runs came to, as their reports tell it; --backup-set NAME: those of one set."),
    no_args_is_help=False,
)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command("list", cls=Command, help=N_("List the runs that the daemon has made, the newest last."))
@option("--most", type=click.IntRange(1), default=30, metavar=N_("NUMBER"), help=N_("Only the newest so many. Default: 30."))
@common_options()
def list_command(*, most: int) -> None:
    """List."""
    with reporting() as screen, past_runs(_home()) as past:
        runs = past.newest(most, current().backup_set)
        for run in runs:
            screen.record("run", msgspec.to_builtins(run))
        if runs:
            for line in layout([translate(heading) for heading in _HEADINGS], [_row(run) for run in runs], right=[0]):
                screen.result(line)
        else:
            screen.result(translate(N_("There is no run.")))
        screen.record("summary", {"runs": len(runs)})


@click.command(
    "show",
    cls=Command,
    help=N_("Show the report of a run, as the mail tells it. RUN is a number of 'gdp report list', or 'latest'."),
)
@argument("which", _RUN)
@option("--html", type=click.Path(path_type=Path), metavar=N_("FILE"), help=N_("Write it as a page for a browser instead."))
@common_options()
def show_command(*, which: str, html: Path | None) -> None:
    """Show."""
    with reporting() as screen, past_runs(_home()) as past:
        run = past.find(which, current().backup_set)
        record = past.record(run)
        page = make_run_page(record)
        text = as_text(page)
        if html is not None:
            _write(html, as_html(page))
            screen.say(translate(N_("The report of run {number} is written to {path}.")).format(number=run.id, path=html))
        else:
            screen.result(f"{page.subject}\n\n{text}".rstrip("\n"))
            if past.log_file(run).exists():
                screen.say(translate(N_("The log is in {path}.")).format(path=past.log_file(run)))
        screen.record("report", {"run": run.id, "subject": page.subject, "text": text, **msgspec.to_builtins(record)})


@click.command(
    "send",
    cls=Command,
    help=N_("Send the report of a run by mail again: to all recipients of its set, or to the addresses that are given."),
)
@argument("which", _RUN)
@option("--to", "addresses", multiple=True, metavar=N_("ADDRESS"), help=N_("Send it to this address instead. Repeatable."))
@common_options()
def send_command(*, which: str, addresses: Sequence[str]) -> int:
    """Send."""
    with reporting() as screen, past_runs(_home()) as past:
        configuration = ConfigurationFile(_home()).read()
        server = configured_server(configuration.mail)
        run = past.find(which, current().backup_set)
        recipients = [Recipient(to=address) for address in addresses] or _recipients(past, run)
        post = Post(_home(), sender=server.sender, language=configuration.language)
        name = f"{run.set_name}-{run.id}.log"
        ids = post.post_again(past.record(run), recipients, datetime.now(UTC), log=past.log(run), log_name=name)
        post.queue.send_due(partial(send, server), lambda: datetime.now(UTC))
        waiting = [entry for entry in post.queue.entries() if entry.id in ids]
        _tell_sent(screen, run, len(ids) - len(waiting), waiting)
        return 1 if any(entry.state.failure for entry in waiting) else 0


def _home() -> Path:
    return choose_home(current().home)


def _row(run: Run) -> list[str]:
    took = figures.duration((run.ended - run.began).total_seconds()) if run.ended and run.attempt else ""
    return [str(run.id), run.set_name, kind_in_words(run), figures.local_moment(run.began), took, state_of_run(run)]


def _recipients(past: PastRuns, run: Run) -> Sequence[Recipient]:
    """Return who hears of a set. Raises BadInput when nobody does."""
    one = past.set_of(run)
    if one is None or not one.report:
        hint = N_("Name somebody with --to, or in the section [report] of the set.")
        raise BadInput(N_("nobody is named who hears of {set}"), hint, set=run.set_name)
    return one.report


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise GdpError(N_("{path} cannot be written: {reason}"), path=path, reason=error.strerror or str(error)) from error


def _tell_sent(screen: Screen, run: Run, sent: int, waiting: Sequence[Entry]) -> None:
    if sent:
        screen.say(
            fill(
                N_("The mail server has taken the report of run {number}: {count:mail|mails}."), {"number": run.id, "count": sent}
            )
        )
    for entry in waiting:
        to, failure = entry.header.envelope.to, entry.state.failure
        if failure is None:
            screen.say(translate(N_("The mail to {to} waits in the queue.")).format(to=to))
        else:
            facts = {"to": to, "reason": sentence_of(error_of(failure))}
            screen.result(translate(N_("The mail to {to} waits in the queue: {reason}")).format(**facts))
    screen.record("summary", {"run": run.id, "sent": sent, "waiting": len(waiting)})
