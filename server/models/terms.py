"""How a party sells: what its letters say, how it is paid, what follows when it is not."""

from peewee import ForeignKeyField, IntegerField, TextField

from server.domain.datev_chart import Chart
from server.models.base import Row
from server.models.fields import word_field
from server.models.party import Party


class SellerTerms(Row):
    """One party's terms towards those below it. A party without a row has the defaults of these fields."""

    party = ForeignKeyField(Party, backref="+", on_delete="CASCADE", unique=True)
    party_id: int
    legal_notice = TextField(default="")
    """what the law wants on letters: register, managers; one line each"""
    contact_name = TextField(default="")
    """whom to ask about an invoice"""
    invoice_prefix = TextField(default="")
    """before the number of an invoice"""
    prenotification_days = IntegerField(default=14)
    payment_days = IntegerField(default=14)
    """in which a transfer is to arrive"""
    notice_months = IntegerField(default=1)
    trial_days = IntegerField(default=30)
    """how long a trial costs nothing"""
    reminder_days = IntegerField(default=0)
    """days after something fell due, as the four that follow; see domain/arrears.py"""
    blocked_days = IntegerField(default=0)
    paused_days = IntegerField(default=30)
    ended_days = IntegerField(default=90)
    kept_days = IntegerField(default=60)
    commission_percent = IntegerField(default=20)
    """of what customers pay net: what an agent gets from this party"""
    datev_consultant = TextField(default="")
    datev_client = TextField(default="")
    datev_chart = word_field(Chart, default=Chart.SKR03)
    datev_accounts = TextField(default="")
    """JSON: tax keys, and the accounts that are not the chart's; empty: all are"""
    version = IntegerField(default=1)
    """goes up with every change, so that nobody overwrites what he has not seen"""

    class Meta:
        table_name = "seller_terms"
