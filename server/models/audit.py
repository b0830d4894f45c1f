"""What was done, and by whom. Rows are only added; the database refuses to change or delete them."""

from peewee import ForeignKeyField, IntegerField, TextField

from server.models.base import Row
from server.models.fields import UtcDateTimeField
from server.models.party import Party
from server.models.people import User


class AuditEntry(Row):
    """One change. What it holds of persons stands in ``details``, which alone may be emptied."""

    at = UtcDateTimeField()
    user = ForeignKeyField(User, null=True, backref="+", on_delete="RESTRICT")
    """None: the server itself"""
    user_id: int | None
    on_behalf_of = ForeignKeyField(Party, null=True, backref="+", on_delete="RESTRICT")
    """the party as which the user was logged in"""
    on_behalf_of_id: int | None
    party = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    """whose subtree sees the entry"""
    party_id: int
    action = TextField()
    """such as ``invitation.sent``"""
    subject_kind = TextField()
    subject_id = IntegerField(null=True)
    details = TextField()
    """JSON: what was changed, before and after; never secrets"""

    class Meta:
        table_name = "audit_entry"
        indexes = ((("at", "id"), False), (("party", "at"), False), (("subject_kind", "subject_id"), False))
