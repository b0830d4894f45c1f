"""What a month changed of what a seller's debtors owe, found without reading every entry there ever was."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the index; it holds all that the sums of a month ask for."""
    ddl.execute(
        "CREATE INDEX ledger_entry_receivable_id_booked_on_kind_cents ON ledger_entry (receivable_id, booked_on, kind, cents)"
    )
