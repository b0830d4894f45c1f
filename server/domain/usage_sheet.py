"""What was stored, as a CSV file: contract;day;bytes, and how it was measured where it was not on the day. Pure."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from server.domain.errors import RuleBroken
from server.domain.sentence import N_
from server.domain.usage import Metering, UsageDay

MOST_LINES = 200_000  # a day of 100,000 contracts, with room
_BYTES = re.compile(r"[0-9]{1,18}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEAD = "contract"  # what a first line begins with that names the columns


@dataclass(frozen=True, slots=True)
class Reading:
    """One line that makes sense by itself."""

    line: int
    contract: str
    """its number"""
    usage: UsageDay


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that does not."""

    line: int
    error: RuleBroken


def read_usage_sheet(data: bytes, *, today: date) -> Iterator[Reading | BadLine]:
    """Yield every line of a file, empty ones left out. Raises RuleBroken when it is no such file at all."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise RuleBroken(N_("The file is no text in UTF-8."), field="file") from error
    if len(lines) > MOST_LINES:
        raise RuleBroken(N_("The file has more than {most} lines."), N_("Divide it."), field="file", most=MOST_LINES)
    seen: set[tuple[str, date]] = set()
    for number, text in enumerate(lines, 1):
        if not text.strip() or (number == 1 and text.casefold().startswith(_HEAD)):
            continue
        try:
            contract, usage = _read(text, today)
            if (contract, usage.day) in seen:
                raise RuleBroken(N_("{contract} has the day {day} twice."), contract=contract, day=usage.day)
        except RuleBroken as error:
            yield BadLine(number, error)
            continue
        seen.add((contract, usage.day))
        yield Reading(number, contract, usage)


def _read(text: str, today: date) -> tuple[str, UsageDay]:
    try:
        cells = [cell.strip() for cell in next(csv.reader([text], delimiter=";", strict=True))]
    except csv.Error as error:
        raise RuleBroken(N_("The line cannot be read: {reason}"), reason=str(error)) from error
    if len(cells) not in {3, 4} or not cells[0]:
        raise RuleBroken(N_("A line is: contract;2026-11-24;bytes, perhaps with ;measured, ;late or ;missing."))
    contract, day_text, stored, *how = cells
    if not _BYTES.fullmatch(stored):
        raise RuleBroken(N_("{text} is no number of bytes."), text=stored[:40])
    day = _day(day_text)
    if day > today:
        raise RuleBroken(N_("{day} is not there yet."), day=day)
    try:
        metering = Metering(how[0] if how and how[0] else Metering.MEASURED)
    except ValueError as error:
        raise RuleBroken(N_("{text} is not measured, late or missing."), text=how[0][:40]) from error
    return contract, UsageDay(day, int(stored), metering)


def _day(text: str) -> date:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise RuleBroken(N_("{text} is no day."), N_("Write it like 2026-11-24."), text=text[:40])
