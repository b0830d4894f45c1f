"""``gdp mail test|queue|send``."""

from datetime import UTC, datetime
from functools import partial

import click

from gdp.bootstrap.home import choose_home
from gdp.bootstrap.trial import problem_of
from gdp.cli.common import common_options, current
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.translated import Command, Group, Lazy, argument, flag, option
from gdp.core import figures
from gdp.core.language import N_, translate, translate_plural
from gdp.core.sentences import sentence_of
from gdp.mail.message import make_mail, pack_log, split_address
from gdp.mail.post import Post
from gdp.mail.queue import Delivery, Entry, MailQueue
from gdp.mail.server import configured_server
from gdp.mail.smtp import send
from gdp.model.configuration import Configuration
from gdp.model.run import error_of
from gdp.report.run_page import make_run_page
from gdp.settings.configuration import ConfigurationFile

_LAZY = {
    "test": Lazy("mail", N_("Send a report of a small trial run, to see that mails arrive."), "test_command"),
    "queue": Lazy("mail", N_("List the mails that wait for the mail server."), "queue_command"),
    "send": Lazy("mail", N_("Send the mails that wait, now."), "send_command"),
}


@click.group(
    "mail", cls=Group, lazy=_LAZY, help=N_("Try the mail server; see and send the mails that wait."), no_args_is_help=False
)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command(
    "test",
    cls=Command,
    help=N_("Send a report of a small trial run to this address, past the queue, and say whether the mail server took it."),
)
@argument("address", N_("ADDRESS"))
@common_options()
def test_command(*, address: str) -> None:
    """Test."""
    from gdp.cli.sample_run import make_sample_run

    with reporting() as screen:
        server = configured_server(_configuration().mail)
        split_address(address)
        record, plain_log = make_sample_run()
        log = pack_log(plain_log)
        page = make_run_page(record, has_log=log is not None, is_test=True)
        mail = make_mail(page, sender=server.sender, to=address, now=datetime.now(UTC), log=log, log_name="test.log")
        send(server, mail.envelope, mail.raw)
        sentence = translate(N_("{server} has taken the mail for {to}; look whether it arrives."))
        screen.say(sentence.format(server=server.smtp, to=mail.envelope.to))
        screen.record("summary", {"server": str(server.smtp), "to": mail.envelope.to, "subject": mail.subject})


@click.command("queue", cls=Command, help=N_("List the mails that wait for the mail server, and why."))
@option("--remove", multiple=True, metavar=N_("ID"), help=N_("Throw this mail away instead. Repeatable."))
@common_options()
def queue_command(*, remove: tuple[str, ...]) -> None:
    """Show the queue."""
    with reporting() as screen:
        queue = MailQueue(choose_home(current().home))
        for name in remove:
            queue.remove(name)
        if remove:
            sentence = translate_plural("One mail is removed.", "{count} mails are removed.", len(remove))
            screen.say(sentence.format(count=figures.count(len(remove))))
            screen.record("summary", {"removed": len(remove)})
            return
        entries = queue.entries()
        for entry in entries:
            _show(screen, entry)
        if not entries:
            screen.result(translate(N_("No mail waits.")))
        screen.record("summary", {"mails": len(entries), "refused": sum(entry.state.is_refused for entry in entries)})


@click.command("send", cls=Command, help=N_("Send the mails that wait, now, whatever the pause after the last attempt."))
@flag("--refused", help=N_("Try those again as well that the mail server has refused for good."))
@common_options()
def send_command(*, refused: bool) -> int:
    """Send."""
    with reporting() as screen:
        configuration = _configuration()
        server = configured_server(configuration.mail)
        now = datetime.now(UTC)
        post = Post(choose_home(current().home), sender=server.sender, language=configuration.language)
        for failure in post.post_summaries(now).failures:
            screen.emit(problem_of(failure))
        done = post.queue.send_due(partial(send, server), lambda: datetime.now(UTC), ignores_pauses=True, with_refused=refused)
        for entry in post.queue.entries():
            _show(screen, entry)
        screen.say(_told(done))
        fields = {"sent": done.sent, "delayed": done.delayed, "refused": done.refused, "is_busy": done.is_busy}
        screen.record("summary", fields)
        return 1 if done.delayed or done.refused else 0


def _configuration() -> Configuration:
    return ConfigurationFile(choose_home(current().home)).read()


def _show(screen: Screen, entry: Entry) -> None:
    state = entry.state
    reason = sentence_of(error_of(state.failure)) if state.failure else ""
    screen.result(f"{entry.id}  {figures.local_moment(entry.header.made)}  {entry.header.envelope.to}")
    screen.result(f"  {entry.header.subject}")
    if state.is_refused:
        screen.result("  " + translate(N_("Refused for good: {reason}")).format(reason=reason))
    elif state.failure:
        facts = {"count": figures.count(state.attempts), "reason": reason}
        screen.result("  " + translate(N_("Attempt {count} failed: {reason}")).format(**facts))
    if state.next_try:
        screen.result("  " + translate(N_("Next attempt: {moment}")).format(moment=figures.local_moment(state.next_try)))
    screen.record(
        "mail",
        {
            "id": entry.id, "to": entry.header.envelope.to, "subject": entry.header.subject, "made": entry.header.made,
            "attempts": state.attempts, "next_try": state.next_try, "is_refused": state.is_refused, "reason": reason,
        },
    )  # fmt: skip


def _told(done: Delivery) -> str:
    if done.is_busy:
        return translate(N_("Another process is sending the mails already."))
    sentence = N_("{sent} sent, {delayed} waiting for another attempt, {refused} refused for good")
    return translate(sentence).format(**{name: figures.count(getattr(done, name)) for name in ("sent", "delayed", "refused")})
