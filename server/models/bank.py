"""Money by bank: debits from the announcement to the bank's answer, and what was read of what banks send."""

from peewee import BigIntegerField, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.banking import DebitState, ReturnDecision
from server.domain.mandate import Scheme
from server.domain.settlement import ItemState
from server.models.base import Row
from server.models.contract import Mandate
from server.models.fields import UtcDateTimeField, word_field
from server.models.party import Party
from server.models.people import User


class AnnouncedDebit(Row):
    """A debit that its debtor was told of."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    mandate = ForeignKeyField(Mandate, backref="+", on_delete="RESTRICT")
    mandate_id: int
    reference = TextField()
    due = DateField()
    cents = BigIntegerField()
    """the most that is collected by it"""
    shares = TextField()
    """JSON: pairs of a receivable's id and cents"""
    state = word_field(DebitState)
    announced_on = DateField()

    class Meta:
        table_name = "announced_debit"
        indexes = ((("creditor", "reference"), True), (("creditor", "state"), False))


class BankFile(Row):
    """A file of debits as it was made: its bytes are served again, never made again."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    scheme = word_field(Scheme)
    message_id = TextField(unique=True)
    file = TextField()
    """name among the server's files"""
    count = IntegerField()
    cents = BigIntegerField()
    created_at = UtcDateTimeField()
    laid_out = BooleanField(default=False)
    """lies in the folder from which the bank's program takes it"""

    class Meta:
        table_name = "bank_file"
        indexes = ((("creditor", "created_at"), False),)


class CollectionItem(Row):
    """One debit in a file for the bank."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debit = ForeignKeyField(AnnouncedDebit, backref="items", on_delete="RESTRICT")
    debit_id: int
    file = ForeignKeyField(BankFile, backref="items", on_delete="RESTRICT")
    file_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    mandate = TextField()
    """its reference"""
    payment_id = TextField()
    end_to_end_id = TextField()
    iban = TextField()
    cents = BigIntegerField()
    due = DateField()
    shares = TextField()
    """JSON: what it collects"""
    settled = TextField(default="[]")
    """JSON: what its payment went to"""
    state = word_field(ItemState)

    class Meta:
        table_name = "collection_item"
        indexes = ((("creditor", "end_to_end_id"), True), (("creditor", "due"), False))


class BankImport(Row):
    """A file that was read."""

    sha256 = TextField(unique=True)
    file_name = TextField()
    imported_at = UtcDateTimeField()

    class Meta:
        table_name = "bank_import"


class SeenBooking(Row):
    """By what a booking is known that was decided."""

    account = TextField()
    key = TextField()

    class Meta:
        table_name = "seen_booking"
        indexes = ((("account", "key"), True),)


class BankNotice(Row):
    """A booking as a notice (camt.054) told it, with its payments."""

    account = TextField()
    key = TextField()
    body = TextField()
    """JSON of the entry"""

    class Meta:
        table_name = "bank_notice"
        indexes = ((("account", "key"), True),)


class QueuedBooking(Row):
    """A booking of which nothing, or not all, could be decided."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    account = TextField()
    key = TextField()
    booked = DateField()
    body = TextField()
    """JSON of the entry"""

    class Meta:
        table_name = "queued_booking"
        indexes = ((("account", "key"), True),)


class QueuedPart(Row):
    """What a person has to look at: a booking, or one payment of it."""

    booking = ForeignKeyField(QueuedBooking, backref="parts", on_delete="CASCADE")
    booking_id: int
    key = TextField()
    cents = BigIntegerField()
    """negative: money left"""
    why = TextField()
    suggestions = TextField()
    """JSON: receivable, debtor, cents, by what"""

    class Meta:
        table_name = "queued_part"
        indexes = ((("booking", "key"), True),)


class DebitReturn(Row):
    """A debit that came back."""

    item = ForeignKeyField(CollectionItem, backref="returns", on_delete="RESTRICT")
    item_id: int
    key = TextField(unique=True)
    code = TextField()
    cents = BigIntegerField()
    charge = BigIntegerField()
    booked = DateField()
    decision = word_field(ReturnDecision)
    decided_by = ForeignKeyField(User, null=True, backref="+", on_delete="SET NULL")
    decided_by_id: int | None
    decided_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "debit_return"
        indexes = ((("decision",), False),)


class AccountBalance(Row):
    """With what the last statement of an account ended."""

    account = TextField(unique=True)
    closing = BigIntegerField()
    statement = TextField()

    class Meta:
        table_name = "account_balance"
