"""Where everything a command has to say goes: results to stdout, the rest to stderr; as text or as JSON.

Results are shown always. Messages are left out with ``--quiet``. With ``--json`` stdout holds one object a line.
"""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TextIO

from gdp.cli.progress import Bar, MinuteLines, NoProgress, ProgressView, Records
from gdp.core import figures
from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill, hint_of, sentence_of
from gdp.model.events import Event, ItemDone, Note, Problem, Progress, StageBegan

_ACTIONS = {
    "new": N_("new"),
    "changed": N_("changed"),
    "unmodified": N_("unmodified"),
    "removed": N_("removed"),
    "skipped": N_("skipped"),
    "restored": N_("restored"),
    "deleted": N_("deleted"),
}
FILE_STAGES = ("saving files", "restoring files", "reading the restored files again")  # what the engine calls them
_YES = {"y", "yes", "j", "ja"}  # in every language: who types one of these means it
_LOUDNESS = {"new": 1, "changed": 1, "removed": 1, "restored": 1, "deleted": 1, "unmodified": 2, "skipped": 2}
"""how many -v it takes"""


class Screen:
    """One run's output. Safe to use from several threads."""

    def __init__(
        self,
        *,
        json: bool = False,
        quiet: bool = False,
        verbose: int = 0,
        out: TextIO | None = None,
        err: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.json, self.quiet, self.verbose = json, quiet, verbose
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._lock = threading.RLock()
        self._during = ""
        self._began = clock()
        self._clock = clock
        self.problems = 0
        """how many were reported so far"""
        self._view = self._choose_view()

    @property
    def elapsed_seconds(self) -> float:
        """Return how long this run has been going on."""
        return self._clock() - self._began

    def result(self, text: str = "") -> None:
        """Show a line that was asked for; with JSON ``record`` says it instead."""
        if not self.json:
            self._write(self._out, text)

    def say(self, text: str = "") -> None:
        """Show a line that one can do without."""
        if not self.json and not self.quiet:
            self._write(self._out, text)

    def record(self, message_type: str, fields: Mapping[str, object] | None = None) -> None:
        """With JSON, write an object; without, nothing."""
        if self.json:
            self._write(self._out, encode_record({"message_type": message_type, **(fields or {})}))

    def emit(self, event: Event) -> None:
        """Listen to the engine."""
        with self._lock:
            match event:
                case Progress():
                    self._view.update(event)
                case StageBegan():
                    self._during = event.stage
                    self._view.begin(translate(event.stage), counts_files=event.stage in FILE_STAGES)
                case ItemDone():
                    self._show_item(event)
                case Note():
                    self._show_note(event)
                case Problem():
                    self._show_problem(event)
                case _:
                    pass  # an event of a single command, which listens to it itself

    def fail(self, error: GdpError) -> None:
        """Show why the run ends."""
        sentence, hint = sentence_of(error), hint_of(error)
        if self.json:
            fields = {"message_type": "exit_error", "code": error.exit_code, "message": sentence}
            origin = _origin(error.template, error.facts, error.hint_template) | {"error_class": type(error).__name__}
            self._write(self._err, encode_record(fields | ({"hint": hint} if hint else {}) | origin))
            return
        self._write(self._err, f"{self._mark(translate(N_('Error')), '31')}: {sentence}")
        if hint:
            self._write(self._err, f"  {hint}")

    def agree(self, about: str, question: str) -> bool | None:
        """Ask a question at the terminal and wait for the answer; all but a yes is a no. None: nobody is there to be asked."""
        if self.json or self.quiet or not (sys.stdin.isatty() and self._err.isatty()):
            return None
        self._write(self._err, f"{self._mark('▲', '33')} {about}")
        self._err.write(question)
        self._err.flush()
        answer = ""
        try:
            answer = sys.stdin.readline()
        finally:
            if not answer.endswith("\n"):  # Ctrl-C or Ctrl-D: what comes next begins a line of its own
                self._write(self._err, "")
        return answer.strip().lower() in _YES

    def close(self) -> None:
        """Leave a clean line behind."""
        with self._lock:
            self._view.clear()

    def _show_item(self, item: ItemDone) -> None:
        if self.verbose < _LOUDNESS[item.action]:
            return
        if self.json:
            fields = {"message_type": "verbose_status", "action": item.action, "item": item.path, "size": item.size}
            self._write(self._out, encode_record(fields), flushes=False)
            return
        of_size = f", {figures.size(item.size)}" if item.kind == "file" else ""
        self.say(f"{translate(_ACTIONS[item.action])}  {item.path}{of_size}")

    def _show_note(self, note: Note) -> None:
        sentence = fill(note.template, note.facts)
        if self.json:
            self._write(self._err, encode_record({"message_type": "note", "message": sentence}))
        elif not self.quiet:
            self._write(self._err, sentence)

    def _show_problem(self, problem: Problem) -> None:
        self.problems += 1
        sentence, hint = (fill(text, problem.facts) for text in (problem.template, problem.hint))
        if self.json:
            fields = {
                "message_type": "error",
                "error": {"message": sentence},
                "during": self._during,
                "item": problem.path,
            }
            origin = _origin(problem.template, problem.facts, problem.hint)
            self._write(self._err, encode_record(fields | ({"hint": hint} if hint else {}) | origin))
            return
        about = f"{problem.path}: " if problem.path else ""
        self._write(self._err, f"{self._mark('▲', '33')} {about}{sentence}" + (f"\n  {hint}" if hint else ""))

    def _write(self, stream: TextIO, text: str, *, flushes: bool = True) -> None:
        with self._lock:
            self._view.clear()
            stream.write(printable(text) + "\n")
            if flushes:  # else with the next line; there may be a line for every file
                stream.flush()

    def _mark(self, text: str, colour: str) -> str:
        if not self._err.isatty() or os.environ.get("NO_COLOR"):
            return text
        return f"\x1b[{colour}m{text}\x1b[0m"

    def _choose_view(self) -> ProgressView:
        if self.quiet:
            return NoProgress()
        if self.json:
            return Records(self._write_status, self._clock)
        if self._err.isatty() and os.environ.get("TERM") != "dumb":
            return Bar(self._err, self._clock, lambda: shutil.get_terminal_size().columns)
        return MinuteLines(self._err, self._clock)

    def _write_status(self, fields: dict[str, object]) -> None:
        errors = {"error_count": self.problems} if self.problems else {}
        self._write(self._out, encode_record(fields | {"during": self._during} | errors))


def encode_record(fields: Mapping[str, object]) -> str:
    """Return one line of JSON that any terminal can take. Bytes of file names that are not UTF-8 become U+FFFD."""
    import msgspec  # start-up time

    try:
        text = msgspec.json.encode(fields).decode()
    except UnicodeEncodeError:
        text = msgspec.json.encode(_clean(msgspec.to_builtins(fields))).decode()
    return text if text.isprintable() else "".join(map(_json_escape, text))


def printable(text: str) -> str:
    """Return text that any terminal can take: file names may hold escape sequences and broken UTF-8."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in "\n\t" or (character == "\x1b" and _is_ours(text, place))
        else ascii(character)[1:-1] if not 0xDC80 <= ord(character) <= 0xDCFF
        else f"\\x{ord(character) - 0xDC00:02x}"
        for place, character in enumerate(text)
    )  # fmt: skip


def _origin(template: str, facts: Mapping[str, object], hint: str) -> dict[str, object]:
    """Return what a sentence was made from, to tell its cause from and to say it in another language."""
    from gdp.model.run import plain_facts  # start-up time

    origin: dict[str, object] = {"template": template, "facts": plain_facts(facts)}
    return origin | ({"hint_template": hint} if hint else {})


def _json_escape(character: str) -> str:
    """Return a character of a JSON line as it is, or, where a terminal might act on it, as JSON's escapes."""
    if character.isprintable():
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def _is_ours(text: str, place: int) -> bool:
    """Say whether an escape is one of the colours of ``_mark``, which stand at the beginning of a line only."""
    return text.startswith(("\x1b[31m", "\x1b[33m")) and (place == 0 or text.find("\x1b[0m") == place)


def _clean(value: object) -> object:
    match value:
        case str():
            return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        case dict():
            return {_clean(key): _clean(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_clean(inner) for inner in value]
        case _:
            return value
