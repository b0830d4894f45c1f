"""The keys of a set as lines of a form: how each is shown, and what is typed as its file has it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import hint_of, sentence_of
from gdp.settings import kinds
from gdp.settings.schema import SET, find_key


class Shape(Enum):
    """How a key is entered."""

    TEXT = auto()
    LINES = auto()
    """a list, one entry a line"""
    TICK = auto()
    CHOICE = auto()
    FIXED = auto()
    """only shown"""


@dataclass(frozen=True, slots=True)
class Line:
    """A key in the form.

    Args:
        label, hint: templates.
        answers: of a choice: words for each value.
    """

    key: str
    label: str
    hint: str = ""
    shape: Shape = Shape.TEXT
    answers: Mapping[str, str] = field(default_factory=dict)


_ON_ERROR = {
    "ignore": N_("ignore it"),
    "cancel": N_("leave the run out"),
    "fail": N_("let the run fail"),
}
LEAVE_OUT = (
    Line("source.exclude-caches", N_("Leave out caches"), N_("folders marked by a CACHEDIR.TAG"), Shape.TICK),
    Line("source.one-file-system", N_("One file system"), N_("leave out what is mounted below a source"), Shape.TICK),
    Line("source.exclude-larger-than", N_("Leave out larger"), N_("such as 500M; empty: no limit")),
    Line("source.exclude-if-present", N_("Marker files"), N_("NAME[:HEADER], one a line"), Shape.LINES),
    Line("source.exclude-file", N_("Pattern files"), N_("files that list patterns, one a line"), Shape.LINES),
    Line(
        "source.pattern-rules",
        N_("Pattern rules"),
        shape=Shape.CHOICE,
        answers={"gitignore": N_("as in a .gitignore"), "restic": N_("as restic has them")},
    ),
)
TARGET = (
    Line("target.repo", N_("Repository"), N_("/folder or sftp://user@host/folder")),
    Line("encryption.password-file", N_("Password file"), N_("/whole/path, mode 0600")),
    Line(
        "encryption.recovery",
        N_("Recovery"),
        shape=Shape.CHOICE,
        answers={
            "nobody": N_("nobody can help when the password is lost"),
            "sheet": N_("the recovery sheet opens it"),
            "escrow": N_("whoever holds the key of the escrow opens it"),
        },
    ),
    Line("target.block-size", N_("Block size"), N_("fixed since the repository was made"), Shape.FIXED),
    Line("target.transfer-block-size", N_("Transfer blocks"), N_("1M to 128M; may change with every run")),
    Line(
        "target.compression",
        N_("Compression"),
        shape=Shape.CHOICE,
        answers={"off": N_("off"), "auto": N_("automatic"), "max": N_("as small as possible, slow")},
    ),
    Line("target.connections", N_("Connections"), N_("empty: as many as suit")),
    Line("target.login-key-file", N_("Login key"), N_("a private key; empty: one of ~/.ssh")),
    Line("target.login-password-file", N_("Login password"), N_("a file with your password on the server, mode 0600")),
    Line("snapshot.host", N_("Host in snapshots"), N_("empty: the computer's name")),
    Line("snapshot.tags", N_("Tags"), N_("one a line"), Shape.LINES),
)
KEEP = (
    Line("retention.keep-last", N_("The newest"), N_("number, or unlimited")),
    Line("retention.keep-hourly", N_("One an hour"), N_("for so many hours")),
    Line("retention.keep-daily", N_("One a day"), N_("for so many days")),
    Line("retention.keep-weekly", N_("One a week"), N_("for so many weeks")),
    Line("retention.keep-monthly", N_("One a month"), N_("for so many months")),
    Line("retention.keep-yearly", N_("One a year"), N_("for so many years")),
    Line("retention.keep-within", N_("All within"), N_("such as 1y5m7d2h")),
    Line("retention.keep-within-hourly", N_("Hourly within"), N_("such as 2d")),
    Line("retention.keep-within-daily", N_("Daily within"), N_("such as 1m")),
    Line("retention.keep-within-weekly", N_("Weekly within"), N_("such as 6m")),
    Line("retention.keep-within-monthly", N_("Monthly within"), N_("such as 2y")),
    Line("retention.keep-within-yearly", N_("Yearly within"), N_("such as 10y")),
    Line("retention.keep-tag", N_("With these tags"), N_("TAG,TAG: all of them; one list a line"), Shape.LINES),
)
AROUND = (
    Line("conditions.target-reachable", N_("Only if reachable"), N_("begin only when the target answers"), Shape.TICK),
    Line("conditions.mains-power", N_("Only on mains"), N_("begin only when the power is plugged in"), Shape.TICK),
    Line("commands.before", N_("Before a run"), N_("a line for /bin/sh each"), Shape.LINES),
    Line("commands.before-on-error", N_("If one fails"), shape=Shape.CHOICE, answers=_ON_ERROR),
    Line("commands.after", N_("After a run"), N_("a line for /bin/sh each"), Shape.LINES),
    Line(
        "commands.after-on-error",
        N_("If one fails"),
        shape=Shape.CHOICE,
        answers={name: words for name, words in _ON_ERROR.items() if name != "cancel"},
    ),
    Line("proof.read-back", N_("Read back"), N_("so much after a backup, such as 64M; 0: nothing")),
    Line("proof.read-back-pause", N_("Not again within"), N_("such as 20h; 0s: after every backup")),
    Line("proof.drill-files", N_("Restore on trial"), N_("so many files once a month; 0: none")),
    Line("proof.drill-size", N_("At most"), N_("their size together, such as 64M")),
)


@dataclass(frozen=True, slots=True)
class Read:
    """What was entered: as the file has it, or what is wrong with it."""

    value: Any = None
    wrong: str = ""


def text_of(line: Line, value: Any) -> str:
    """Return what a file holds as it is entered: a line, or a line for each entry."""
    if value is None or (value == 0 and line.key.startswith("retention.")):
        return ""
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def read_line(line: Line, entered: str | bool) -> Read:  # noqa: FBT001 a tick is one
    """Return what was entered as TOML has it; an empty text leaves the key out."""
    found = find_key(SET, line.key)
    assert found is not None
    kind, value = found[1].kind, _plain(line, found[1].kind, entered)
    if value is None or value == []:
        return Read(wrong=translate(N_("This is needed."))) if found[1].is_required else Read(value)
    try:
        kind.read(value)
    except BadInput as error:
        return Read(wrong=reason_of(error))
    return Read(value)


def reason_of(error: GdpError) -> str:
    """Return what is wrong and what is allowed."""
    said = sentence_of(error)
    return f"{said[:1].upper()}{said[1:]}. {hint_of(error)}".strip()


def scan_words(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what else a set leaves out beside its patterns, as options of ``gdp scan``."""
    words = [f"--{name}" for name in ("exclude-caches", "one-file-system") if values.get(f"source.{name}")]
    for name in ("exclude-larger-than", "pattern-rules"):
        words += [f"--{name}={value}" for value in [values.get(f"source.{name}")] if value]
    for name in ("exclude-if-present", "exclude-file"):
        words += [f"--{name}={each}" for each in values.get(f"source.{name}") or ()]
    return tuple(words)


def changes_between(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that are others now, with what their file shall hold."""
    return {key: _without_nothing(value) for key, value in now.items() if value != was.get(key)}


def problems_text(wrong: Sequence[str]) -> str:
    """Return the sum of what is wrong."""
    if not wrong:
        return ""
    more = translate(N_(" (one of {count} mistakes)")).format(count=len(wrong)) if len(wrong) > 1 else ""
    return f"{wrong[0]}{more}"


def _without_nothing(value: Any) -> Any:
    """Leave out what an entry of a list of tables does not say."""
    if not isinstance(value, list):
        return value
    return [
        {name: inner for name, inner in entry.items() if inner is not None} if isinstance(entry, dict) else entry
        for entry in value
    ]


def _plain(line: Line, kind: kinds.Kind, entered: str | bool) -> Any:  # noqa: FBT001
    if isinstance(entered, bool):
        return entered
    if line.shape is Shape.LINES:
        return [text for each in entered.splitlines() if (text := each.strip())]
    text = entered.strip()
    if not text:
        return None
    is_number = kind is kinds.COUNT or line.key in {"target.connections", "proof.drill-files"}
    return int(text) if is_number and text.isascii() and text.isdigit() else text
