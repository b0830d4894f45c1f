"""Orders, what happened to them, and the sheets that came back signed."""

from peewee import SQL, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.invoice import PaidBy
from server.domain.order import OrderKind, OrderState, OrderStep
from server.models.base import Row
from server.models.catalogue import PackageVersion
from server.models.contract import Contract, ContractItem, Mandate
from server.models.fields import UtcDateTimeField, word_field
from server.models.party import Party
from server.models.people import User


class Order(Row):
    """What a customer orders, from the draft to the service that runs."""

    number = TextField(unique=True)
    customer = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    customer_id: int
    reseller = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    """who draws it up"""
    reseller_id: int
    seller = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    """who becomes the customer's creditor"""
    seller_id: int
    distributor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    """who releases it"""
    distributor_id: int
    kind = word_field(OrderKind)
    state = word_field(OrderState)
    contract = ForeignKeyField(Contract, null=True, backref="+", on_delete="RESTRICT")
    """which is changed or ended; of a new one once it is released"""
    contract_id: int | None
    item = ForeignKeyField(ContractItem, null=True, backref="+", on_delete="RESTRICT")
    """what came of it at its release"""
    item_id: int | None
    package_version = ForeignKeyField(PackageVersion, null=True, backref="+", on_delete="RESTRICT")
    """None: of a cancellation"""
    package_version_id: int | None
    paid_by = word_field(PaidBy)
    mandate = ForeignKeyField(Mandate, null=True, backref="+", on_delete="RESTRICT")
    """that is signed with it, or exists"""
    mandate_id: int | None
    effective = DateField(null=True)
    """wished first day, of a cancellation the day after the last; None: from the first payment on"""
    is_trial = BooleanField(default=False)
    buyer_reference = TextField(default="")
    version = IntegerField(default=1)
    """goes up with each edit; printed on the sheets"""
    paper = TextField(default="")
    """JSON of what was printed in this version, prices and all; empty: not printed"""
    content_hash = TextField(default="")
    reason = TextField(default="")
    """of a rejection"""
    created_at = UtcDateTimeField()
    printed_at = UtcDateTimeField(null=True)
    signed_at = UtcDateTimeField(null=True)
    signed_on_paper = BooleanField(default=False)
    """somebody says that the signed paper is there, without a scan"""
    released_at = UtcDateTimeField(null=True)
    over_at = UtcDateTimeField(null=True)
    revision = IntegerField(default=1)
    """goes up with every change of the row, so that nobody overwrites what he has not seen"""

    class Meta:
        table_name = "orders"  # "order" is a word of SQL
        indexes = (
            (("customer", "id"), False),
            (("reseller", "state"), False),
            (("distributor", "state"), False),
            (("seller", "state"), False),
        )


# One open order of a contract at a time: a second change would be of something that is about to change.
Order.add_index(
    SQL(
        "CREATE UNIQUE INDEX orders_open_change ON orders (contract_id) WHERE contract_id IS NOT NULL"
        " AND state IN ('draft', 'printed', 'signed', 'released', 'awaiting payment', 'rejected')"
    )
)


class OrderEvent(Row):
    """One step of an order. Rows are only added."""

    order = ForeignKeyField(Order, backref="events", on_delete="RESTRICT")
    order_id: int
    step = word_field(OrderStep)
    state = word_field(OrderState)
    """to which it led"""
    version = IntegerField()
    at = UtcDateTimeField()
    user = ForeignKeyField(User, null=True, backref="+", on_delete="SET NULL")
    """None: the server itself"""
    user_id: int | None
    note = TextField(default="")
    """a reason, or how it was known"""

    class Meta:
        table_name = "order_event"


class Scan(Row):
    """A file with signed sheets, as it was uploaded."""

    party = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    """whose user uploaded it"""
    party_id: int
    uploaded_by = ForeignKeyField(User, null=True, backref="+", on_delete="SET NULL")
    uploaded_by_id: int | None
    uploaded_at = UtcDateTimeField()
    file = TextField()
    """name among the server's files: the hash of its bytes"""
    file_name = TextField()
    """as it was called at the user's"""
    media_type = TextField()
    bytes = IntegerField()
    pages = IntegerField()

    class Meta:
        table_name = "scan"
        indexes = ((("party", "id"), False),)


class ScanSheet(Row):
    """One sheet that is on a page of a scan, and the order it belongs to."""

    scan = ForeignKeyField(Scan, backref="sheets", on_delete="CASCADE")
    scan_id: int
    page = IntegerField()
    """from 1"""
    order = ForeignKeyField(Order, null=True, backref="sheets", on_delete="RESTRICT")
    """None: nobody knows yet"""
    order_id: int | None
    mark = TextField(default="")
    """what its QR says; empty: it has none that can be read"""
    part = TextField(default="")
    verdict = TextField(default="")
    """what it was to the order when it came; see ``Verdict``"""
    matched_by = ForeignKeyField(User, null=True, backref="+", on_delete="SET NULL")
    """None: by its QR"""
    matched_by_id: int | None

    class Meta:
        table_name = "scan_sheet"
