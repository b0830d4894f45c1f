"""Invoices and their lines, what is open of them, the ledger."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the tables of money. What was issued or booked is never written over."""
    big = "BIGINT" if ddl.is_postgresql else "INTEGER"
    ddl.execute(*(statement.replace("<big>", big) for statement in _MONEY))
    ddl.execute(*(_fixed_postgresql() if ddl.is_postgresql else _fixed_sqlite()))


_MONEY = (
    """
    CREATE TABLE number_series (
        id <id>,
        issuer_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        series TEXT NOT NULL,
        last INTEGER NOT NULL,
        CHECK (last >= 0)
    )
    """,
    "CREATE INDEX number_series_issuer_id ON number_series (issuer_id)",
    "CREATE UNIQUE INDEX number_series_issuer_id_series ON number_series (issuer_id, series)",
    """
    CREATE TABLE invoice (
        id <id>,
        issuer_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        recipient_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        contract_id INTEGER REFERENCES contract (id) ON DELETE RESTRICT,
        kind TEXT NOT NULL,
        number TEXT NOT NULL,
        period TEXT NOT NULL,
        issued_on DATE NOT NULL,
        due DATE NOT NULL,
        paid_by TEXT NOT NULL,
        net <big> NOT NULL,
        vat <big> NOT NULL,
        gross <big> NOT NULL,
        corrects_id INTEGER REFERENCES invoice (id) ON DELETE RESTRICT,
        body TEXT NOT NULL,
        pdf TEXT NOT NULL,
        xml TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        CHECK (gross = net + vat)
    )
    """,
    "CREATE INDEX invoice_issuer_id ON invoice (issuer_id)",
    "CREATE INDEX invoice_recipient_id ON invoice (recipient_id)",
    "CREATE INDEX invoice_contract_id ON invoice (contract_id)",
    "CREATE INDEX invoice_corrects_id ON invoice (corrects_id)",
    "CREATE UNIQUE INDEX invoice_issuer_id_number ON invoice (issuer_id, number)",
    "CREATE INDEX invoice_issuer_id_issued_on ON invoice (issuer_id, issued_on)",
    "CREATE INDEX invoice_recipient_id_issued_on ON invoice (recipient_id, issued_on)",
    "CREATE INDEX invoice_contract_id_period ON invoice (contract_id, period)",
    """
    CREATE UNIQUE INDEX invoice_once
        ON invoice (issuer_id, recipient_id, COALESCE(contract_id, 0), period, kind, COALESCE(corrects_id, 0))
    """,
    "CREATE UNIQUE INDEX invoice_corrected_once ON invoice (corrects_id) WHERE corrects_id IS NOT NULL",
    "CREATE INDEX invoice_without_pdf ON invoice (id) WHERE pdf = ''",
    """
    CREATE TABLE invoice_line (
        id <id>,
        invoice_id INTEGER NOT NULL REFERENCES invoice (id) ON DELETE RESTRICT,
        item_id INTEGER NOT NULL REFERENCES contract_item (id) ON DELETE RESTRICT,
        kind TEXT NOT NULL,
        month TEXT NOT NULL,
        numerator <big> NOT NULL,
        denominator <big> NOT NULL,
        price <big> NOT NULL,
        cents <big> NOT NULL
    )
    """,
    "CREATE INDEX invoice_line_invoice_id ON invoice_line (invoice_id)",
    "CREATE INDEX invoice_line_item_id ON invoice_line (item_id)",
    "CREATE INDEX invoice_line_item_id_month ON invoice_line (item_id, month)",
    """
    CREATE TABLE receivable (
        id <id>,
        creditor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        debtor_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        contract_id INTEGER REFERENCES contract (id) ON DELETE RESTRICT,
        kind TEXT NOT NULL,
        invoice_id INTEGER REFERENCES invoice (id) ON DELETE RESTRICT,
        number TEXT NOT NULL,
        reason TEXT NOT NULL,
        issued_on DATE NOT NULL,
        due DATE NOT NULL,
        cents <big> NOT NULL,
        open_cents <big> NOT NULL,
        is_held BOOLEAN NOT NULL,
        overdue_since DATE
    )
    """,
    "CREATE INDEX receivable_creditor_id ON receivable (creditor_id)",
    "CREATE INDEX receivable_debtor_id ON receivable (debtor_id)",
    "CREATE INDEX receivable_contract_id ON receivable (contract_id)",
    "CREATE UNIQUE INDEX receivable_invoice_id ON receivable (invoice_id)",
    "CREATE UNIQUE INDEX receivable_creditor_id_number ON receivable (creditor_id, number)",
    "CREATE INDEX receivable_debtor_id_creditor_id ON receivable (debtor_id, creditor_id)",
    "CREATE INDEX receivable_open ON receivable (creditor_id, due, debtor_id) WHERE open_cents <> 0",
    "CREATE INDEX receivable_open_of ON receivable (debtor_id, due) WHERE open_cents <> 0",
    """
    CREATE TABLE ledger_entry (
        id <id>,
        receivable_id INTEGER NOT NULL REFERENCES receivable (id) ON DELETE RESTRICT,
        kind TEXT NOT NULL,
        cents <big> NOT NULL,
        booked_on DATE NOT NULL,
        source TEXT NOT NULL,
        note TEXT NOT NULL,
        at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE INDEX ledger_entry_receivable_id ON ledger_entry (receivable_id)",
    "CREATE UNIQUE INDEX ledger_entry_receivable_id_kind_source ON ledger_entry (receivable_id, kind, source)",
    "CREATE INDEX ledger_entry_source ON ledger_entry (source)",
    "CREATE INDEX ledger_entry_booked_on ON ledger_entry (booked_on)",
)

_INVOICE = (
    "id, issuer_id, recipient_id, contract_id, kind, number, period, issued_on, due, paid_by, net, vat, gross, corrects_id, body,"
    " created_at"
)
_FIXED = (("invoice", f"UPDATE OF {_INVOICE}"), ("invoice_line", "UPDATE"), ("ledger_entry", "UPDATE"))
_KEPT = ("invoice", "invoice_line", "ledger_entry")


def _events() -> list[tuple[str, str, str]]:
    changes = [(table, "stays", event) for table, event in _FIXED]
    return changes + [(table, "remains", "DELETE") for table in _KEPT]


def _fixed_sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table}"
        " BEGIN SELECT RAISE(ABORT, 'what was issued or booked is never changed'); END"
        for table, name, event in _events()
    ]


def _fixed_postgresql() -> list[str]:
    refuse = """
        CREATE FUNCTION refuse_change_of_money() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'what was issued or booked is never changed'; END $$
    """
    return [refuse] + [
        f"CREATE TRIGGER {table}_{name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse_change_of_money()"
        for table, name, event in _events()
    ]
