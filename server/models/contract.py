"""Contracts: what is delivered to a customer, since when, at which prices on each edge, and how much is stored."""

from peewee import BigIntegerField, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.contract import ContractState
from server.domain.invoice import PaidBy
from server.domain.mandate import Scheme
from server.domain.usage import Metering
from server.models.base import Row
from server.models.catalogue import PackageVersion
from server.models.fields import UtcDateTimeField, word_field
from server.models.party import Party
from server.models.price_field import PriceField


class Mandate(Row):
    """The permission to debit an account. A new account needs a new one."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    reference = TextField()
    scheme = word_field(Scheme)
    holder = TextField()
    iban = TextField()
    bic = TextField(default="")
    prenotification_days = IntegerField()
    signed_on = DateField(null=True)
    """None: printed, and not signed yet"""
    valid_from = UtcDateTimeField(null=True)
    """when its order was released; None: it cannot be used yet"""
    last_used_on = DateField(null=True)
    revoked_on = DateField(null=True)
    is_known_to_bank = BooleanField(default=False)
    """of B2B: the debtor has told its bank"""
    evidence = TextField(default="")
    """name of the signed sheet among the server's files"""
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "mandate"
        indexes = ((("creditor", "reference"), True), (("debtor", "creditor"), False))


class Contract(Row):
    """What a customer has with its seller: one repository, one package at a time."""

    customer = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    customer_id: int
    seller = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    """who sends invoices and is the creditor: the reseller, or, of an agency, the distributor"""
    seller_id: int
    number = TextField(unique=True)
    repository = TextField(unique=True)
    """the name of its repository in the data centre"""
    state = word_field(ContractState)
    paid_by = word_field(PaidBy)
    mandate = ForeignKeyField(Mandate, null=True, backref="+", on_delete="RESTRICT")
    mandate_id: int | None
    buyer_reference = TextField(default="")
    """what the customer wants to read on invoices: a Leitweg-ID, an order number"""
    notice_months = IntegerField()
    starts = DateField(null=True)
    """first day that is delivered; None: waits for the first payment"""
    ends = DateField(null=True)
    """the day after its last; None: it goes on"""
    activated_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()
    version = IntegerField(default=1)

    class Meta:
        table_name = "contract"
        indexes = ((("customer", "state"), False), (("seller", "state"), False))


class ContractItem(Row):
    """One package for a span of days. The items of a contract never overlap."""

    contract = ForeignKeyField(Contract, backref="items", on_delete="RESTRICT")
    contract_id: int
    package_version = ForeignKeyField(PackageVersion, backref="+", on_delete="RESTRICT")
    package_version_id: int
    starts = DateField(null=True)
    """None: waits for the first payment"""
    ends = DateField(null=True)
    """the day after its last"""
    free_until = DateField(null=True)
    """first day that is billed, after a trial"""

    class Meta:
        table_name = "contract_item"


class AgreedPrice(Row):
    """What an item costs on one edge, frozen when its order was released. Never changed."""

    item = ForeignKeyField(ContractItem, backref="prices", on_delete="RESTRICT")
    item_id: int
    seller = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    seller_id: int
    buyer = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    buyer_id: int
    base = PriceField()
    overage = PriceField()

    class Meta:
        table_name = "agreed_price"
        indexes = ((("item", "seller", "buyer"), True), (("seller", "buyer"), False))


class UsageRow(Row):
    """How much was stored for a contract on a day in Berlin."""

    contract = ForeignKeyField(Contract, backref="+", on_delete="RESTRICT")
    contract_id: int
    day = DateField()
    stored_bytes = BigIntegerField()
    metering = word_field(Metering)
    recorded_at = UtcDateTimeField()
    billed_at = UtcDateTimeField(null=True)
    """None: may still be set right; else it stands on an invoice"""

    class Meta:
        table_name = "usage_day"
        indexes = ((("contract", "day"), True),)
