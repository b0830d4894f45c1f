"""The invoices of a month are issued, each in a transaction of its own: whoever is killed goes on where he was, and of two at
once each issues what the other has not.

What was stored is frozen first, so that all tiers bill the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from peewee import IntegrityError

from server.domain.errors import RuleBroken, ServerError
from server.domain.month import Month
from server.domain.sentence import N_
from server.domain.usage import Metering
from server.models.base import database
from server.models.contract import UsageRow
from server.models.money import Invoice
from server.services.invoice_facts import deliveries, missing_days, tuples_of
from server.services.invoice_plan import Refused, chunks_of, plan
from server.services.issuing import Issued, Planned, issue


@dataclass(frozen=True, slots=True)
class Step:
    """One document that was planned, and what became of it."""

    planned: Planned
    issued: Issued


def check_over(month: Month, today: date) -> None:
    """Raise RuleBroken where a month is not over: its usage is not known yet."""
    if today < month.end:
        raise RuleBroken(
            N_("{month} is not over yet: it is billed from {day} on."),
            N_("--dry-run shows what has come up so far."),
            field="month",
            month=str(month),
            day=month.end,
        )


def run(month: Month, *, today: date, now: datetime) -> Iterator[Step | Refused]:
    """Issue everything of a month that is not issued yet; yields each document once it is there for good.

    Raises RuleBroken where the month is not over. What one edge lacks does not stop the others.
    """
    check_over(month, today)
    freeze(month, now=now)
    for one in plan(month):
        if isinstance(one, Refused):
            yield one
            continue
        try:
            yield Step(one, issue(one, today=today, now=now))
        except ServerError as error:
            yield Refused(one.issuer_id, one.recipient_id, one.contract, error)
        except IntegrityError:
            if not _is_there(one):
                raise


def freeze(month: Month, *, now: datetime) -> None:
    """Let what was stored in a month stay as it is. A day of which nobody knows anything is written down as missing."""
    for chunk in chunks_of(month):
        with database.atomic():
            mine = UsageRow.contract.in_(chunk) & (UsageRow.day >= month.first) & (UsageRow.day < month.end)
            UsageRow.update(billed_at=now).where(mine & UsageRow.billed_at.is_null()).execute()
            known: dict[int, set[date]] = {}
            for number, day in tuples_of(UsageRow.select(UsageRow.contract, UsageRow.day).where(mine)):
                known.setdefault(number, set()).add(day)
            rows = [
                {
                    "contract": number, "day": day, "stored_bytes": 0, "metering": Metering.MISSING,
                    "recorded_at": now, "billed_at": now,
                }
                for number, one in deliveries(chunk, None, month).items()
                for day in missing_days(one.services, known.get(number, ()), month)
            ]  # fmt: skip
            if rows:
                UsageRow.insert_many(rows).on_conflict_ignore().execute()


def _is_there(planned: Planned) -> bool:
    same = (Invoice.issuer == planned.issuer_id) & (Invoice.recipient == planned.recipient_id) & (Invoice.kind == planned.kind)
    about = Invoice.contract.is_null() if planned.contract_id is None else Invoice.contract == planned.contract_id
    return bool(Invoice.select().where(same & about & (Invoice.period == planned.period)).exists())
