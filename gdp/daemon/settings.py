"""The sets as the daemon goes by them: read again when their files change. A wrong file changes nothing but what is said."""

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.model.backup_set import BackupSet
from gdp.settings.configuration import ConfigurationFile
from gdp.settings.language import chosen_language
from gdp.settings.sets import SetFiles
from gdp.settings.zone import LOCALTIME, local_zone

Fingerprint = tuple[tuple[str, int, int, int], ...]


class LiveSettings:
    """What the files of a home folder say, as of the last ``read``."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._files = SetFiles(home)
        self._fingerprint: Fingerprint | None = None
        self.sets: dict[str, BackupSet] = {}
        self.wrong: dict[str, GdpError] = {}
        """by set: why its file is not what the daemon goes by"""
        self.zone: tzinfo = local_zone()
        self.language = chosen_language(home)
        """of the configuration; None: the system's"""

    def read_if_changed(self) -> bool:
        """Read everything again when a file has changed; say whether one has."""
        if self._look() == self._fingerprint:
            return False
        self.read()
        return True

    def read(self) -> None:
        """Read everything again. What cannot be read stays as it was."""
        self._fingerprint = self._look()  # before: a change meanwhile is one for the next time
        self.zone = local_zone()
        with suppress(GdpError):
            self.language = ConfigurationFile(self._home).read().language
        try:
            names = self._files.names()
        except GdpError as error:
            self.wrong = dict.fromkeys(self.sets, error)
            return
        sets: dict[str, BackupSet] = {}
        wrong: dict[str, GdpError] = {}
        for name in names:
            try:
                sets[name] = self._files.read(name)
            except GdpError as error:
                wrong[name] = error
                if name in self.sets:
                    sets[name] = self.sets[name]
        self.sets, self.wrong = sets, wrong

    def _look(self) -> Fingerprint:
        try:
            with os.scandir(self._files.folder) as entries:
                names: Iterable[str] = sorted(entry.path for entry in entries if entry.name.endswith(".toml"))
        except OSError:
            names = ()
        return tuple(_look_at(name) for name in (*names, str(self._home / "config.toml"), LOCALTIME))


def _look_at(name: str) -> tuple[str, int, int, int]:
    try:
        facts = os.stat(name)
    except OSError:
        return name, 0, 0, 0
    return name, facts.st_mtime_ns, facts.st_size, facts.st_ino
