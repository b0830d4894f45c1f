"""Which daily and monthly work is done."""

from peewee import TextField

from server.models.base import Row
from server.models.fields import UtcDateTimeField


class JobRun(Row):
    """A job was done for a period. Written in the job's own transaction: it is there when and only when the effects are."""

    job = TextField()
    period = TextField()
    """such as ``2026-11-24``"""
    at = UtcDateTimeField()

    class Meta:
        table_name = "job_run"
        indexes = ((("job", "period"), True),)
