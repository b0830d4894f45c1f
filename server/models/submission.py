"""Forms that were sent, and what came of them."""

from peewee import ForeignKeyField, IntegerField, TextField

from server.models.base import Row
from server.models.fields import UtcDateTimeField
from server.models.people import User


class Submission(Row):
    """One form that has created something. Its key is drawn when the form is shown."""

    user = ForeignKeyField(User, backref="+", on_delete="CASCADE")
    key = TextField()
    subject_id = IntegerField()
    at = UtcDateTimeField()

    class Meta:
        table_name = "submission"
        indexes = ((("user", "key"), True),)
