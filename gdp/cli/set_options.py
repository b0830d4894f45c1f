"""The options that give the keys of a backup set, for ``gdp set add`` and ``gdp set edit``.

Some keys are options of every command already, such as ``--repo`` and ``--password-file``.
"""

from collections.abc import Callable
from typing import Any

import click
import msgspec

from gdp.cli.common import Common
from gdp.cli.translated import option
from gdp.core.compress import Compression
from gdp.core.errors import BadInput
from gdp.core.language import LANGUAGES, N_
from gdp.model.backup_set import OnError, Recovery, ReportMode
from gdp.model.exclusion import PatternRules
from gdp.settings import kinds
from gdp.settings.kinds import whole_path
from gdp.settings.schema import SET, every_key, find_key
from gdp.settings.secrets import CREDENTIALS

_NUMBERS = {section.path_of(key) for section, key in every_key(SET) if key.kind is kinds.COUNT} | {"proof.drill-files"}
COMMON_KEYS = {
    "repo": "target.repo",
    "password_file": "encryption.password-file",
    "connections": "target.connections",
    "login_key_file": "target.login-key-file",
    "login_password_file": "target.login-password-file",
}
PASSWORD_FILES = tuple(section.path_of(key) for section, key in every_key(SET) if key.kind is kinds.PASSWORD_FILE)
REFUSED = {
    "password_command": N_("Give a password file: a set keeps no program."),
    "limit_upload": N_("Give --bandwidth 'up 2M'."),
    "limit_download": N_("Give --bandwidth 'down 2M'."),
}
"""common options that a user might think a set keeps"""


class SetOption(msgspec.Struct, frozen=True):
    """An option and the key it gives."""

    names: tuple[str, ...]
    key: str
    metavar: str
    help: str
    choices: tuple[str, ...] = ()

    @property
    def parameter(self) -> str:
        """What click calls it."""
        return "set_" + self.key.replace(".", "_").replace("-", "_")


PATTERN, FILE, SIZE, DURATION, NUMBER, SPAN = N_("PATTERN"), N_("FILE"), N_("SIZE"), N_("DURATION"), N_("NUMBER"), N_("TIME")
OPTIONS = (
    SetOption(("--source",), "source.paths", N_("PATH"), N_("What is backed up. Repeatable.")),
    SetOption(("--exclude", "-e"), "source.exclude", PATTERN, N_("Leave out what fits. Repeatable.")),
    SetOption(("--exclude-file",), "source.exclude-file", FILE, N_("Leave out what fits a pattern in this file. Repeatable.")),
    SetOption(
        ("--exclude-if-present",),
        "source.exclude-if-present",
        N_("NAME[:HEADER]"),
        N_("Leave out what is in a folder with a file of this name, which begins with this header. Repeatable."),
    ),
    SetOption(
        ("--exclude-caches/--no-exclude-caches",),
        "source.exclude-caches",
        "",
        N_("Leave out what is in folders marked as a cache by a CACHEDIR.TAG."),
    ),
    SetOption(("--exclude-larger-than",), "source.exclude-larger-than", SIZE, N_("Leave out larger files, such as 500M.")),
    SetOption(
        ("--one-file-system/--no-one-file-system",),
        "source.one-file-system",
        "",
        N_("Stay on the file systems of the sources."),
    ),
    SetOption(
        ("--pattern-rules",),
        "source.pattern-rules",
        "",
        N_("Whose rules patterns follow: gitignore's (default) or restic's."),
        tuple(PatternRules),
    ),
    SetOption(("--host",), "snapshot.host", N_("HOST"), N_("The computer's name in the snapshots.")),
    SetOption(("--tag",), "snapshot.tags", N_("TAG"), N_("A tag for the snapshots. Repeatable.")),
    SetOption(
        ("--block-size",),
        "target.block-size",
        SIZE,
        N_("Average size of a block of a file, 128K to 4M; counts when the repository is made. Default 1M."),
    ),
    SetOption(
        ("--transfer-block-size",),
        "target.transfer-block-size",
        SIZE,
        N_("Size of the files in which data travels and is stored, 1M to 128M. Default 16M."),
    ),
    SetOption(
        ("--compression",),
        "target.compression",
        "",
        N_("How hard to compress: off, auto (default) or max, which is slow."),
        tuple(Compression),
    ),
    SetOption(
        ("--recovery",),
        "encryption.recovery",
        "",
        N_("Who can open the repository when the password file is lost: nobody, which settles it, a sheet, or escrow."),
        tuple(Recovery),
    ),
    SetOption(("--schedule",), "schedule.when", N_("SENTENCE"), N_("When it runs, such as 'daily 02:30'. Repeatable.")),
    SetOption(
        ("--random-offset",),
        "schedule.random-offset",
        DURATION,
        N_("Begin up to so much later, so that many computers do not come at once."),
    ),
    SetOption(
        ("--retry-pause",),
        "schedule.retry-pauses",
        DURATION,
        N_("After a failure, try once more after this pause. Repeatable, such as 1m, 10m and 1h."),
    ),
    SetOption(("--window",), "schedule.window", N_("HOURS"), N_("Run in these hours only, such as 20:00-06:00. Repeatable.")),
    SetOption(("--longest-run",), "schedule.longest-run", DURATION, N_("End a run after this time; the next one goes on.")),
    SetOption(
        ("--target-reachable/--no-target-reachable",),
        "conditions.target-reachable",
        "",
        N_("Begin a run only when the target answers. Default."),
    ),
    SetOption(
        ("--mains-power/--no-mains-power",), "conditions.mains-power", "", N_("Begin a run only when the power is plugged in.")
    ),
    SetOption(("--before",), "commands.before", N_("COMMAND"), N_("A line for /bin/sh before each run. Repeatable.")),
    SetOption(
        ("--before-on-error",),
        "commands.before-on-error",
        "",
        N_("What its failure does: ignore, cancel (leave the run out) or fail (default)."),
        tuple(OnError),
    ),
    SetOption(("--after",), "commands.after", N_("COMMAND"), N_("A line for /bin/sh after each run. Repeatable.")),
    SetOption(
        ("--after-on-error",),
        "commands.after-on-error",
        "",
        N_("What its failure does: ignore (default) or fail."),
        (OnError.IGNORE, OnError.FAIL),
    ),
    SetOption(
        ("--bandwidth",),
        "bandwidth.limits",
        N_("LIMIT"),
        N_("How fast data may travel, such as '08:00-18:00 up 2M down 4M'. Repeatable: the first whose hours hold."),
    ),
    SetOption(("--keep-last",), "retention.keep-last", NUMBER, N_("Keep the newest so many, or 'unlimited'.")),
    SetOption(("--keep-hourly",), "retention.keep-hourly", NUMBER, N_("Keep the newest of each of so many hours.")),
    SetOption(("--keep-daily",), "retention.keep-daily", NUMBER, N_("Keep the newest of each of so many days.")),
    SetOption(("--keep-weekly",), "retention.keep-weekly", NUMBER, N_("Keep the newest of each of so many weeks.")),
    SetOption(("--keep-monthly",), "retention.keep-monthly", NUMBER, N_("Keep the newest of each of so many months.")),
    SetOption(("--keep-yearly",), "retention.keep-yearly", NUMBER, N_("Keep the newest of each of so many years.")),
    SetOption(("--keep-within",), "retention.keep-within", SPAN, N_("Keep all that are newer than this, such as 1y5m7d2h.")),
    SetOption(
        ("--keep-within-hourly",), "retention.keep-within-hourly", SPAN, N_("Keep the newest of each hour within this time.")
    ),
    SetOption(("--keep-within-daily",), "retention.keep-within-daily", SPAN, N_("Keep the newest of each day within this time.")),
    SetOption(
        ("--keep-within-weekly",), "retention.keep-within-weekly", SPAN, N_("Keep the newest of each week within this time.")
    ),
    SetOption(
        ("--keep-within-monthly",), "retention.keep-within-monthly", SPAN, N_("Keep the newest of each month within this time.")
    ),
    SetOption(
        ("--keep-within-yearly",), "retention.keep-within-yearly", SPAN, N_("Keep the newest of each year within this time.")
    ),
    SetOption(
        ("--keep-tag",), "retention.keep-tag", N_("TAG,..."), N_("Keep those with all these tags. Repeatable: any of the lists.")
    ),
    SetOption(
        ("--read-back",), "proof.read-back", SIZE, N_("Read back so much after a backup and compare it. Default 64M; 0: none.")
    ),
    SetOption(
        ("--read-back-pause",),
        "proof.read-back-pause",
        DURATION,
        N_("Not after a backup that comes sooner after the one before. Default 20h; 0s: after each."),
    ),
    SetOption(
        ("--drill-files",),
        "proof.drill-files",
        NUMBER,
        N_("Restore so many random files on trial once a month. Default 20; 0: none."),
    ),
    SetOption(("--drill-size",), "proof.drill-size", SIZE, N_("All of them together have at most this size. Default 64M.")),
    SetOption(
        ("--mail",),
        "report",
        N_("ADDRESS[,de|en][,MODE]"),
        N_("Who gets a report, in which language, after which runs: every-run (default), problems or daily. Repeatable."),
    ),
)


def set_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare an option for each key of a set; the command hands what it receives to ``take_values``."""
    for item in reversed(OPTIONS):
        settings: dict[str, Any] = {"metavar": item.metavar} if item.metavar else {}
        if item.choices:
            settings = {"type": click.Choice([str(word) for word in item.choices])}
        settings["multiple"] = _is_repeatable(item)
        function = option(*item.names, item.parameter, help=item.help, default=None, **settings)(function)
    return function


def take_values(given: dict[str, Any], common: Common, *, typed_only: bool) -> dict[str, Any]:
    """Return what was given as TOML has it, by the whole names of the keys. Raises BadInput, which names the option.

    Args:
        typed_only: leave out what comes from variables such as GDP_REPO.
    """
    for name, hint in REFUSED.items():
        if name in common.typed:
            raise BadInput(N_("a backup set takes no {option}"), hint, option="--" + name.replace("_", "-"))
    values: dict[str, Any] = {}
    for name, key in COMMON_KEYS.items():
        value = getattr(common, name)
        if value is not None and (name in common.typed or not typed_only):
            values[key] = _checked("--" + name.replace("_", "-"), key, value)
    for item in OPTIONS:
        value = given.pop(item.parameter)
        if value is None or value == ():
            continue
        values[item.key] = list(map(_recipient, value)) if item.key == "report" else _checked(item.names[0], item.key, value)
    return values


def _checked(name: str, key: str, value: Any) -> Any:
    """Return what TOML has for what was typed."""
    found = find_key(SET, key)
    assert found is not None
    kind = found[1].kind
    value = [_typed(kind, key, one) for one in value] if isinstance(value, tuple) else _typed(kind, key, value)
    try:
        kind.read(value)
    except BadInput as error:
        facts = {**error.facts, "option": name.partition("/")[0], "reason": error}
        raise BadInput(N_("{option}: {reason}"), error.hint_template, **facts) from error
    return value


def _typed(kind: kinds.Kind, key: str, value: Any) -> Any:
    if key in _NUMBERS and value.isascii() and value.isdigit():
        return int(value)
    is_path = key in {"source.paths", "source.exclude-file", "target.login-key-file"}
    if kind is kinds.PASSWORD_FILE and not value.startswith(CREDENTIALS):
        is_path = True
    if key == "target.repo" and ":" not in value.partition("/")[0]:
        is_path = True
    return whole_path(value) if is_path and value else value


def _recipient(text: str) -> dict[str, str]:
    """Return what ``--mail ADDRESS,LANGUAGE,MODE`` means; the two words may stand in any order. Raises BadInput."""
    address, *words = (part.strip() for part in text.split(","))
    entry = {"to": kinds.ADDRESS.read(address)}
    for word in words:
        name = "language" if word in LANGUAGES else "mode" if word in set(ReportMode) else ""
        if not name or name in entry:
            raise BadInput(
                N_("--mail: {word!r} is not known here"),
                N_("After the address may stand: {allowed}."),
                word=word,
                allowed=", ".join([*LANGUAGES, *ReportMode]),
            )
        entry[name] = word
    return entry


def _is_repeatable(item: SetOption) -> bool:
    found = find_key(SET, item.key)
    return found is None or found[1].kind.is_list
