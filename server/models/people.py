"""Users, what they are in which party, and the links by which they come in."""

from peewee import ForeignKeyField, IntegerField, TextField

from server.domain.rights import Role
from server.domain.sentence import N_, Word
from server.models.base import Row
from server.models.fields import UtcDateTimeField, word_field
from server.models.party import Party


class Purpose(Word):
    """What a link is for."""

    JOIN = "join", N_("Invitation")
    RESET = "reset", N_("New password")


class User(Row):
    """Somebody who logs in."""

    email = TextField(unique=True)
    """lower case"""
    name = TextField()
    password_hash = TextField(null=True)
    """argon2's text; None until a password is set"""
    totp_secret = TextField(null=True)
    """base32; None: no second factor"""
    totp_last_step = IntegerField(default=0)
    """the step of the last code that was taken: none is taken twice"""
    language = TextField(default="de")
    created_at = UtcDateTimeField()
    disabled_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "users"  # "user" is a word of SQL


class RecoveryCode(Row):
    """Stands in for a second factor once."""

    user = ForeignKeyField(User, backref="recovery_codes", on_delete="CASCADE")
    user_id: int
    code_hash = TextField()
    used_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "recovery_code"


class Membership(Row):
    """What a user is in a party."""

    user = ForeignKeyField(User, backref="memberships", on_delete="CASCADE")
    user_id: int
    party = ForeignKeyField(Party, backref="memberships", on_delete="CASCADE")
    party_id: int
    role = word_field(Role)

    class Meta:
        table_name = "membership"
        indexes = ((("user", "party"), True),)


class Invitation(Row):
    """A link that works once: into a party and a role, or to a new password."""

    token_hash = TextField(unique=True)
    purpose = word_field(Purpose)
    party = ForeignKeyField(Party, null=True, on_delete="CASCADE")
    """of an invitation; None for a new password"""
    party_id: int | None
    email = TextField()
    name = TextField(default="")
    role = word_field(Role, null=True)
    language = TextField(default="de")
    created_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    """None: the server itself"""
    created_by_id: int | None
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField()
    used_at = UtcDateTimeField(null=True)
    revoked_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "invitation"
        indexes = ((("party", "email"), False),)
