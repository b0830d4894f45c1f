"""Who is logged in, and who tried to."""

from peewee import BooleanField, ForeignKeyField, TextField

from server.models.base import Row
from server.models.fields import UtcDateTimeField
from server.models.party import Party
from server.models.people import User


class Session(Row):
    """One browser that is logged in. The browser holds the token, the row its hash."""

    token_hash = TextField(unique=True)
    user = ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    user_id: int
    party = ForeignKeyField(Party, null=True, backref="+", on_delete="CASCADE")
    """the party as which its user works; None until the second factor has come"""
    party_id: int | None
    on_behalf_of = ForeignKeyField(Party, null=True, backref="+", on_delete="CASCADE")
    """the party below as which he looks at things"""
    on_behalf_of_id: int | None
    created_at = UtcDateTimeField()
    last_seen_at = UtcDateTimeField()
    address = TextField()
    agent = TextField()
    totp_offer = TextField(null=True)
    """the secret of a second factor that is being set up"""
    revoked_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "session"


class LoginAttempt(Row):
    """One try to log in, by e-mail address and by network address."""

    subject = TextField()
    """``email:...`` or ``address:...``"""
    at = UtcDateTimeField()
    succeeded = BooleanField(default=False)

    class Meta:
        table_name = "login_attempt"
        indexes = ((("subject", "at"), False),)
