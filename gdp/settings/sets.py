"""The backup sets of an installation: one file each, ``HOME/sets/NAME.toml``."""

from pathlib import Path
from typing import Any

import msgspec

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.model.backup_set import BackupSet, check_set_name
from gdp.settings.editing import Changes, change
from gdp.settings.files import LOCK_SECONDS, only_writer, read_text, remove, write_text
from gdp.settings.first_text import first_text
from gdp.settings.reading import lines_of, parse_toml, read_values
from gdp.settings.schema import SET, every_key

_SUFFIX = ".toml"
_LISTED = N_("'gdp set list' shows the sets, 'gdp set add' makes one.")


class SetFiles:
    """The folder of sets.

    Args:
        home: the home folder of the installation.
        lock_seconds: how long to wait for another writer.
    """

    def __init__(self, home: Path, *, lock_seconds: float = LOCK_SECONDS) -> None:
        self.folder = home / "sets"
        self._lock_seconds = lock_seconds

    def path(self, name: str) -> Path:
        """Return where a set is, or would be. Raises BadInput when no set can have that name."""
        return self.folder / f"{check_set_name(name)}{_SUFFIX}"

    def names(self) -> list[str]:
        """Return the names of all sets in order. Raises GdpError."""
        try:
            found = sorted(entry.name for entry in self.folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise GdpError(N_("{path} cannot be read: {reason}"), path=self.folder, reason=error.strerror or "") from error
        return [name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX) and not name.startswith(".")]

    def has(self, name: str) -> bool:
        """Say whether there is a set of this name, right or wrong."""
        return name in self.names()

    def text(self, name: str) -> str:
        """Return a set's file as it is. Raises BadInput when there is none."""
        try:
            return read_text(self.path(name))
        except FileNotFoundError as error:
            raise _no_such_set(name, self.names()) from error

    def read(self, name: str) -> BackupSet:
        """Return a set. Raises BadInput when there is none, BadSettings when its file is wrong."""
        return parse_set(name, self.text(name), str(self.path(name)))

    def mentions(self, name: str, key: str) -> bool:
        """Say whether a set's file has a key, known or not. Raises BadInput, BadSettings when it is no TOML."""
        return lines_of(self.text(name), tuple(key.split("."))) is not None

    def add(self, name: str, values: Changes) -> BackupSet:
        """Make a set from values by the whole names of their keys. Raises BadInput when there is one, BadSettings."""
        path, text = self.path(name), first_text(name, values)
        made = parse_set(name, text, str(path))
        with only_writer(self.folder, self._lock_seconds):
            if path.is_symlink() or path.exists():
                raise BadInput(N_("there is a backup set {name!r} already"), N_("'gdp set edit {name}' changes it."), name=name)
            write_text(path, text)
        return made

    def change(self, name: str, values: Changes) -> BackupSet:
        """Change single keys; None leaves one out. Raises BadInput; BadSettings, and writes nothing, when it would be wrong."""
        path = self.path(name)
        with only_writer(self.folder, self._lock_seconds):
            text = self.text(name)
            parse_toml(text, str(path))
            changed = change(text, values)
            made = parse_set(name, changed, str(path))
            if changed != text:
                write_text(path, changed)
        return made

    def replace(self, name: str, text: str, *, was: str) -> BackupSet:
        """Replace a set's whole text. Raises BadSettings, and BadInput when it is not any more what it was."""
        path = self.path(name)
        made = parse_set(name, text, str(path))
        with only_writer(self.folder, self._lock_seconds):
            if self.text(name) != was:
                raise BadInput(N_("{path} was changed by somebody else meanwhile"), path=path)
            if text != was:
                write_text(path, text)
        return made

    def remove(self, name: str) -> None:
        """Remove a set, and never what it has backed up. Raises BadInput when there is none."""
        with only_writer(self.folder, self._lock_seconds):
            try:
                remove(self.path(name))
            except FileNotFoundError as error:
                raise _no_such_set(name, self.names()) from error


def parse_set(name: str, text: str, file: str) -> BackupSet:
    """Return what a set's text means. Raises BadSettings."""
    values = read_values(text, SET, file)
    sections: dict[str, Any] = {
        section.name: tuple(section.struct(**entry) for entry in values[section.name])
        if section.is_many
        else section.struct(**values[section.name])
        for section in SET
    }
    return BackupSet(name=name, **sections)


def written_values(backup_set: BackupSet) -> dict[str, Any]:
    """Return every key of a set as its file would have it, defaults too; None for a key that is left out and has none."""
    found: dict[str, Any] = {}
    for section, key in every_key(SET):
        holder = getattr(backup_set, section.name)
        if section.is_many:
            found[section.name] = [_written(section.keys, entry) for entry in holder]
        else:
            found |= {section.path_of(key): _written((key,), holder)[key.name]}
    return found


def _written(keys: Any, holder: msgspec.Struct) -> dict[str, Any]:
    values = {key.name: (key, getattr(holder, key.attribute)) for key in keys}
    return {name: None if value is None else key.kind.write(value) for name, (key, value) in values.items()}


def _no_such_set(name: str, names: list[str]) -> BadInput:
    import difflib

    close = difflib.get_close_matches(name, names, 1)
    if close:
        return BadInput(N_("there is no backup set {name!r}"), N_("Did you mean {meant!r}?"), name=name, meant=close[0])
    return BadInput(N_("there is no backup set {name!r}"), _LISTED, name=name)
