"""What is kept of a customer beyond its row in the tree: contacts, accounts, seats, confirmations of its VAT id."""

from peewee import SQL, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.seats import AgentKind, SeatKind
from server.models.base import Row
from server.models.fields import UtcDateTimeField, word_field
from server.models.party import Party
from server.models.people import User


class Contact(Row):
    """A person at a party's."""

    party = ForeignKeyField(Party, backref="contacts", on_delete="CASCADE")
    party_id: int
    name = TextField()
    role = TextField(default="")
    email = TextField(default="")
    phone = TextField(default="")

    class Meta:
        table_name = "contact"
        indexes = ((("party", "name"), False),)


class BankAccount(Row):
    """An account of a party. A new one replaces the old, which stays: debits were made from it."""

    party = ForeignKeyField(Party, backref="bank_accounts", on_delete="CASCADE")
    party_id: int
    iban = TextField()
    bic = TextField(default="")
    bank_name = TextField(default="")
    holder = TextField()
    valid_from = UtcDateTimeField()
    replaced_at = UtcDateTimeField(null=True)
    """None: it is the one in use, of which each party has one at most"""

    class Meta:
        table_name = "bank_account"
        indexes = ((("party", "valid_from"), False),)


class Seat(Row):
    """How many clients or agents of a kind a customer agreed on."""

    customer = ForeignKeyField(Party, backref="seats", on_delete="CASCADE")
    customer_id: int
    kind = word_field(SeatKind)
    agent_kind = word_field(AgentKind, null=True)
    """of agents only"""
    count = IntegerField()

    class Meta:
        table_name = "seat"


class VatConfirmation(Row):
    """The tax office's answer that a VAT id belongs to a party. Rows are only added; the party's own row says which holds."""

    party = ForeignKeyField(Party, backref="vat_confirmations", on_delete="CASCADE")
    party_id: int
    vat_id = TextField()
    confirmed_on = DateField()
    reference = TextField(default="")
    """the answer's own number"""
    recorded_by = ForeignKeyField(User, null=True, backref="+", on_delete="SET NULL")
    recorded_by_id: int | None
    recorded_at = UtcDateTimeField()

    class Meta:
        table_name = "vat_confirmation"
        indexes = ((("party", "confirmed_on"), False),)


BankAccount.add_index(SQL("CREATE UNIQUE INDEX bank_account_in_use ON bank_account (party_id) WHERE replaced_at IS NULL"))
Seat.add_index(SQL("CREATE UNIQUE INDEX seat_customer_id_kind ON seat (customer_id, kind, COALESCE(agent_kind, ''))"))
