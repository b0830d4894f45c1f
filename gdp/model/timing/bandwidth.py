"""How fast a backup may send and fetch, by time of day: ``mon-fri 08:00-18:00 up 2M down 4M; up 20M``.

Rows are parted by semicolons; the first that holds at a moment decides both directions. Where none does, nothing is limited.
Rates are bytes per second, powers of 1024: ``2M`` is 2 MiB per second.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.model.sizes import parse_size, typed_size
from gdp.model.timing.local import day_of
from gdp.model.timing.span import Span, parse_span
from gdp.model.timing.words import plain_words

_DAY = timedelta(days=1)
_DAYS_AHEAD = 17  # two weeks and more: the clock may jump over one week's stretch
_WRITTEN = N_("Write it like: mon-fri 08:00-18:00 up 2M down 4M; sat,sun unlimited; up 20M.")
_DIRECTIONS = {
    **dict.fromkeys(("up", "upload", "senden", "hoch"), "up"),
    **dict.fromkeys(("down", "download", "empfangen", "herunter"), "down"),
}
_UNLIMITED = ("unlimited", "unbegrenzt")


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bytes per second; 0 is no limit."""

    up: int = 0
    down: int = 0

    def __str__(self) -> str:
        parts = [f"{word} {_written(rate)}" for word, rate in (("up", self.up), ("down", self.down)) if rate]
        return " ".join(parts) or "unlimited"

    def describe(self) -> str:
        """Return it in the user's language."""
        rates = ((N_("up {rate}/s"), self.up), (N_("down {rate}/s"), self.down))
        parts = [translate(sentence).format(rate=_written(rate)) for sentence, rate in rates if rate]
        return " ".join(parts) or translate(N_("unlimited"))


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """A table of limits by time of day; empty: none at any time."""

    rows: tuple[tuple[Span, Limits], ...] = ()

    def limits_at(self, moment: datetime, zone: tzinfo) -> Limits:
        """Return what holds at a moment."""
        return next((limits for span, limits in self.rows if span.contains(moment, zone)), Limits())

    def next_change(self, moment: datetime, zone: tzinfo) -> datetime | None:
        """Return the first moment after ``moment`` at which other limits hold, in UTC; None: these hold for ever."""
        today = day_of(moment, zone)
        edges: set[datetime] = set()
        for number in range(-1, _DAYS_AHEAD):
            for span, _limits in self.rows:
                edges.update(span.on(today + number * _DAY, zone) or ())
        now = self.limits_at(moment, zone)
        changes = (edge for edge in sorted(edges) if edge > moment and self.limits_at(edge, zone) != now)
        change = next(changes, None)
        return change.astimezone(UTC) if change else None

    def __str__(self) -> str:
        return "; ".join(f"{span} {limits}".strip() for span, limits in self.rows)

    def describe(self) -> str:
        """Return the table in the user's language, a row a line."""
        return "\n".join(f"{span.describe() or translate(N_('otherwise'))}: {limits.describe()}" for span, limits in self.rows)


def parse_bandwidth(text: str) -> Bandwidth:
    """Return the table that a text means; an empty one limits nothing. Raises BadInput."""
    if not text.strip():
        return Bandwidth()
    try:
        return Bandwidth(tuple(_parse_row(plain_words(row)) for row in text.split(";")))
    except BadInput as problem:
        raise BadInput(N_("the bandwidth {text!r} is not understood: {problem}"), _WRITTEN, text=text, problem=problem) from None


def _parse_row(words: list[str]) -> tuple[Span, Limits]:
    where = next((place for place, word in enumerate(words) if word in _DIRECTIONS or word in _UNLIMITED), len(words))
    if where == len(words):
        raise BadInput(N_("{part!r} says no rate such as up 2M"), part=" ".join(words))
    return parse_span(words[:where]), _parse_limits(words[where:])


def _parse_limits(words: list[str]) -> Limits:
    if words[0] in _UNLIMITED and len(words) == 1:
        return Limits()
    rates: dict[str, int] = {}
    for place in range(0, len(words), 2):
        word, number = words[place], words[place + 1 : place + 2]
        if word not in _DIRECTIONS or _DIRECTIONS[word] in rates:
            raise BadInput(N_("{part!r} is neither up nor down, or comes twice"), part=word)
        rates[_DIRECTIONS[word]] = _parse_rate(*number)
    return Limits(**rates)


def _written(rate: int) -> str:
    text = typed_size(rate)
    return f"{text}B" if text.isdigit() else text


def _parse_rate(text: str = "") -> int:
    number = text.removesuffix("/s")
    rate = parse_size(number) if not number.isdigit() else None  # a bare number could be anything
    if not rate:
        raise BadInput(N_("{part!r} is no rate such as 500K or 2M"), part=text)
    return rate
