"""Work that is done once for each period, whoever starts it and however often, and whenever he is killed."""

from collections.abc import Callable
from datetime import datetime

from peewee import IntegrityError

from server.models.base import database
from server.models.work import JobRun


def do_once(job: str, period: str, work: Callable[[], None], *, now: datetime) -> bool:
    """Do a job for a period unless it is done; return whether it was done here.

    The work and the note that it is done are one transaction: either both are there, or neither. Whoever comes at the same
    moment waits for that transaction, and then finds the note.
    """
    if JobRun.select().where((JobRun.job == job) & (JobRun.period == period)).exists():
        return False
    with database.atomic() as transaction:
        try:
            JobRun.create(job=job, period=period, at=now)
        except IntegrityError:
            transaction.rollback()
            return False
        work()
    return True
