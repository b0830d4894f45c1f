"""The lines of a run's log in words."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from gdp.core.language import N_, translate
from gdp.model.last_words import words_of
from gdp.tui.ports import Record
from gdp.tui.standing import Level
from gdp.tui.views.ends import problem_of

_ACTIONS = {
    "new": N_("new"),
    "changed": N_("changed"),
    "unmodified": N_("unmodified"),
    "skipped": N_("skipped"),
    "restored": N_("restored"),
    "deleted": N_("deleted"),
    "removed": N_("removed"),
}
_ROLES = {
    "before": N_("command before: {words}"),
    "engine": N_("begins: gdp {words}"),
    "after": N_("command after: {words}"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it is shown."""

    time: str
    words: str
    level: Level = Level.IDLE

    @property
    def sign(self) -> str:
        """Its sign; none for what is no news."""
        return self.level.sign if self.level in {Level.ERROR, Level.ATTENTION, Level.GOOD} else " "


def line_of(record: Record, zone: tzinfo | None) -> Line:
    """Return what a record says."""
    level, words = _said(record)
    return Line(_time(record, zone), words, level)


def _said(record: Record) -> tuple[Level, str]:
    match record.get("message_type"):
        case "error":
            path, sentence = problem_of(record)
            return Level.ERROR, f"{path}: {sentence}" if path else sentence
        case "exit_error":
            return Level.ERROR, words_of(record, str(record.get("message", "")))
        case "verbose_status":
            action = str(record.get("action", ""))
            return Level.IDLE, f"{translate(_ACTIONS.get(action, action))}  {record.get('item', '')}"
        case "step":
            said = record.get("words")
            words = " ".join(map(str, said)) if isinstance(said, list) else ""
            return Level.IDLE, translate(_ROLES.get(str(record.get("role")), "{words}")).format(words=words)
        case "step_end":
            code = record.get("exit_code")
            return (Level.GOOD if code == 0 else Level.ERROR), translate(N_("ended with exit code {code}")).format(code=code)
        case "output":
            return Level.IDLE, str(record.get("text", ""))
        case "note":
            return Level.ATTENTION, str(record.get("message", ""))
        case _:
            return Level.IDLE, ", ".join(
                f"{name} {value}" for name, value in record.items() if name not in {"at", "message_type"}
            )


def _time(record: Record, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromisoformat(str(record.get('at'))).astimezone(zone):%H:%M:%S}"
    except ValueError:
        return ""
