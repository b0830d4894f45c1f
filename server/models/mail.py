"""Mails that wait, and those that were sent."""

from peewee import ForeignKeyField, IntegerField, TextField

from server.models.base import Row
from server.models.fields import UtcDateTimeField
from server.models.party import Party


class OutgoingMail(Row):
    """One mail to one recipient."""

    recipient = TextField()
    subject = TextField()
    text = TextField()
    """emptied when it was sent by SMTP: it may hold a link that opens a door"""
    html = TextField(null=True)
    language = TextField()
    party = ForeignKeyField(Party, null=True, backref="+", on_delete="SET NULL")
    """whom it is about"""
    party_id: int | None
    created_at = UtcDateTimeField()
    not_before = UtcDateTimeField()
    attempts = IntegerField(default=0)
    sent_at = UtcDateTimeField(null=True)
    gave_up_at = UtcDateTimeField(null=True)
    last_error = TextField(default="")

    class Meta:
        table_name = "outgoing_mail"
        indexes = ((("sent_at", "gave_up_at", "not_before"), False),)
