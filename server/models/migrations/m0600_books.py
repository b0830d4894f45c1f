"""Accounts for the books: those of a seller's chart, and one for each of its debtors."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Add the columns and the table."""
    ddl.execute(
        "ALTER TABLE seller_terms ADD COLUMN datev_chart TEXT NOT NULL DEFAULT '03'",
        "ALTER TABLE seller_terms ADD COLUMN datev_accounts TEXT NOT NULL DEFAULT ''",
        """
        CREATE TABLE debtor_account (
            id <id>,
            creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
            debtor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
            account INTEGER NOT NULL,
            CHECK (account BETWEEN 10000 AND 69999)
        )
        """,
        "CREATE INDEX debtor_account_creditor_id ON debtor_account (creditor_id)",
        "CREATE INDEX debtor_account_debtor_id ON debtor_account (debtor_id)",
        "CREATE UNIQUE INDEX debtor_account_creditor_id_debtor_id ON debtor_account (creditor_id, debtor_id)",
        "CREATE UNIQUE INDEX debtor_account_creditor_id_account ON debtor_account (creditor_id, account)",
    )
