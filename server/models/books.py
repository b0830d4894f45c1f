"""What books outside need to know of parties."""

from peewee import ForeignKeyField, IntegerField

from server.models.base import Row
from server.models.party import Party


class DebtorAccount(Row):
    """The account of a debtor in its creditor's books: given once, never to another."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    account = IntegerField()

    class Meta:
        table_name = "debtor_account"
        indexes = ((("creditor", "debtor"), True), (("creditor", "account"), True))
