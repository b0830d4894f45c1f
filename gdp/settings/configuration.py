"""The configuration of an installation: ``HOME/config.toml``. Without the file everything is as usual."""

from pathlib import Path
from typing import Any

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.configuration import Configuration
from gdp.settings.editing import change
from gdp.settings.files import LOCK_SECONDS, only_writer, read_text, write_text
from gdp.settings.reading import parse_toml, read_values
from gdp.settings.schema import CONFIGURATION, Key, every_key, find_key


class ConfigurationFile:
    """The file.

    Args:
        home: the home folder of the installation.
        lock_seconds: how long to wait for another writer.
    """

    def __init__(self, home: Path, *, lock_seconds: float = LOCK_SECONDS) -> None:
        self.path = home / "config.toml"
        self._lock_seconds = lock_seconds

    def read(self) -> Configuration:
        """Return what it says. Raises BadSettings, BadInput."""
        return self._parse(self._text())

    def put(self, name: str, value: str | None) -> None:
        """Set one key, or with None leave it out. Raises BadInput; BadSettings when the file is wrong."""
        key = check_key(name)
        if value is not None:
            try:
                key.kind.read(value)
            except BadInput as error:
                facts = {**error.facts, "key": name, "reason": error}
                raise BadInput(N_("{key}: {reason}"), error.hint_template, **facts) from error
        with only_writer(self.path.parent, self._lock_seconds):
            text = self._text()
            parse_toml(text, str(self.path))
            changed = change(text, {name: value})
            self._parse(changed)
            if changed != text:
                write_text(self.path, changed)

    def _text(self) -> str:
        try:
            return read_text(self.path)
        except FileNotFoundError:
            return ""

    def _parse(self, text: str) -> Configuration:
        values = read_values(text, CONFIGURATION, str(self.path))
        inner: dict[str, Any] = {
            section.name: section.struct(**values[section.name]) for section in CONFIGURATION if section.name
        }
        return Configuration(**values[""], **inner)


def written_configuration(configuration: Configuration) -> dict[str, str | None]:
    """Return every key as the file would have it; None for what is not set."""
    found: dict[str, str | None] = {}
    for section, key in every_key(CONFIGURATION):
        holder: msgspec.Struct = getattr(configuration, section.name) if section.name else configuration
        value = getattr(holder, key.attribute)
        found[section.path_of(key)] = None if value is None else str(key.kind.write(value))
    return found


def check_key(name: str) -> Key:
    """Return the key of a whole name. Raises BadInput when the configuration has none of that name."""
    found = find_key(CONFIGURATION, name)
    if found is None:
        names = [section.path_of(key) for section, key in every_key(CONFIGURATION)]
        raise BadInput(N_("the configuration has no key {name!r}"), N_("It has: {allowed}."), name=name, allowed=", ".join(names))
    return found[1]
