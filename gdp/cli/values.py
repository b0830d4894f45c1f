"""Sizes, durations and the like as they are typed on a command line."""

import time
from typing import TYPE_CHECKING

import click

from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_, translate
from gdp.core.sentences import hint_of, sentence_of
from gdp.model.sizes import parse_size, typed_size
from gdp.model.timing.durations import parse_duration

if TYPE_CHECKING:
    # generic since click 8.4, for the type checker only
    _NumberType = click.ParamType[int]
    _DurationType = click.ParamType[float]
    _TagType = click.ParamType[tuple[str, ...]]
else:
    _NumberType = _DurationType = _TagType = click.ParamType


def parse_moment(text: str) -> int:
    """Return nanoseconds since 1970 of ``2026-11-24 03:10:00`` in this computer's zone, or of RFC 3339. Raises BadInput."""
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return int(time.mktime(time.strptime(text, pattern))) * 1_000_000_000
        except (ValueError, OverflowError):
            continue
    from gdp.core.gotext import parse_time  # start-up time

    try:
        return parse_time(text)
    except DamagedData as error:
        raise BadInput(N_("{text!r} is no time"), N_("Write it as 2026-11-24 03:10:00."), text=text) from error


class Size(_NumberType):
    """A number of bytes: ``4096``, ``500K``, ``1.5G``; K is 1024.

    Args:
        lowest, highest: what is allowed, in bytes.
        needs_unit: refuse a bare number, where another program would read it in another unit.
    """

    name = "size"

    def __init__(self, lowest: int = 0, highest: int | None = None, *, needs_unit: bool = False) -> None:
        self._lowest, self._highest, self._needs_unit = lowest, highest, needs_unit

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        text = str(value)
        size = parse_size(text)
        if size is None:
            self.fail(translate(N_("{text!r} is no size; write it like 500K, 16M or 2G")).format(text=text), param, ctx)
        if self._needs_unit and text.strip().isdigit() and size:
            self.fail(translate(N_("say the unit as well: {text}K means {text} KiB a second")).format(text=text), param, ctx)
        if size < self._lowest or (self._highest is not None and size > self._highest):
            sentence = translate(N_("{text} is not between {lowest} and {highest}"))
            self.fail(
                sentence.format(text=text, lowest=typed_size(self._lowest), highest=typed_size(self._highest or 0)), param, ctx
            )
        return size


class Duration(_DurationType):
    """A number of seconds, typed as ``90s``, ``5m`` or ``1h30m``."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            return parse_duration(str(value)).total_seconds()
        except BadInput as error:
            self.fail(f"{sentence_of(error)}. {hint_of(error)}", param, ctx)


class TagList(_TagType):
    """Tags separated by commas."""

    name = "tags"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(tag.strip() for tag in str(value).split(",") if tag.strip())
