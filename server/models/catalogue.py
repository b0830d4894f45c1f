"""Packages, their versions, and what they cost on each edge of the tree."""

from peewee import SQL, DateField, ForeignKeyField, IntegerField, TextField

from server.models.base import Row
from server.models.fields import UtcDateTimeField
from server.models.party import Party
from server.models.price_field import PriceField


class Package(Row):
    """Something that is sold, under one code for as long as it lives."""

    owner = ForeignKeyField(Party, backref="packages", on_delete="RESTRICT")
    owner_id: int
    code = TextField()
    name = TextField()

    class Meta:
        table_name = "package"
        indexes = ((("owner", "code"), True),)


class PackageVersion(Row):
    """What a package includes from a day on. Never changed: what was agreed refers to it."""

    package = ForeignKeyField(Package, backref="versions", on_delete="RESTRICT")
    package_id: int
    number = IntegerField()
    """from 1"""
    included_gb = IntegerField()
    """of 10^9 bytes"""
    workstations = IntegerField()
    servers = IntegerField()
    agents = TextField()
    """JSON: how many by kind"""
    valid_from = DateField()
    """from when it is what the package includes, until the next"""
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "package_version"
        indexes = ((("package", "number"), True), (("package", "valid_from"), True))


class Price(Row):
    """What a seller asks a buyer, or everybody, for a version. Periods of the same three never overlap; see domain/prices.py."""

    seller = ForeignKeyField(Party, backref="sale_prices", on_delete="RESTRICT")
    seller_id: int
    buyer = ForeignKeyField(Party, null=True, backref="purchase_prices", on_delete="RESTRICT")
    """None: the default, for everybody directly below who has none of its own"""
    buyer_id: int | None
    version = ForeignKeyField(PackageVersion, backref="prices", on_delete="RESTRICT")
    version_id: int
    valid_from = DateField()
    valid_to = DateField(null=True)
    """the day after its last; None: until further notice"""
    base = PriceField()
    """euro a month"""
    overage = PriceField()
    """euro a GB and month"""
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "price"
        indexes = ((("buyer", "version"), False),)


# What overlaps at all overlaps here first: two that begin on one day, two that go on.
Price.add_index(SQL("CREATE UNIQUE INDEX price_first_day ON price (seller_id, version_id, COALESCE(buyer_id, 0), valid_from)"))
Price.add_index(
    SQL("CREATE UNIQUE INDEX price_that_goes_on ON price (seller_id, version_id, COALESCE(buyer_id, 0)) WHERE valid_to IS NULL")
)
