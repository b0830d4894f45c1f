"""``gdp daemon``, ``status``, ``run``, ``cancel``, ``pause``, ``resume``."""

from typing import Any

import click
import msgspec

from gdp.cli.common import common_options, current
from gdp.cli.daemon_link import daemon
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import home_folder
from gdp.cli.set_name import SetName
from gdp.cli.table import layout
from gdp.cli.translated import Command, argument, flag, option
from gdp.control.client import Client
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import sentence_of
from gdp.model.last_words import why
from gdp.model.run import error_of
from gdp.model.run_words import state_of_run
from gdp.model.runs import Run, State
from gdp.model.service import HeldMails, ServiceStatus
from gdp.model.service_words import (
    mails_in_words,
    moment,
    next_of_set,
    proofs_of_set,
    state_of_set,
    trouble_in_words,
    troubles_of_set,
)

FAILED = 1
_ATTENTION = 3
_INTERRUPTED = 130
_EXIT_CODES = {State.OK: 0, State.ATTENTION: _ATTENTION, State.INTERRUPTED: _INTERRUPTED, State.CANCELLED: _INTERRUPTED}
_HEADINGS = (N_("Set"), N_("State"), N_("Last backup"), N_("Result"), N_("Next backup"))


@click.command("daemon", cls=Command, help=N_("Run the backup sets by themselves, as they are due, until it is ended."))
@common_options()
def command() -> None:
    """Be the daemon."""
    from gdp.bootstrap.service import run_daemon  # start-up time

    with reporting() as screen:
        run_daemon(home_folder(current()), screen.emit)


@click.command("status", cls=Command, help=N_("Show what the daemon does and when each backup set runs next."))
@common_options()
def status_command() -> None:
    """Show."""
    with reporting() as screen, daemon() as client:
        _show(screen, _status(client.ask("status")))


@click.command("run", cls=Command, help=N_("Let the daemon run a backup set now."))
@argument("name", N_("SET"), type=SetName())
@flag("--wait", "-w", "waits", help=N_("Wait for its end, and end with the exit code that 'gdp backup' would have."))
@common_options()
def run_command(*, name: str, waits: bool) -> int:
    """Ask for a run."""
    with reporting() as screen, daemon() as client:
        if waits:
            return _run_and_wait(screen, client, name)
        answer = client.ask("run", set=name)
        begun = answer.get("run")
        text = N_("the backup of {set} has begun") if begun else N_("the backup of {set} begins as soon as it can")
        screen.say(translate(text).format(set=name))
        screen.record("summary", {"run": begun})
        return 0


@click.command("cancel", cls=Command, help=N_("End what a backup set is doing, or one run; the next backup goes on with it."))
@argument("name", N_("[SET]"), type=SetName(), required=False)
@option("--run", "number", type=click.IntRange(1), metavar=N_("NUMBER"), help=N_("Only this run, such as a restore."))
@common_options()
def cancel_command(*, name: str | None, number: int | None) -> None:
    """End it."""
    if (name is None) == (number is None):
        raise BadInput(N_("name a backup set or a run, and not both"), N_("'gdp status' shows what runs."))
    with reporting() as screen, daemon() as client:
        answer = client.ask("cancel", set=name) if number is None else client.ask("cancel", run=number)
        if number is None:
            screen.say(translate(N_("what ran for {set} is ending")).format(set=name))
        else:
            screen.say(translate(N_("run {number} is ending")).format(number=number))
        screen.record("summary", answer)


@click.command(
    "pause",
    cls=Command,
    help=N_("Begin no run by itself any more, until 'gdp resume', while what runs goes on; or hold up one run."),
)
@option(
    "--run",
    "number",
    type=click.IntRange(1),
    metavar=N_("NUMBER"),
    help=N_("Only this run: a backup or a restore waits where it is."),
)
@common_options()
def pause_command(*, number: int | None) -> None:
    """Pause."""
    with reporting() as screen, daemon() as client:
        screen.record("summary", client.ask("pause", **_one_run(number)))
        if number is None:
            screen.say(translate(N_("Paused: nothing begins by itself until 'gdp resume'. What runs goes on.")))
        else:
            screen.say(translate(N_("Run {number} waits until 'gdp resume --run {number}'.")).format(number=number))


@click.command("resume", cls=Command, help=N_("Begin runs again, what was due meanwhile once; or let one run go on."))
@option("--run", "number", type=click.IntRange(1), metavar=N_("NUMBER"), help=N_("Only this run goes on."))
@common_options()
def resume_command(*, number: int | None) -> None:
    """Go on."""
    with reporting() as screen, daemon() as client:
        screen.record("summary", client.ask("resume", **_one_run(number)))
        if number is None:
            screen.say(translate(N_("Runs begin again as they are due.")))
        else:
            screen.say(translate(N_("Run {number} goes on.")).format(number=number))


def _one_run(number: int | None) -> dict[str, int]:
    return {} if number is None else {"run": number}


def _status(answer: dict[str, Any]) -> ServiceStatus:
    return msgspec.convert(answer["status"], ServiceStatus)


def _show(screen: Screen, status: ServiceStatus) -> None:
    sentence = translate(N_("daemon {version}, process {process}, since {since}"))
    screen.result(sentence.format(version=status.version, process=status.process, since=moment(status.since)))
    if status.is_ending:
        screen.result(translate(N_("It is ending.")))
    if status.is_paused:
        screen.result(translate(N_("Paused: nothing begins by itself until 'gdp resume'.")))
    rows = []
    for one in status.sets:
        last = one.last_done.ended if one.last_done else None
        newest = one.left_out or one.last
        result = state_of_run(newest) if newest and newest.state is not State.RUNNING else ""
        rows.append([one.name, state_of_set(one), moment(last) if last else "", result, next_of_set(one)])
        screen.record("set", msgspec.to_builtins(one))
    if rows:
        for line in layout([translate(text) for text in _HEADINGS], rows):
            screen.result(line)
    else:
        screen.result(translate(N_("There is no backup set yet; 'gdp set add' makes one.")))
    for one in status.sets:
        for line in (*proofs_of_set(one), *troubles_of_set(one)):
            screen.result(f"{one.name}: {line}")
        if one.problem:
            screen.result(f"{one.name}: {one.problem}")
    for sentence, step in (*trouble_in_words(status), *mails_in_words(status.mails)):
        screen.result(f"{sentence}\n  {step}")
    fields = {"version": status.version, "process": status.process, "since": status.since, "is_paused": status.is_paused}
    running = sum(len(one.at_work) for one in status.sets)
    mails = {"mails_waiting": _held(status.mails.waiting), "mails_refused": _held(status.mails.refused)}
    trouble = sentence_of(error_of(status.trouble)) if status.trouble else ""
    screen.record("summary", {**fields, "sets": len(status.sets), "running": running, "trouble": trouble, **mails})


def _held(held: HeldMails | None) -> dict[str, object] | None:
    if held is None:
        return None
    reason = sentence_of(error_of(held.reason)) if held.reason else ""
    return {"count": held.count, "since": held.since, "reason": reason}


def _run_and_wait(screen: Screen, client: Client, name: str) -> int:
    """Watch first and ask afterwards, so that not even the quickest run is missed."""
    events = client.watch()
    next(events)
    with daemon() as asker:
        wished = asker.ask("run", set=name)
    screen.say(translate(N_("waiting for the backup of {set}")).format(set=name))
    number = wished["run"]["id"] if wished.get("run") else None
    for event in events:
        if event.get("event") != "run":
            continue
        run = msgspec.convert(event["run"], Run)
        if number is None and run.set_name == name and run.is_manual:
            number = run.id
        if run.id == number and run.state is not State.RUNNING:
            screen.say(f"{name}: {state_of_run(run)}")
            if reason := why(run.summary):
                screen.say(reason)
            screen.record("summary", {"run": msgspec.to_builtins(run)})
            return _EXIT_CODES.get(run.state, run.exit_code or FAILED)
    return FAILED
