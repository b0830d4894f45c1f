"""``gdp set list|show|add|edit|remove|check``."""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from gdp.bootstrap.trial import problem_of, try_set
from gdp.cli.chosen_set import set_files, use_set
from gdp.cli.commands.init import make_repository
from gdp.cli.common import common_options, current
from gdp.cli.editor import edit_text
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import make_access
from gdp.cli.set_name import SetName
from gdp.cli.set_options import PASSWORD_FILES, set_options, take_values
from gdp.cli.table import layout
from gdp.cli.translated import Command, Group, Lazy, argument, flag, option
from gdp.core.errors import BadInput, BadSettings, GdpError
from gdp.core.language import N_, translate, translate_plural
from gdp.model.backup_set import BackupSet, Recovery, check_set_name
from gdp.settings.new_set import complete, settle
from gdp.settings.schema import SET, find_key
from gdp.settings.secrets import check_secret
from gdp.settings.sets import SetFiles, written_values

_LAZY = {
    "list": Lazy("set", N_("List the backup sets."), "list_command"),
    "show": Lazy("set", N_("Show a backup set."), "show_command"),
    "add": Lazy("set", N_("Make a backup set."), "add_command"),
    "edit": Lazy("set", N_("Change a backup set."), "edit_command"),
    "remove": Lazy("set", N_("Remove a backup set, and nothing that it has backed up."), "remove_command"),
    "check": Lazy("set", N_("Check whether backup sets are right and would run."), "check_command"),
}
_HEADINGS = (N_("Set"), N_("State"), N_("Sources"), N_("Target"), N_("Schedule"))


@click.group(
    "set",
    cls=Group,
    lazy=_LAZY,
    help=N_("Backup sets: what is backed up, whereto, when, and how long it is kept."),
    no_args_is_help=False,
)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command("list", cls=Command, help=N_("List the backup sets."))
@common_options()
def list_command() -> int:
    """List."""
    with reporting() as screen:
        files = set_files()
        found = _read_all(screen, files, files.names())
        if found:
            rows = [_row(one) for one in found]
            for line in layout([translate(text) for text in _HEADINGS], rows):
                screen.result(line)
        elif not screen.problems:
            screen.result(translate(N_("There is no backup set yet; 'gdp set add' makes one.")))
        for one in found:
            screen.record("set", _fields(files, one))
        screen.record("summary", {"sets": len(found), "wrong": screen.problems})
        return 1 if screen.problems else 0


@click.command("show", cls=Command, help=N_("Show what a backup set says; with --all also what it leaves at its default."))
@argument("name", N_("SET"), type=SetName())
@flag("--all", "-a", "shows_all", help=N_("Show every key."))
@common_options()
def show_command(*, name: str, shows_all: bool) -> None:
    """Show one."""
    with reporting() as screen:
        files = set_files()
        one = files.read(name)
        defaults = {section.path_of(key): section.default_of(key) for section in SET for key in section.keys}
        rows = [[translate(N_("file")), str(files.path(name))], [translate(N_("state")), _state(one)]]
        for key, value in written_values(one).items():
            found = find_key(SET, key)
            default = defaults.get(key)
            is_default = not value if found is None or default is None else value == found[1].kind.write(default)
            if shows_all or not is_default:
                rows.append([key, _shown(value)])
        width = max(len(row[0]) for row in rows)
        for label, text in rows:
            screen.result(f"{label.ljust(width)}  {text}".rstrip())
        screen.record("set", {**_fields(files, one), "settings": written_values(one)})


@click.command(
    "add",
    cls=Command,
    help=N_("Make a backup set. Without --repo it goes to the repository of the other sets. Then it is checked as 'check' does."),
)
@argument("name", N_("SET"))
@set_options
@flag("--init", help=N_("Make the repository as well."))
@common_options()
def add_command(*, name: str, init: bool, **given: Any) -> None:
    """Make one."""
    with reporting() as screen:
        files = set_files()
        check_set_name(name)
        typed = take_values(given, current(), typed_only=False)
        values = complete(typed, _others(files))
        _check_secrets(values)
        made = files.add(name, values)
        screen.say(translate(N_("backup set {name!r} is saved in {file}")).format(name=name, file=files.path(name)))
        if "encryption.password-file" in typed and made.encryption.recovery is Recovery.NOBODY:
            _say_declined(screen)
        use_set(name)
        if init:
            make_repository(screen, made.target.block_size)
        _try(screen, made)
        screen.record("set", _fields(files, made))


@click.command(
    "edit",
    cls=Command,
    help=N_("Change a backup set: the keys that are given, or its file in your editor ($VISUAL)."),
)
@argument("name", N_("SET"), type=SetName())
@set_options
@option("--unset", multiple=True, metavar=N_("KEY"), help=N_("Leave a key out, such as schedule.window. Repeatable."))
@common_options()
def edit_command(*, name: str, unset: Sequence[str], **given: Any) -> None:
    """Change one."""
    with reporting() as screen:
        files = set_files()
        changes: dict[str, Any] = take_values(given, current(), typed_only=True) | _unset(files, name, unset)
        if not changes:
            made = edit_text(screen, files, name)
        else:
            _check_secrets(changes)
            made = files.change(name, settle(changes, _was(files, name)))
        screen.say(translate(N_("backup set {name!r} is saved in {file}")).format(name=name, file=files.path(name)))
        screen.record("set", _fields(files, made))


@click.command("remove", cls=Command, help=N_("Remove a backup set. What it has backed up stays."))
@argument("name", N_("SET"), type=SetName())
@flag("--yes", "-y", help=N_("Do not ask."))
@common_options()
def remove_command(*, name: str, yes: bool) -> None:
    """Remove one."""
    with reporting() as screen:
        files = set_files()
        files.text(name)
        about = translate(N_("The backup set {name!r} will be removed; its snapshots stay.")).format(name=name)
        agreed = True if yes else screen.agree(about, translate(N_("Remove it? [y/N] ")))
        if not agreed:
            hint = N_("Give --yes where nobody can be asked.") if agreed is None else ""
            raise BadInput(N_("nothing was removed, since you did not agree"), hint)
        files.remove(name)
        screen.say(translate(N_("backup set {name!r} is removed; its snapshots are still there")).format(name=name))
        screen.record("summary", {"removed": name})


@click.command(
    "check",
    cls=Command,
    help=N_("Check backup sets, all or those named: file, sources, target, password. The exit code is 1 when one is wrong."),
)
@argument("names", N_("[SET]..."), nargs=-1, type=SetName())
@common_options()
def check_command(*, names: Sequence[str]) -> int:
    """Check."""
    with reporting() as screen:
        files = set_files()
        chosen = list(names) or files.names()
        wrong = 0
        for name in chosen:
            before = screen.problems
            for one in _read_all(screen, files, [name]):
                use_set(name)
                _try(screen, one)
            problems = screen.problems - before
            wrong += problems > 0
            _say_verdict(screen, name, problems)
            screen.record("checked", {"name": name, "problems": problems})
        screen.record("summary", {"sets": len(chosen), "wrong": wrong})
        return 1 if wrong else 0


def _read_all(screen: Screen, files: SetFiles, names: Sequence[str]) -> list[BackupSet]:
    """Return the sets that are right; what is wrong with the others is told."""
    found = []
    for name in names:
        try:
            found.append(files.read(name))
        except BadSettings as error:
            for complaint in error.complaints:
                screen.emit(problem_of(complaint))
        except GdpError as error:
            screen.emit(problem_of(error))
    return found


def _others(files: SetFiles) -> list[BackupSet]:
    found = []
    for name in files.names():
        try:
            found.append(files.read(name))
        except GdpError:
            continue  # 'gdp set list' tells what is wrong with it; it does not keep others from being made
    return found


def _was(files: SetFiles, name: str) -> BackupSet | None:
    """Return a set before a change, or None where the change may be what makes it right."""
    try:
        return files.read(name)
    except BadSettings:
        return None


def _check_secrets(values: Mapping[str, Any]) -> None:
    for key in PASSWORD_FILES:
        if values.get(key):
            check_secret(values[key])


def _unset(files: SetFiles, name: str, keys: Sequence[str]) -> dict[str, None]:
    for key in keys:
        if find_key(SET, key) is None and key != "report" and not files.mentions(name, key):
            raise BadInput(N_("a backup set has no key {key!r}"), N_("docs/settings.md lists the keys."), key=key)
    return dict.fromkeys(keys)


def _try(screen: Screen, one: BackupSet) -> None:
    try_set(one, make_access(screen), screen.emit)


def _say_declined(screen: Screen) -> None:
    screen.say(
        translate(
            N_(
                "You gave a password file, so it is settled that nobody else can open the repository: when the file is lost, "
                "so is everything in it. Keep a copy of the file in a second place."
            )
        )
    )


def _say_verdict(screen: Screen, name: str, problems: int) -> None:
    sentence = translate(N_("backup set {name!r}: all is well"))
    if problems:
        sentence = translate_plural(
            "backup set {name!r}: one thing is wrong", "backup set {name!r}: {count} things are wrong", problems
        )
    screen.result(sentence.format(name=name, count=problems))


def _state(one: BackupSet) -> str:
    return translate(N_("active") if one.is_active else N_("recovery is not settled"))


def _row(one: BackupSet) -> list[str]:
    values = written_values(one)
    return [one.name, _state(one), *(_shown(values[key]) for key in ("source.paths", "target.repo", "schedule.when"))]


def _fields(files: SetFiles, one: BackupSet) -> dict[str, object]:
    return {
        "name": one.name,
        "file": str(files.path(one.name)),
        "active": one.is_active,
        "sources": one.source.paths,
        "repository": str(one.target.repo),
        "schedule": written_values(one)["schedule.when"],
        "tag": one.tag,
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return translate(N_("yes") if value else N_("no"))
    if isinstance(value, Mapping):
        return " ".join(str(inner) for inner in value.values() if inner is not None)
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return "" if value is None else str(value)
