"""The tree of parties: operator, distributors, resellers, customers."""

from peewee import SQL, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.party import PartyKind, SalesMode, TaxStatus
from server.models.base import Row
from server.models.fields import UtcDateTimeField, word_field


class Party(Row):
    """A company or a person somewhere in the tree; only the operator has nobody above."""

    parent = ForeignKeyField("self", null=True, backref="children", on_delete="RESTRICT")
    parent_id: int | None
    kind = word_field(PartyKind)
    mode = word_field(SalesMode, null=True)
    """of resellers"""
    legal_name = TextField()
    is_person = BooleanField(default=False)
    street = TextField(default="")
    house_number = TextField(default="")
    postal_code = TextField(default="")
    city = TextField(default="")
    country = TextField(default="DE")
    """ISO 3166-1, two letters"""
    email = TextField(default="")
    phone = TextField(default="")
    tax_number = TextField(default="")
    vat_id = TextField(default="")
    vat_id_confirmed_on = DateField(null=True)
    tax_status = word_field(TaxStatus, default=TaxStatus.STANDARD)
    creditor_id = TextField(default="")
    brand_name = TextField(default="")
    brand_colour = TextField(default="")
    """``#rrggbb``, or empty"""
    brand_logo = TextField(default="")
    """the name of a file among the server's, or empty"""
    brand_key = TextField(default="")
    """in the address of the login page with this party's brand; nobody guesses it. Empty: there is none yet"""
    requires_two_factor = BooleanField(default=False)
    """of everybody who belongs to it or to a party below"""
    version = IntegerField(default=1)
    """goes up with every change, so that nobody overwrites what he has not seen"""
    created_at = UtcDateTimeField()
    ended_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "party"
        indexes = ((("parent", "legal_name"), False),)


Party.add_index(SQL("CREATE UNIQUE INDEX party_brand_key ON party (brand_key) WHERE brand_key <> ''"))
Party.add_index(SQL("CREATE INDEX party_brand_logo ON party (brand_logo) WHERE brand_logo <> ''"))
