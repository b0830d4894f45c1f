"""Whether sets could begin: asked in threads, since a target that is gone takes its time to say nothing."""

import threading
from collections.abc import Callable
from datetime import datetime

from gdp.jobs.agenda import Condition
from gdp.model.backup_set import BackupSet
from gdp.model.runs import Reason

Asker = Callable[[BackupSet], Reason]
"""Looks whether a set could begin: NONE, UNREACHABLE or BATTERY."""


class Conditions:
    """What is known, by set.

    Args:
        put: brings a callable to the daemon's thread, which calls it.
    """

    def __init__(self, ask: Asker, put: Callable[[Callable[[], None]], None], now: Callable[[], datetime]) -> None:
        self._ask, self._put, self._now = ask, put, now
        self._asking: set[str] = set()
        self.known: dict[str, Condition] = {}

    def ask(self, one: BackupSet) -> None:
        """Begin to look, unless that is being done already."""
        if one.name not in self._asking:
            self._asking.add(one.name)
            threading.Thread(target=self._look, args=(one,), name=f"conditions of {one.name}", daemon=True).start()

    def _look(self, one: BackupSet) -> None:
        reason = Reason.UNREACHABLE
        try:
            reason = self._ask(one)
        finally:
            self._put(lambda: self._note(one.name, reason))

    def _note(self, name: str, reason: Reason) -> None:
        self._asking.discard(name)
        self.known[name] = Condition(self._now(), reason)
