"""Changes single keys in the text of a settings file; everything else stays as it is, byte for byte. Pure."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.settings.reading import lines_of

Changes = Mapping[str, Any]
"""From the whole name of a key (``target.repo``) to what TOML holds; None: the key is left out. A name without a dot is a key
above all tables, or, with a list of tables, all tables of that name."""


def change(text: str, changes: Changes) -> str:
    """Return the text with other values. Raises GdpError when that cannot be done without touching anything else.

    What is the same already is not written again, so that a comment inside a list stays.
    """
    for name, value in changes.items():
        wanted = tomllib.loads(text)
        if not _put(wanted, name, value):
            continue
        for attempt in (_insert, _rewrite):
            changed = attempt(text, name, value)
            if changed is not None and _says(changed, wanted):
                text = changed
                break
        else:
            raise GdpError(N_("this file is too unusual to change a single key in it"), N_("Change it in an editor."))
    return text


def _insert(text: str, name: str, value: Any) -> str | None:
    """Put a new key where people would: below the last key of its section, or below the section's head and its comments.

    None when the key or its section is not there as a section with a head.
    """
    section, _, key = name.rpartition(".")
    table = tomllib.loads(text).get(section)
    if value is None or not isinstance(table, dict) or key in table:
        return None
    lines = text.split("\n")
    places = [place for known in table if (place := lines_of(text, (section, known)))]
    if places:
        line = max(last for _first, last in places)
    else:
        head = lines_of(text, (section,))
        assert head is not None
        line = head[1]
        while line < len(lines) and lines[line].lstrip().startswith("#"):
            line += 1
    end = "\r" if line and lines[line - 1].endswith("\r") else ""
    new = f"{key} = {_as_toml(value).as_string()}"
    return "\n".join([*lines[:line], *(part + end for part in new.split("\n")), *lines[line:]])


def _rewrite(text: str, name: str, value: Any) -> str | None:
    document = tomlkit.parse(text)
    try:
        _put(document, name, None if value is None else _as_toml(value))
        return tomlkit.dumps(document)
    except TOMLKitError:
        return None


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _put(document: Any, name: str, value: Any) -> bool:
    """Put a value into a document. Returns whether that changed anything."""
    section, dot, key = name.rpartition(".")
    if dot and section not in document:
        if value is None:
            return False
        document[section] = {}
    table = document[section] if dot else document
    if value is None:
        return table.pop(key, None) is not None
    if key in table and table[key] == value:
        return False
    table[key] = value
    return True


def _as_toml(value: Any) -> Any:
    """Return a list as people write it: one line while it is short, one line an entry when it is long."""
    if not isinstance(value, list):
        return tomlkit.item(value)
    if value and all(isinstance(entry, dict) for entry in value):
        return _tables(value)
    array = tomlkit.array()
    array.extend(value)
    return array.multiline(len(value) > 1 and len(str(value)) > 100)


def _tables(entries: Sequence[Mapping[str, Any]]) -> Any:
    tables = tomlkit.aot()
    for entry in entries:
        table = tomlkit.table()
        table.update(entry)
        tables.append(table)
    return tables
