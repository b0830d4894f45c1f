"""Payments by PayPal: accounts, pages, orders, captures, refunds, saved payment methods, messages."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the tables."""
    big = "BIGINT" if ddl.is_postgresql else "INTEGER"
    party = "INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT"
    receivable = "INTEGER NOT NULL REFERENCES receivable (id) ON DELETE RESTRICT"
    for statement in _TABLES:
        said = statement.replace("<big>", big).replace("<party>", party).replace("<receivable>", receivable)
        ddl.execute(said)


_TABLES = (
    """
    CREATE TABLE paypal_account (
        id <id>,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        client_id TEXT NOT NULL,
        sealed_secret TEXT NOT NULL,
        webhook_id TEXT NOT NULL,
        hook TEXT NOT NULL,
        saves_methods BOOLEAN NOT NULL,
        is_on BOOLEAN NOT NULL,
        version INTEGER NOT NULL,
        changed_at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX paypal_account_party_id ON paypal_account (party_id)",
    "CREATE UNIQUE INDEX paypal_account_hook ON paypal_account (hook)",
    """
    CREATE TABLE pay_link (
        id <id>,
        receivable_id <receivable>,
        token TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        mailed_at TIMESTAMPTZ
    )
    """,
    "CREATE UNIQUE INDEX pay_link_receivable_id ON pay_link (receivable_id)",
    "CREATE UNIQUE INDEX pay_link_token ON pay_link (token)",
    """
    CREATE TABLE paypal_token (
        id <id>,
        creditor_id <party>,
        debtor_id <party>,
        vault_id TEXT NOT NULL,
        saved_at TIMESTAMPTZ NOT NULL,
        removed_at TIMESTAMPTZ
    )
    """,
    "CREATE INDEX paypal_token_creditor_id ON paypal_token (creditor_id)",
    "CREATE INDEX paypal_token_debtor_id ON paypal_token (debtor_id)",
    "CREATE INDEX paypal_token_creditor_id_debtor_id ON paypal_token (creditor_id, debtor_id)",
    "CREATE UNIQUE INDEX paypal_token_vault_id ON paypal_token (vault_id)",
    """
    CREATE TABLE paypal_order (
        id <id>,
        creditor_id <party>,
        debtor_id <party>,
        receivable_id <receivable>,
        attempt INTEGER NOT NULL,
        key TEXT NOT NULL,
        paypal_id TEXT,
        state TEXT NOT NULL,
        cents <big> NOT NULL,
        token_id INTEGER REFERENCES paypal_token (id) ON DELETE RESTRICT,
        saves BOOLEAN NOT NULL,
        approve_url TEXT NOT NULL,
        issue TEXT NOT NULL,
        looks INTEGER NOT NULL,
        look_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ NOT NULL,
        CHECK (cents > 0)
    )
    """,
    "CREATE INDEX paypal_order_creditor_id ON paypal_order (creditor_id)",
    "CREATE INDEX paypal_order_debtor_id ON paypal_order (debtor_id)",
    "CREATE INDEX paypal_order_receivable_id ON paypal_order (receivable_id)",
    "CREATE INDEX paypal_order_token_id ON paypal_order (token_id)",
    "CREATE INDEX paypal_order_creditor_id_id ON paypal_order (creditor_id, id)",
    "CREATE UNIQUE INDEX paypal_order_receivable_id_attempt ON paypal_order (receivable_id, attempt)",
    "CREATE UNIQUE INDEX paypal_order_key ON paypal_order (key)",
    "CREATE UNIQUE INDEX paypal_order_paypal_id ON paypal_order (paypal_id)",
    """
    CREATE UNIQUE INDEX paypal_order_unfinished ON paypal_order (receivable_id) WHERE state IN ('new', 'open', 'pending')
    """,
    "CREATE INDEX paypal_order_to_look_at ON paypal_order (look_at) WHERE look_at IS NOT NULL",
    """
    CREATE TABLE paypal_share (
        id <id>,
        order_id INTEGER NOT NULL REFERENCES paypal_order (id) ON DELETE RESTRICT,
        receivable_id <receivable>,
        cents <big> NOT NULL,
        CHECK (cents > 0)
    )
    """,
    "CREATE INDEX paypal_share_order_id ON paypal_share (order_id)",
    "CREATE INDEX paypal_share_receivable_id ON paypal_share (receivable_id)",
    "CREATE UNIQUE INDEX paypal_share_order_id_receivable_id ON paypal_share (order_id, receivable_id)",
    """
    CREATE TABLE paypal_capture (
        id <id>,
        order_id INTEGER NOT NULL REFERENCES paypal_order (id) ON DELETE RESTRICT,
        creditor_id <party>,
        capture_id TEXT NOT NULL,
        state TEXT NOT NULL,
        cents <big> NOT NULL,
        fee_cents <big>,
        booked_on DATE,
        dispute_id TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        CHECK (cents > 0)
    )
    """,
    "CREATE INDEX paypal_capture_order_id ON paypal_capture (order_id)",
    "CREATE INDEX paypal_capture_creditor_id ON paypal_capture (creditor_id)",
    "CREATE INDEX paypal_capture_creditor_id_id ON paypal_capture (creditor_id, id)",
    "CREATE INDEX paypal_capture_creditor_id_booked_on ON paypal_capture (creditor_id, booked_on)",
    "CREATE UNIQUE INDEX paypal_capture_capture_id ON paypal_capture (capture_id)",
    """
    CREATE TABLE paypal_refund (
        id <id>,
        capture_id INTEGER NOT NULL REFERENCES paypal_capture (id) ON DELETE RESTRICT,
        key TEXT NOT NULL,
        refund_id TEXT,
        state TEXT NOT NULL,
        cents <big> NOT NULL,
        is_reversal BOOLEAN NOT NULL,
        booked_on DATE,
        user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
        issue TEXT NOT NULL,
        looks INTEGER NOT NULL,
        look_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ NOT NULL,
        CHECK (cents > 0)
    )
    """,
    "CREATE INDEX paypal_refund_capture_id ON paypal_refund (capture_id)",
    "CREATE INDEX paypal_refund_user_id ON paypal_refund (user_id)",
    "CREATE UNIQUE INDEX paypal_refund_key ON paypal_refund (key)",
    "CREATE UNIQUE INDEX paypal_refund_refund_id ON paypal_refund (refund_id)",
    "CREATE INDEX paypal_refund_to_look_at ON paypal_refund (look_at) WHERE look_at IS NOT NULL",
    """
    CREATE TABLE paypal_event (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        event_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        related TEXT NOT NULL,
        body_hash TEXT NOT NULL,
        received_at TIMESTAMPTZ NOT NULL,
        processed_at TIMESTAMPTZ,
        verdict TEXT NOT NULL,
        looks INTEGER NOT NULL,
        look_at TIMESTAMPTZ
    )
    """,
    "CREATE INDEX paypal_event_creditor_id ON paypal_event (creditor_id)",
    "CREATE UNIQUE INDEX paypal_event_creditor_id_event_id ON paypal_event (creditor_id, event_id)",
    "CREATE INDEX paypal_event_to_look_at ON paypal_event (look_at) WHERE look_at IS NOT NULL",
)
