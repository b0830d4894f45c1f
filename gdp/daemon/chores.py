"""What the daemon does again and again, fired by the ``schedule`` package.

That reckons in naive local time: when the clock is set back, or an hour comes twice, it would sleep until the old time is reached
again. So whenever the clock and the time that has really passed differ, everything is planned anew.
"""

import time
from collections.abc import Callable
from datetime import datetime

from schedule import CancelJob, Scheduler

JUMP_SECONDS = 2.0
_ONCE = "once"


class Chores:
    """All of them.

    Args:
        monotonic: seconds that pass, whatever the clock shows.
        naive_now: what the clock on the wall shows; only compared with itself.
    """

    def __init__(
        self,
        monotonic: Callable[[], float] = time.monotonic,
        naive_now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._scheduler = Scheduler()
        self._monotonic, self._naive_now = monotonic, naive_now
        self._every: list[tuple[int, Callable[[], None]]] = []
        self._seen = (monotonic(), naive_now())
        self.on_jump: Callable[[], None] = lambda: None
        """called after the clock was set, or the computer has slept"""

    def every(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something again and again, at most as often as once a second."""
        whole = max(1, int(seconds))
        self._every.append((whole, action))
        self._scheduler.every(whole).seconds.do(action)

    def once_in(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something once, instead of what was to be done once before."""
        self._scheduler.clear(_ONCE)

        def act() -> type[CancelJob]:
            action()
            return CancelJob

        self._scheduler.every(max(1, int(seconds + 0.999))).seconds.do(act).tag(_ONCE)

    def run_pending(self) -> None:
        """Do what is due."""
        if self._has_jumped():
            self._scheduler.clear()
            for seconds, action in self._every:
                self._scheduler.every(seconds).seconds.do(action)
            self.on_jump()
        self._scheduler.run_pending()

    @property
    def idle_seconds(self) -> float:
        """How long nothing is due: at least nothing at all, at most a minute."""
        idle = self._scheduler.idle_seconds
        return 60.0 if idle is None else min(60.0, max(0.0, idle))

    def _has_jumped(self) -> bool:
        passed, shown = self._seen
        self._seen = (self._monotonic(), self._naive_now())
        return abs((self._seen[1] - shown).total_seconds() - (self._seen[0] - passed)) > JUMP_SECONDS
