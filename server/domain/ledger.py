"""What is owed, and what changes it: the words of the ledger. Pure."""

from server.domain.sentence import N_, Word


class ReceivableKind(Word):
    """What is owed, or kept, for what."""

    INVOICE = "invoice", N_("invoice")
    FEE = "fee", N_("dunning fee")
    """damages, as the two that follow: without VAT, never on an invoice"""
    INTEREST = "interest", N_("interest on arrears")
    BANK_CHARGE = "bank charge", N_("bank charge")
    CREDIT = "credit", N_("credit")
    """was paid too much, or is owed by a cancellation: negative, until it is carried over or refunded"""
    COMMISSION = "commission", N_("commission")
    """negative: the creditor of the document owes it"""

    @property
    def is_claim(self) -> bool:
        """Whether it is damages."""
        return self in {ReceivableKind.FEE, ReceivableKind.INTEREST, ReceivableKind.BANK_CHARGE}


class EntryKind(Word):
    """What changed what is open."""

    ISSUED = "issued", N_("issued")
    DEBIT = "debit", N_("direct debit")
    TRANSFER = "transfer", N_("bank transfer")
    PAYPAL = "paypal", N_("PayPal")
    RETURNED = "returned", N_("returned")
    """a debit came back, PayPal took a payment back"""
    REFUNDED = "refunded", N_("refunded")
    OFFSET = "offset", N_("set off")
    """a credit was used for something else that is owed, or an invoice was cancelled"""
    WRITTEN_OFF = "written off", N_("written off")

    @property
    def is_money(self) -> bool:
        """Whether money moved."""
        return self in {EntryKind.DEBIT, EntryKind.TRANSFER, EntryKind.PAYPAL, EntryKind.RETURNED, EntryKind.REFUNDED}
