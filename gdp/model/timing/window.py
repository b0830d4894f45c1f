"""The hours of the week in which a backup may run: ``20:00-06:00``, ``mon-fri 20:00-06:00; sat,sun``."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.model.timing.local import day_of
from gdp.model.timing.span import ALL_THE_TIME, Span, parse_span
from gdp.model.timing.words import plain_words

_DAY = timedelta(days=1)
_DAYS_AHEAD = 17  # two weeks and more: the clock may jump over one week's stretch
_ALWAYS = "00:00-24:00"
_AT_ANY_TIME = [plain_words(words) for words in ("at any time", "jederzeit")]
_WRITTEN = N_("Write it like: 20:00-06:00, or: mon-fri 20:00-06:00; sat,sun.")


@dataclass(frozen=True, slots=True)
class Window:
    """When a backup may run: in any of the spans."""

    spans: tuple[Span, ...]
    """not empty"""

    def contains(self, moment: datetime, zone: tzinfo) -> bool:
        """Say whether a backup may run at a moment."""
        return any(span.contains(moment, zone) for span in self.spans)

    def ends_after(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Return until when a backup that runs at ``moment`` may go on, in UTC: ``moment`` itself when it may not run at all.

        Stretches that touch are one. None: for longer than two weeks, so for ever.
        """
        end = moment.astimezone(UTC)
        for begin, until in self._stretches(moment, zone):
            if begin > end:
                return end
            end = max(end, until)
        return None

    def opens_after(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return when a backup that is due at ``moment`` may begin, in UTC: ``moment`` itself when it may at once."""
        start = moment.astimezone(UTC)
        return next(max(begin, start) for begin, until in self._stretches(moment, zone) if max(begin, start) < until)

    def _stretches(self, moment: datetime, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
        """Yield the stretches that end after the day before ``moment``, by beginning, for two weeks and more."""
        first = day_of(moment, zone) - _DAY
        for number in range(_DAYS_AHEAD):
            stretches = (span.on(first + _DAY * number, zone) for span in self.spans)
            yield from sorted(stretch for stretch in stretches if stretch is not None)

    def __str__(self) -> str:
        return "; ".join(str(span) or _ALWAYS for span in self.spans)

    def describe(self) -> str:
        """Return it in the user's language."""
        return "; ".join(span.describe() or translate(N_("at any time")) for span in self.spans)


def parse_window(text: str) -> Window:
    """Return the window of ``20:00-06:00``; spans with days of their own are parted by semicolons. Raises BadInput."""
    try:
        return Window(tuple(_parse_part(plain_words(part)) for part in text.split(";")))
    except BadInput as problem:
        raise BadInput(N_("the window {text!r} is not understood: {problem}"), _WRITTEN, text=text, problem=problem) from None


def _parse_part(words: list[str]) -> Span:
    if not words:
        raise BadInput(N_("it is empty"))
    return ALL_THE_TIME if words in _AT_ANY_TIME else parse_span(words)
