"""Payments by PayPal: the sellers' accounts, what payers were asked, what came, what went back, what PayPal told."""

from peewee import SQL, BigIntegerField, BooleanField, DateField, ForeignKeyField, IntegerField, TextField

from server.domain.paypal import CaptureState, OrderState, RefundState, Verdict
from server.models.base import Row
from server.models.fields import UtcDateTimeField, word_field
from server.models.money import Receivable
from server.models.party import Party
from server.models.people import User


class PaypalAccount(Row):
    """The account at PayPal of a party that sells. Each has its own: nobody collects another's money."""

    party = ForeignKeyField(Party, backref="+", on_delete="CASCADE", unique=True)
    party_id: int
    client_id = TextField()
    sealed_secret = TextField()
    """see gateways/sealing.py"""
    webhook_id = TextField(default="")
    """PayPal's; empty: it tells us nothing by itself, and is asked instead"""
    hook = TextField(unique=True)
    """the part of our address to which PayPal sends messages for this party"""
    saves_methods = BooleanField(default=False)
    """whether payers may let PayPal keep their payment method"""
    is_on = BooleanField(default=True)
    version = IntegerField(default=1)
    changed_at = UtcDateTimeField()

    class Meta:
        table_name = "paypal_account"


class PayLink(Row):
    """The page on which one receivable is paid by whoever has its address."""

    receivable = ForeignKeyField(Receivable, backref="+", on_delete="RESTRICT", unique=True)
    receivable_id: int
    token = TextField(unique=True)
    created_at = UtcDateTimeField()
    mailed_at = UtcDateTimeField(null=True)
    """when the debtor got it in a mail of its own"""

    class Meta:
        table_name = "pay_link"


class PaypalToken(Row):
    """A payment method that PayPal keeps, and which may be charged."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    vault_id = TextField(unique=True)
    saved_at = UtcDateTimeField()
    removed_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "paypal_token"
        indexes = ((("creditor", "debtor"), False),)


class PaypalOrder(Row):
    """One attempt to be paid. It is written before PayPal hears of it, so that nothing PayPal does is unknown here."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    debtor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    debtor_id: int
    receivable = ForeignKeyField(Receivable, backref="+", on_delete="RESTRICT")
    """of whose page, or for which it is charged"""
    receivable_id: int
    attempt = IntegerField()
    """from 1, for this receivable"""
    key = TextField(unique=True)
    """by which PayPal knows the request, and we the payment"""
    paypal_id = TextField(null=True, unique=True)
    """None: PayPal may not know it yet"""
    state = word_field(OrderState)
    cents = BigIntegerField()
    token = ForeignKeyField(PaypalToken, null=True, backref="+", on_delete="RESTRICT")
    """that is charged; None: a payer is asked"""
    token_id: int | None
    saves = BooleanField(default=False)
    """the payer agrees that following invoices are charged"""
    approve_url = TextField(default="")
    issue = TextField(default="")
    """PayPal's word for why not"""
    looks = IntegerField(default=0)
    look_at = UtcDateTimeField(null=True)
    """when PayPal is asked next; None: it is over"""
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "paypal_order"
        indexes = ((("receivable", "attempt"), True), (("creditor", "id"), False))


PaypalOrder.add_index(
    SQL("CREATE UNIQUE INDEX paypal_order_unfinished ON paypal_order (receivable_id) WHERE state IN ('new', 'open', 'pending')")
)
PaypalOrder.add_index(SQL("CREATE INDEX paypal_order_to_look_at ON paypal_order (look_at) WHERE look_at IS NOT NULL"))


class PaypalShare(Row):
    """What an order pays."""

    order = ForeignKeyField(PaypalOrder, backref="shares", on_delete="RESTRICT")
    order_id: int
    receivable = ForeignKeyField(Receivable, backref="+", on_delete="RESTRICT")
    receivable_id: int
    cents = BigIntegerField()

    class Meta:
        table_name = "paypal_share"
        indexes = ((("order", "receivable"), True),)


class PaypalCapture(Row):
    """Money that came, or is on its way, as PayPal said when we asked."""

    order = ForeignKeyField(PaypalOrder, backref="captures", on_delete="RESTRICT")
    order_id: int
    creditor = ForeignKeyField(Party, backref="+", on_delete="RESTRICT")
    creditor_id: int
    capture_id = TextField(unique=True)
    state = word_field(CaptureState)
    cents = BigIntegerField()
    fee_cents = BigIntegerField(null=True)
    """what PayPal keeps: the creditor's expense"""
    booked_on = DateField(null=True)
    """None: it has not arrived"""
    dispute_id = TextField(default="")
    """of a complaint that is open"""
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "paypal_capture"
        indexes = ((("creditor", "id"), False), (("creditor", "booked_on"), False))


class PaypalRefund(Row):
    """Money that goes back, or was taken back."""

    capture = ForeignKeyField(PaypalCapture, backref="refunds", on_delete="RESTRICT")
    capture_id: int
    key = TextField(unique=True)
    refund_id = TextField(null=True, unique=True)
    state = word_field(RefundState)
    cents = BigIntegerField()
    is_reversal = BooleanField(default=False)
    """PayPal took it back; else the creditor paid it back"""
    booked_on = DateField(null=True)
    user = ForeignKeyField(User, null=True, backref="+", on_delete="SET NULL")
    user_id: int | None
    issue = TextField(default="")
    looks = IntegerField(default=0)
    look_at = UtcDateTimeField(null=True)
    created_at = UtcDateTimeField()

    class Meta:
        table_name = "paypal_refund"


PaypalRefund.add_index(SQL("CREATE INDEX paypal_refund_to_look_at ON paypal_refund (look_at) WHERE look_at IS NOT NULL"))


class PaypalEvent(Row):
    """A message whose signature PayPal has confirmed. It says only where to look: what is booked, we ask PayPal ourselves."""

    creditor = ForeignKeyField(Party, backref="+", on_delete="CASCADE")
    creditor_id: int
    event_id = TextField()
    kind = TextField()
    """``PAYMENT.CAPTURE.COMPLETED``"""
    subject = TextField()
    """the id of what it is about"""
    related = TextField(default="")
    """of a saved payment method: the order with which it was saved"""
    body_hash = TextField()
    received_at = UtcDateTimeField()
    processed_at = UtcDateTimeField(null=True)
    verdict = word_field(Verdict)
    looks = IntegerField(default=0)
    look_at = UtcDateTimeField(null=True)

    class Meta:
        table_name = "paypal_event"
        indexes = ((("creditor", "event_id"), True),)


PaypalEvent.add_index(SQL("CREATE INDEX paypal_event_to_look_at ON paypal_event (look_at) WHERE look_at IS NOT NULL"))
