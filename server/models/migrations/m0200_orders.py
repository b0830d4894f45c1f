"""Terms of sellers; mandates, contracts, agreed prices, usage; orders, what happened to them, signed sheets."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the tables of the order path."""
    big = "BIGINT" if ddl.is_postgresql else "INTEGER"
    ddl.execute(*(statement.replace("<big>", big) for statement in (*_TERMS, *_CONTRACTS, *_ORDERS)))
    ddl.execute(*(_FIXED_POSTGRESQL if ddl.is_postgresql else _FIXED_SQLITE))


_TERMS = (
    """
    CREATE TABLE seller_terms (
        id <id>,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        legal_notice TEXT NOT NULL,
        contact_name TEXT NOT NULL,
        invoice_prefix TEXT NOT NULL,
        prenotification_days INTEGER NOT NULL CHECK (prenotification_days >= 0),
        payment_days INTEGER NOT NULL,
        notice_months INTEGER NOT NULL,
        trial_days INTEGER NOT NULL,
        reminder_days INTEGER NOT NULL,
        blocked_days INTEGER NOT NULL,
        paused_days INTEGER NOT NULL,
        ended_days INTEGER NOT NULL,
        kept_days INTEGER NOT NULL,
        commission_percent INTEGER NOT NULL,
        datev_consultant TEXT NOT NULL,
        datev_client TEXT NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX seller_terms_party_id ON seller_terms (party_id)",
)

_CONTRACTS = (
    """
    CREATE TABLE mandate (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        debtor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        reference TEXT NOT NULL,
        scheme TEXT NOT NULL,
        holder TEXT NOT NULL,
        iban TEXT NOT NULL,
        bic TEXT NOT NULL,
        prenotification_days INTEGER NOT NULL CHECK (prenotification_days >= 0),
        signed_on DATE,
        valid_from TIMESTAMPTZ,
        last_used_on DATE,
        revoked_on DATE,
        is_known_to_bank BOOLEAN NOT NULL,
        evidence TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE INDEX mandate_creditor_id ON mandate (creditor_id)",
    "CREATE INDEX mandate_debtor_id ON mandate (debtor_id)",
    "CREATE UNIQUE INDEX mandate_creditor_id_reference ON mandate (creditor_id, reference)",
    "CREATE INDEX mandate_debtor_id_creditor_id ON mandate (debtor_id, creditor_id)",
    """
    CREATE TABLE contract (
        id <id>,
        customer_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        seller_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        number TEXT NOT NULL,
        repository TEXT NOT NULL,
        state TEXT NOT NULL,
        paid_by TEXT NOT NULL,
        mandate_id INTEGER REFERENCES mandate (id) ON DELETE RESTRICT,
        buyer_reference TEXT NOT NULL,
        notice_months INTEGER NOT NULL,
        starts DATE,
        ends DATE,
        activated_at TIMESTAMPTZ,
        created_at TIMESTAMPTZ NOT NULL,
        version INTEGER NOT NULL
    )
    """,
    "CREATE INDEX contract_customer_id ON contract (customer_id)",
    "CREATE INDEX contract_seller_id ON contract (seller_id)",
    "CREATE UNIQUE INDEX contract_number ON contract (number)",
    "CREATE UNIQUE INDEX contract_repository ON contract (repository)",
    "CREATE INDEX contract_mandate_id ON contract (mandate_id)",
    "CREATE INDEX contract_customer_id_state ON contract (customer_id, state)",
    "CREATE INDEX contract_seller_id_state ON contract (seller_id, state)",
    """
    CREATE TABLE contract_item (
        id <id>,
        contract_id INTEGER NOT NULL REFERENCES contract (id) ON DELETE RESTRICT,
        package_version_id INTEGER NOT NULL REFERENCES package_version (id) ON DELETE RESTRICT,
        starts DATE,
        ends DATE,
        free_until DATE,
        CHECK (ends >= starts)
    )
    """,
    "CREATE INDEX contract_item_contract_id ON contract_item (contract_id)",
    "CREATE INDEX contract_item_package_version_id ON contract_item (package_version_id)",
    """
    CREATE TABLE agreed_price (
        id <id>,
        item_id INTEGER NOT NULL REFERENCES contract_item (id) ON DELETE RESTRICT,
        seller_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        buyer_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        base <big> NOT NULL,
        overage <big> NOT NULL,
        CHECK (base >= 0),
        CHECK (overage >= 0)
    )
    """,
    "CREATE INDEX agreed_price_item_id ON agreed_price (item_id)",
    "CREATE INDEX agreed_price_seller_id ON agreed_price (seller_id)",
    "CREATE INDEX agreed_price_buyer_id ON agreed_price (buyer_id)",
    "CREATE UNIQUE INDEX agreed_price_item_id_seller_id_buyer_id ON agreed_price (item_id, seller_id, buyer_id)",
    "CREATE INDEX agreed_price_seller_id_buyer_id ON agreed_price (seller_id, buyer_id)",
    """
    CREATE TABLE usage_day (
        id <id>,
        contract_id INTEGER NOT NULL REFERENCES contract (id) ON DELETE RESTRICT,
        day DATE NOT NULL,
        stored_bytes <big> NOT NULL,
        metering TEXT NOT NULL,
        recorded_at TIMESTAMPTZ NOT NULL,
        billed_at TIMESTAMPTZ,
        CHECK (stored_bytes >= 0)
    )
    """,
    "CREATE INDEX usage_day_contract_id ON usage_day (contract_id)",
    "CREATE UNIQUE INDEX usage_day_contract_id_day ON usage_day (contract_id, day)",
)

_ORDERS = (
    """
    CREATE TABLE orders (
        id <id>,
        number TEXT NOT NULL,
        customer_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        reseller_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        seller_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        distributor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,
        contract_id INTEGER REFERENCES contract (id) ON DELETE RESTRICT,
        item_id INTEGER REFERENCES contract_item (id) ON DELETE RESTRICT,
        package_version_id INTEGER REFERENCES package_version (id) ON DELETE RESTRICT,
        paid_by TEXT NOT NULL,
        mandate_id INTEGER REFERENCES mandate (id) ON DELETE RESTRICT,
        effective DATE,
        is_trial BOOLEAN NOT NULL,
        buyer_reference TEXT NOT NULL,
        version INTEGER NOT NULL,
        paper TEXT NOT NULL,
        content_hash TEXT NOT NULL,
        reason TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        printed_at TIMESTAMPTZ,
        signed_at TIMESTAMPTZ,
        signed_on_paper BOOLEAN NOT NULL,
        released_at TIMESTAMPTZ,
        over_at TIMESTAMPTZ,
        revision INTEGER NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX orders_number ON orders (number)",
    "CREATE INDEX orders_customer_id ON orders (customer_id)",
    "CREATE INDEX orders_reseller_id ON orders (reseller_id)",
    "CREATE INDEX orders_seller_id ON orders (seller_id)",
    "CREATE INDEX orders_distributor_id ON orders (distributor_id)",
    "CREATE INDEX orders_contract_id ON orders (contract_id)",
    "CREATE INDEX orders_item_id ON orders (item_id)",
    "CREATE INDEX orders_package_version_id ON orders (package_version_id)",
    "CREATE INDEX orders_mandate_id ON orders (mandate_id)",
    "CREATE INDEX orders_customer_id_id ON orders (customer_id, id)",
    "CREATE INDEX orders_reseller_id_state ON orders (reseller_id, state)",
    "CREATE INDEX orders_distributor_id_state ON orders (distributor_id, state)",
    "CREATE INDEX orders_seller_id_state ON orders (seller_id, state)",
    """
    CREATE UNIQUE INDEX orders_open_change ON orders (contract_id) WHERE contract_id IS NOT NULL
        AND state IN ('draft', 'printed', 'signed', 'released', 'awaiting payment', 'rejected')
    """,
    """
    CREATE TABLE order_event (
        id <id>,
        order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE RESTRICT,
        step TEXT NOT NULL,
        state TEXT NOT NULL,
        version INTEGER NOT NULL,
        at TIMESTAMPTZ NOT NULL,
        user_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
        note TEXT NOT NULL
    )
    """,
    "CREATE INDEX order_event_order_id ON order_event (order_id)",
    "CREATE INDEX order_event_user_id ON order_event (user_id)",
    """
    CREATE TABLE scan (
        id <id>,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        uploaded_by_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
        uploaded_at TIMESTAMPTZ NOT NULL,
        file TEXT NOT NULL,
        file_name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        pages INTEGER NOT NULL
    )
    """,
    "CREATE INDEX scan_party_id ON scan (party_id)",
    "CREATE INDEX scan_uploaded_by_id ON scan (uploaded_by_id)",
    "CREATE INDEX scan_party_id_id ON scan (party_id, id)",
    """
    CREATE TABLE scan_sheet (
        id <id>,
        scan_id INTEGER NOT NULL REFERENCES scan (id) ON DELETE CASCADE,
        page INTEGER NOT NULL,
        order_id INTEGER REFERENCES orders (id) ON DELETE RESTRICT,
        mark TEXT NOT NULL,
        part TEXT NOT NULL,
        verdict TEXT NOT NULL,
        matched_by_id INTEGER REFERENCES users (id) ON DELETE SET NULL
    )
    """,
    "CREATE INDEX scan_sheet_scan_id ON scan_sheet (scan_id)",
    "CREATE INDEX scan_sheet_order_id ON scan_sheet (order_id)",
    "CREATE INDEX scan_sheet_matched_by_id ON scan_sheet (matched_by_id)",
)

# What was agreed, and what happened, is never written over.
_FIXED_SQLITE = (
    """
    CREATE TRIGGER agreed_price_stays BEFORE UPDATE ON agreed_price
    BEGIN SELECT RAISE(ABORT, 'an agreed price is never changed'); END
    """,
    """
    CREATE TRIGGER order_event_stays BEFORE UPDATE OF id, order_id, step, state, version, at ON order_event
    BEGIN SELECT RAISE(ABORT, 'the steps of an order are never changed'); END
    """,
    """
    CREATE TRIGGER order_event_remains BEFORE DELETE ON order_event
    BEGIN SELECT RAISE(ABORT, 'the steps of an order are never removed'); END
    """,
)
_FIXED_POSTGRESQL = (
    "CREATE TRIGGER agreed_price_stays BEFORE UPDATE ON agreed_price FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()",
    """
    CREATE FUNCTION refuse_change_of_steps() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the steps of an order are never changed'; END $$
    """,
    """
    CREATE TRIGGER order_event_stays BEFORE UPDATE OF id, order_id, step, state, version, at ON order_event
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_steps()
    """,
    "CREATE TRIGGER order_event_remains BEFORE DELETE ON order_event FOR EACH ROW EXECUTE FUNCTION refuse_change_of_steps()",
)
