"""How long the rest will take, judged by the last half minute. Pure: the caller supplies the clock's time."""

from collections import deque

WINDOW_SECONDS = 30.0  # long enough to smooth single large files, short enough to notice another speed
_LEAST_SECONDS = 2.0  # before that any guess is wild
_SAMPLE_SECONDS = 0.5


class Estimator:
    """Watches one quantity grow towards its total."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def observe(self, now: float, done: int) -> None:
        """Note that ``done`` units are finished at ``now`` (seconds)."""
        if self._samples and now - self._samples[-1][0] < _SAMPLE_SECONDS:
            return
        self._samples.append((now, done))
        while now - self._samples[0][0] > WINDOW_SECONDS and len(self._samples) > 1:
            self._samples.popleft()

    def rate(self, now: float, done: int) -> float | None:
        """Return units a second, or None while it is too early to say."""
        if not self._samples:
            return None
        since, before = self._samples[0]
        if now - since < _LEAST_SECONDS or done <= before:
            return None
        return (done - before) / (now - since)

    def remaining_seconds(self, now: float, done: int, total: int | None) -> float | None:
        """Return the seconds to the end, or None when nobody can know."""
        rate = self.rate(now, done)
        return None if rate is None or total is None or done >= total else (total - done) / rate
