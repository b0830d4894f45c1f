"""From the text of a settings file to its values, or to everything that is wrong with it. Pure.

A complaint names file, line and key, says what is wrong, and its hint what is allowed. tomllib, which reads the file, does not
say where a value stands; so for a complaint alone the file is read again line by line: a key stands behind the longest beginning
of the file that is whole TOML and does not have it yet.
"""

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from gdp.core.errors import BadInput, BadSettings
from gdp.core.language import N_
from gdp.settings.schema import Key, Schema, Section, every_key

TOML_REASONS = (
    N_("Invalid statement"),
    N_("Invalid value"),
    N_("Cannot overwrite a value"),
    N_("Expected ']' at the end of a table declaration"),
    N_("Expected ']]' at the end of an array declaration"),
    N_("Expected '=' after a key in a key/value pair"),
    N_("Expected newline or end of document after a statement"),
    N_("Invalid initial character for a key part"),
    N_("Unclosed array"),
    N_("Unclosed inline table"),
    N_("Unescaped '\\' in a string"),
    N_("Unterminated string"),
    N_("Invalid date or datetime"),
)
"""What tomllib says, in English, whatever the user's language; other sentences of it stay English"""
_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)
_AT = N_("{file}, line {line}: {key}: {reason}")
_SOMEWHERE = N_("{file}: {key}: {reason}")

Path = tuple[str | int, ...]
Values = dict[str, Any]
"""by section: the fields of its struct; a list of them for a section of which there are several"""


def read_values(text: str, schema: Schema, file: str) -> Values:
    """Return what a file says.

    Args:
        file: what complaints call it.

    Raises:
        BadSettings: with everything that is wrong.
    """
    reader = _Reader(text, parse_toml(text, file), schema, file)
    values = reader.read()
    if reader.complaints:
        raise bad_settings(reader.complaints)
    return values


def parse_toml(text: str, file: str) -> dict[str, Any]:
    """Return what a text of TOML holds. Raises BadSettings."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise bad_settings([_no_toml(error, text, file)]) from error


def bad_settings(complaints: Sequence[BadInput]) -> BadSettings:
    """Return the error that says the first complaint and how many more there are."""
    first = complaints[0]
    if len(complaints) == 1:
        error = BadSettings(first.template, first.hint_template, **first.facts)
    else:
        facts = {**first.facts, "first": first, "count": len(complaints)}
        template = N_("{first} (one of {count} mistakes in this file: 'gdp set check' and 'gdp config list' tell all)")
        error = BadSettings(template, first.hint_template, **facts)
    error.complaints = tuple(complaints)
    return error


def line_of(text: str, path: Path) -> int | None:
    """Return the line on which a key, a table or an entry of an array of tables begins, from 1; None when it is not there."""
    lines = lines_of(text, path)
    return lines[0] if lines else None


def lines_of(text: str, path: Path) -> tuple[int, int] | None:
    """Return the first and the last line of a key with its value, or of the head of a table; None when it is not there."""
    lines = text.replace("\r\n", "\n").split("\n")
    whole = 0
    for count in range(1, len(lines) + 1):
        try:
            document = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        if _has(document, path):
            return whole + 1, count
        whole = count
    return None


class _Reader:
    """Reads one file and collects complaints."""

    def __init__(self, text: str, document: Mapping[str, Any], schema: Schema, file: str) -> None:
        self._text, self._document, self._schema, self._file = text, document, schema, file
        self.complaints: list[BadInput] = []

    def read(self) -> Values:
        """Return the values that are right."""
        known = {section.name for section in self._schema} | {key.name for key in self._keys_on_top()}
        for name in self._document:
            if name not in known:
                self._complain((name,), self._unknown(name, sorted(known - {""})))
        return {section.name: self._section(section) for section in self._schema}

    def _keys_on_top(self) -> tuple[Key, ...]:
        return next((section.keys for section in self._schema if not section.name), ())

    def _section(self, section: Section) -> Any:
        if not section.name:
            return self._table(section, self._document, (), strict=False)
        found = self._document.get(section.name, [] if section.is_many else {})
        if section.is_many:
            if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
                self._complain(
                    (section.name,), BadInput(N_("this is no table"), N_("Write [[{name}]] above it."), name=section.name)
                )
                return []
            return [self._table(section, entry, (section.name, place)) for place, entry in enumerate(found)]
        if not isinstance(found, dict):
            self._complain(
                (section.name,), BadInput(N_("this is no table"), N_("Write [{name}] above its keys."), name=section.name)
            )
            return {}
        return self._table(section, found, (section.name,))

    def _table(self, section: Section, table: Mapping[str, Any], path: Path, *, strict: bool = True) -> dict[str, Any]:
        names = [key.name for key in section.keys]
        if strict:
            for name in table:
                if name not in names:
                    self._complain((*path, name), self._unknown(name, names))
        values = {}
        for key in section.keys:
            if key.name in table:
                try:
                    values[key.attribute] = key.kind.read(table[key.name])
                except BadInput as error:
                    self._complain((*path, key.name), error)
            elif key.is_required:
                self._complain((*path, key.name), BadInput(N_("is missing"), N_("Every one needs it: see docs/settings.md.")))
        return values

    def _unknown(self, name: str, siblings: Sequence[str]) -> BadInput:
        homes = [section.path_of(key) for section, key in every_key(self._schema) if key.name == name]
        if homes:
            return BadInput(N_("this key is not known here"), N_("It is {meant!r}."), meant=homes[0])
        close = difflib.get_close_matches(name, siblings, 1)
        if close:
            return BadInput(N_("this key is not known"), N_("Did you mean {meant!r}?"), meant=close[0])
        return BadInput(N_("this key is not known"), N_("Known here: {allowed}."), allowed=", ".join(siblings))

    def _complain(self, path: Path, error: BadInput) -> None:
        facts = {**error.facts, "file": self._file, "key": _written(path), "reason": error}
        line = line_of(self._text, path) or (line_of(self._text, path[:-1]) if len(path) > 1 else None)
        self.complaints.append(BadInput(_AT if line else _SOMEWHERE, error.hint_template, **facts, line=line))


def _no_toml(error: tomllib.TOMLDecodeError, text: str, file: str) -> BadInput:
    match = _PLACE.fullmatch(str(error))
    reason, line = (match[1], match[2]) if match else (str(error), None)
    hint = N_("A settings file is TOML: lines such as key = \"value\" below a [section]; '#' begins a comment.")
    number = int(line) if line else _first_open_line(text)
    return BadInput(N_("{file}, line {line}: {reason}"), hint, file=file, line=number, reason=reason)


def _first_open_line(text: str) -> int:
    """Return the line on which begins what is still open at the end of a text."""
    lines = text.split("\n")
    for count in range(len(lines) - 1, 0, -1):
        try:
            tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        return count + 1
    return 1


def _written(path: Path) -> str:
    """Return a path as people write it: ``report[2].to``, counted from 1."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def _has(document: Any, path: Path) -> bool:
    for part in path:
        if isinstance(part, int):
            if not isinstance(document, list) or len(document) <= part:
                return False
        elif not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return True
