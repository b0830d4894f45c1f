"""The command ``gdp`` itself: its sub-commands, and the one place where a run ends with an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from gdp.cli.common import Common, common_options
from gdp.cli.lifeline import ending_with_daemon
from gdp.cli.signals import interruptible
from gdp.cli.translated import Group, Lazy, flag
from gdp.core.language import LANGUAGES, LOCALE_DIRECTORY, N_, choose_language

COMPLETE_VARIABLE = "_GDP_COMPLETE"
COMMANDS = {
    "ui": Lazy("ui", N_("Open the terminal UI.")),
    "set": Lazy("set", N_("Make and change backup sets.")),
    "config": Lazy("config", N_("Language, mail and updates of this installation.")),
    "mail": Lazy("mail", N_("Try the mail server; see and send the mails that wait.")),
    "scan": Lazy("scan", N_("Count what a backup would read, and what is left out.")),
    "report": Lazy("report", N_("Show the report of a run, or send it again.")),
    "advise": Lazy("advise", N_("Recommend block sizes for a new repository.")),
    "daemon": Lazy("daemon", N_("Run the backup sets as they are due.")),
    "status": Lazy("daemon", N_("Show what the daemon does."), "status_command"),
    "run": Lazy("daemon", N_("Let the daemon run a backup set now."), "run_command"),
    "cancel": Lazy("daemon", N_("End what a backup set is doing."), "cancel_command"),
    "pause": Lazy("daemon", N_("Begin no run by itself."), "pause_command"),
    "resume": Lazy("daemon", N_("Begin runs by themselves again."), "resume_command"),
    "reach": Lazy("reach", N_("Try to reach a target, and say what lies there.")),
    "init": Lazy("init", N_("Make a new repository.")),
    "backup": Lazy("backup", N_("Back up files and folders.")),
    "snapshots": Lazy("snapshots", N_("List the snapshots.")),
    "ls": Lazy("ls", N_("List the files of a snapshot.")),
    "find": Lazy("find", N_("Find files in the snapshots.")),
    "diff": Lazy("diff", N_("Show what differs between two snapshots.")),
    "browse": Lazy("browse", N_("Keep the repository open and answer questions about its snapshots.")),
    "restore": Lazy("restore", N_("Restore files from a snapshot.")),
    "dump": Lazy("dump", N_("Write a file of a snapshot to standard output.")),
    "mount": Lazy("mount", N_("Show the snapshots as a folder.")),
    "check": Lazy("check", N_("Check the repository for damage.")),
    "drill": Lazy("drill", N_("Restore random files on trial and compare them.")),
    "forget": Lazy("forget", N_("Remove snapshots by rules.")),
    "prune": Lazy("prune", N_("Remove data that no snapshot needs.")),
    "repair": Lazy("repair", N_("Repair a damaged repository.")),
    "rewrite": Lazy("rewrite", N_("Take files out of snapshots that exist.")),
    "tag": Lazy("tag", N_("Change the tags of snapshots.")),
    "stats": Lazy("stats", N_("Count files and bytes.")),
    "copy": Lazy("copy", N_("Copy snapshots from another repository.")),
    "key": Lazy("key", N_("Manage the passwords of the repository.")),
    "recovery": Lazy("recovery", N_("The recovery sheet: a password on paper, for when this computer is lost.")),
    "recover": Lazy("recover", N_("On a new computer: reach a repository with a recovery sheet.")),
    "unlock": Lazy("unlock", N_("Remove locks that nobody holds any more.")),
    "cat": Lazy("cat", N_("Show an object of the repository as JSON.")),
    "install": Lazy("install", N_("Install this program and its service."), "install_command"),
    "uninstall": Lazy("install", N_("Remove what 'install' made."), "uninstall_command"),
    "update": Lazy("update", N_("Replace the installed program by a newer signed release.")),
    "completion": Lazy("completion", N_("Print the script that completes commands in your shell.")),
    "version": Lazy("version", N_("Show the version.")),
}


def _show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:  # noqa: FBT001 click's own
    if value and not context.resilient_parsing:
        from gdp.cli.about import version_line

        click.echo(version_line())
        context.exit()


@click.group(
    cls=Group,
    name="gdp",
    lazy=COMMANDS,
    help=N_("Encrypted, deduplicated backup to a folder or an SFTP server, in restic's repository format."),
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@flag("--version", help=N_("Show the version."), is_eager=True, expose_value=False, callback=_show_version)
@common_options(reads_environment=True)
def program() -> None:
    """See ``help``."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code. The only broad ``except`` of the front end: it ends on the screen."""
    context: list[click.Context] = []
    try:
        _use_language(arguments)
        if instruction := os.environ.get(COMPLETE_VARIABLE):
            return _complete(instruction)
        with interruptible(), ending_with_daemon():
            return _invoke(arguments, context)
    except BrokenPipeError:
        return _stop_writing()
    except BaseException as problem:  # noqa: BLE001 becomes a sentence on the screen, and a log file when it is unknown
        return _report(problem, arguments, context)


def _complete(instruction: str) -> int:
    """Answer the shell's question what could come next."""
    from click.shell_completion import shell_complete

    return shell_complete(program, {}, "gdp", COMPLETE_VARIABLE, instruction)


def _invoke(arguments: Sequence[str], made: list[click.Context]) -> int:
    settings: dict[str, Any] = {"obj": Common()}
    with program.make_context("gdp", list(arguments), **settings) as context:
        made.append(context)
        if not arguments:
            return _greet(context)
        result = program.invoke(context)
        return result if isinstance(result, int) else 0


def _greet(context: click.Context) -> int:
    """Without any word: the UI on a terminal, else what there is."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        from gdp.cli.commands.ui import open_ui

        with context.scope():
            return open_ui()
    click.echo(context.get_help())
    return 0


def _report(problem: BaseException, arguments: Sequence[str], made: list[click.Context]) -> int:
    if isinstance(problem, click.exceptions.Exit):
        return problem.exit_code
    from gdp.cli.failure import report  # start-up time
    from gdp.cli.screen import Screen

    common = made[0].ensure_object(Common) if made else Common()
    screen = Screen(json=bool(common.json) or "--json" in arguments, quiet=True)
    return report(screen, problem, _home_for_log(common))


def _home_for_log(common: Common) -> Any:
    from gdp.bootstrap.home import choose_home

    return choose_home(common.home)


def _use_language(arguments: Sequence[str]) -> None:
    """Choose the language before anything can go wrong, and let click's own sentences come from our catalogue too."""
    import gettext

    for word, following in zip(arguments, (*arguments[1:], ""), strict=False):
        chosen = following if word == "--language" else word.removeprefix("--language=")
        if chosen in LANGUAGES and word.startswith("--language"):
            os.environ["GDP_LANGUAGE"] = chosen
    if not os.environ.get("GDP_LANGUAGE") and (configured := _configured_language(arguments)):
        os.environ["GDP_LANGUAGE"] = configured
    gettext.bindtextdomain("gdp", str(LOCALE_DIRECTORY))
    gettext.textdomain("gdp")
    os.environ["LANGUAGE"] = choose_language(os.environ)


def _configured_language(arguments: Sequence[str]) -> str | None:
    """Return the language that the settings ask for; the home folder may be one that is only now being named."""
    from pathlib import Path

    from gdp.bootstrap.home import choose_home
    from gdp.settings.language import chosen_language

    home = None
    for word, following in zip(arguments, (*arguments[1:], ""), strict=False):
        if word == "--home" or word.startswith("--home="):
            home = Path(following if word == "--home" else word.removeprefix("--home="))
    return chosen_language(choose_home(home))


def _stop_writing() -> int:
    """Whoever read our output has gone, such as ``head``. Nothing more may be written, not even by Python at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
