"""What was stored is taken in from a file: whole, or not at all where a line is wrong. What is billed stays as it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice

from server.domain.errors import RuleBroken
from server.domain.sentence import N_
from server.domain.usage_sheet import BadLine, Reading, read_usage_sheet
from server.models.base import database
from server.models.contract import Contract, UsageRow

CHUNK = 300  # rows written at once


@dataclass(frozen=True, slots=True)
class UsageReport:
    """What became of a file."""

    lines: int
    """how many were taken in: all, or none"""
    bad: tuple[BadLine, ...]
    """everything that is wrong, in the file's order"""


def import_usage(data: bytes, *, today: date, now: datetime) -> UsageReport:
    """Take in what was stored. A day that is there already is replaced, unless it is billed; the same again changes nothing.

    Raises RuleBroken when it is no file of usage at all.
    """
    bad: list[BadLine] = []
    count = 0
    with database.atomic() as transaction:
        lines = read_usage_sheet(data, today=today)
        while chunk := list(islice(lines, CHUNK)):
            bad.extend(one for one in chunk if isinstance(one, BadLine))
            readings = [one for one in chunk if isinstance(one, Reading)]
            bad.extend(_take_in(readings, now=now))
            count += len(readings)
        if bad:
            transaction.rollback()
            return UsageReport(0, tuple(sorted(bad, key=lambda one: one.line)))
    return UsageReport(count, ())


def _take_in(readings: Sequence[Reading], *, now: datetime) -> list[BadLine]:
    """Write some lines; return those that cannot be."""
    numbers = {one.contract for one in readings}
    known = {row.number: row.id for row in Contract.select(Contract.id, Contract.number).where(Contract.number.in_(numbers))}
    days = {one.usage.day for one in readings}
    there = UsageRow.select().where(UsageRow.contract.in_(list(known.values())) & UsageRow.day.in_(days))
    billed = {(row.contract_id, row.day): row for row in there if row.billed_at is not None}
    bad, rows = [], []
    for one in readings:
        contract, usage = known.get(one.contract), one.usage
        if contract is None:
            bad.append(BadLine(one.line, RuleBroken(N_("There is no contract {contract}."), contract=one.contract[:40])))
            continue
        row = billed.get((contract, usage.day))
        if row is None:
            rows.append(
                {
                    "contract": contract, "day": usage.day, "stored_bytes": usage.stored_bytes, "metering": usage.metering,
                    "recorded_at": now,
                }
            )  # fmt: skip
        elif (row.stored_bytes, row.metering) != (usage.stored_bytes, usage.metering):
            error = RuleBroken(N_("{day} of {contract} is billed already."), day=usage.day, contract=one.contract)
            bad.append(BadLine(one.line, error))
    if rows:
        changed = [UsageRow.stored_bytes, UsageRow.metering, UsageRow.recorded_at]
        UsageRow.insert_many(rows).on_conflict(
            conflict_target=[UsageRow.contract, UsageRow.day], preserve=changed, where=UsageRow.billed_at.is_null()
        ).execute()
    return bad
