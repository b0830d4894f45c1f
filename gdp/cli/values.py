"""Sizes, durations and the like as they are typed on a command line."""

import re
import time
from typing import TYPE_CHECKING

import click

from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_, translate

if TYPE_CHECKING:
    # generic since click 8.4, for the type checker only
    _NumberType = click.ParamType[int]
    _DurationType = click.ParamType[float]
    _TagType = click.ParamType[tuple[str, ...]]
else:
    _NumberType = _DurationType = _TagType = click.ParamType

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def parse_size(text: str) -> int | None:
    """Return bytes of ``500K`` or ``1.5G`` (powers of 1024), or None for what is no size."""
    match = _SIZE.fullmatch(text.strip())
    return int(float(match[1]) * 1024 ** _POWERS[match[2].lower()]) if match else None


def typed_size(size: int) -> str:
    """Return bytes as a person would type them: ``128K``, ``1M``."""
    for unit in ("", "K", "M", "G"):
        if size < 1024 or size % 1024:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}T"


def parse_duration(text: str) -> float | None:
    """Return seconds of ``90s``, ``5m`` or ``1h30m``, or None for what is no duration."""
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


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
        seconds = parse_duration(str(value))
        if seconds is None:
            sentence = translate(N_("{text!r} is no duration; write it like 90s, 5m or 1h30m"))
            self.fail(sentence.format(text=value), param, ctx)
        return seconds


class TagList(_TagType):
    """Tags separated by commas."""

    name = "tags"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(tag.strip() for tag in str(value).split(",") if tag.strip())
