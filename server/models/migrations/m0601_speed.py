"""What a month changed of what a seller's debtors owe, and what it sold without VAT, found without reading all of history."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the indexes; the first holds all that the sums of a month ask for."""
    ddl.execute(
        "CREATE INDEX ledger_entry_receivable_id_booked_on_kind_cents ON ledger_entry (receivable_id, booked_on, kind, cents)",
        "CREATE INDEX invoice_without_vat ON invoice (issuer_id) WHERE vat = 0",
    )
