"""Debits from the announcement to the bank's answer; what was read of what banks send."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the tables of money by bank."""
    big = "BIGINT" if ddl.is_postgresql else "INTEGER"
    ddl.execute(*(statement.replace("<big>", big) for statement in _BANK))


_BANK = (
    """
    CREATE TABLE announced_debit (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        debtor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        mandate_id INTEGER NOT NULL REFERENCES mandate (id) ON DELETE RESTRICT,
        reference TEXT NOT NULL,
        due DATE NOT NULL,
        cents <big> NOT NULL,
        shares TEXT NOT NULL,
        state TEXT NOT NULL,
        announced_on DATE NOT NULL
    )
    """,
    "CREATE INDEX announced_debit_creditor_id ON announced_debit (creditor_id)",
    "CREATE INDEX announced_debit_debtor_id ON announced_debit (debtor_id)",
    "CREATE INDEX announced_debit_mandate_id ON announced_debit (mandate_id)",
    "CREATE UNIQUE INDEX announced_debit_creditor_id_reference ON announced_debit (creditor_id, reference)",
    "CREATE INDEX announced_debit_creditor_id_state ON announced_debit (creditor_id, state)",
    """
    CREATE TABLE bank_file (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        scheme TEXT NOT NULL,
        message_id TEXT NOT NULL,
        file TEXT NOT NULL,
        count INTEGER NOT NULL,
        cents <big> NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        laid_out BOOLEAN NOT NULL
    )
    """,
    "CREATE INDEX bank_file_creditor_id ON bank_file (creditor_id)",
    "CREATE UNIQUE INDEX bank_file_message_id ON bank_file (message_id)",
    "CREATE INDEX bank_file_creditor_id_created_at ON bank_file (creditor_id, created_at)",
    """
    CREATE TABLE collection_item (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        debit_id INTEGER NOT NULL REFERENCES announced_debit (id) ON DELETE RESTRICT,
        file_id INTEGER NOT NULL REFERENCES bank_file (id) ON DELETE RESTRICT,
        debtor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        mandate TEXT NOT NULL,
        payment_id TEXT NOT NULL,
        end_to_end_id TEXT NOT NULL,
        iban TEXT NOT NULL,
        cents <big> NOT NULL,
        due DATE NOT NULL,
        shares TEXT NOT NULL,
        settled TEXT NOT NULL,
        state TEXT NOT NULL
    )
    """,
    "CREATE INDEX collection_item_creditor_id ON collection_item (creditor_id)",
    "CREATE INDEX collection_item_debit_id ON collection_item (debit_id)",
    "CREATE INDEX collection_item_file_id ON collection_item (file_id)",
    "CREATE INDEX collection_item_debtor_id ON collection_item (debtor_id)",
    "CREATE UNIQUE INDEX collection_item_creditor_id_end_to_end_id ON collection_item (creditor_id, end_to_end_id)",
    "CREATE INDEX collection_item_creditor_id_due ON collection_item (creditor_id, due)",
    """
    CREATE TABLE bank_import (
        id <id>,
        sha256 TEXT NOT NULL,
        file_name TEXT NOT NULL,
        imported_at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX bank_import_sha256 ON bank_import (sha256)",
    """
    CREATE TABLE seen_booking (
        id <id>,
        account TEXT NOT NULL,
        key TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX seen_booking_account_key ON seen_booking (account, key)",
    """
    CREATE TABLE bank_notice (
        id <id>,
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        body TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX bank_notice_account_key ON bank_notice (account, key)",
    """
    CREATE TABLE queued_booking (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        account TEXT NOT NULL,
        key TEXT NOT NULL,
        booked DATE NOT NULL,
        body TEXT NOT NULL
    )
    """,
    "CREATE INDEX queued_booking_creditor_id ON queued_booking (creditor_id)",
    "CREATE UNIQUE INDEX queued_booking_account_key ON queued_booking (account, key)",
    """
    CREATE TABLE queued_part (
        id <id>,
        booking_id INTEGER NOT NULL REFERENCES queued_booking (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        cents <big> NOT NULL,
        why TEXT NOT NULL,
        suggestions TEXT NOT NULL
    )
    """,
    "CREATE INDEX queued_part_booking_id ON queued_part (booking_id)",
    "CREATE UNIQUE INDEX queued_part_booking_id_key ON queued_part (booking_id, key)",
    """
    CREATE TABLE debit_return (
        id <id>,
        item_id INTEGER NOT NULL REFERENCES collection_item (id) ON DELETE RESTRICT,
        key TEXT NOT NULL,
        code TEXT NOT NULL,
        cents <big> NOT NULL,
        charge <big> NOT NULL,
        booked DATE NOT NULL,
        decision TEXT NOT NULL,
        decided_by_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
        decided_at TIMESTAMPTZ
    )
    """,
    "CREATE INDEX debit_return_item_id ON debit_return (item_id)",
    "CREATE UNIQUE INDEX debit_return_key ON debit_return (key)",
    "CREATE INDEX debit_return_decided_by_id ON debit_return (decided_by_id)",
    "CREATE INDEX debit_return_decision ON debit_return (decision)",
    """
    CREATE TABLE account_balance (
        id <id>,
        account TEXT NOT NULL,
        closing <big> NOT NULL,
        statement TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX account_balance_account ON account_balance (account)",
)
