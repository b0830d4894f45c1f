"""Contacts, bank accounts, seats, confirmed VAT ids; packages, their versions, prices."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the tables of the customer record and of the catalogue."""
    millionths = "BIGINT" if ddl.is_postgresql else "INTEGER"
    ddl.execute(*_CUSTOMER, *(statement.replace("<millionths>", millionths) for statement in _CATALOGUE))
    ddl.execute(*(_FIXED_POSTGRESQL if ddl.is_postgresql else _FIXED_SQLITE))


_CUSTOMER = (
    """
    CREATE TABLE contact (
        id <id>,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        role TEXT NOT NULL,
        email TEXT NOT NULL,
        phone TEXT NOT NULL
    )
    """,
    "CREATE INDEX contact_party_id ON contact (party_id)",
    "CREATE INDEX contact_party_id_name ON contact (party_id, name)",
    """
    CREATE TABLE bank_account (
        id <id>,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        iban TEXT NOT NULL,
        bic TEXT NOT NULL,
        bank_name TEXT NOT NULL,
        holder TEXT NOT NULL,
        valid_from TIMESTAMPTZ NOT NULL,
        replaced_at TIMESTAMPTZ
    )
    """,
    "CREATE INDEX bank_account_party_id ON bank_account (party_id)",
    "CREATE INDEX bank_account_party_id_valid_from ON bank_account (party_id, valid_from)",
    "CREATE UNIQUE INDEX bank_account_in_use ON bank_account (party_id) WHERE replaced_at IS NULL",
    """
    CREATE TABLE seat (
        id <id>,
        customer_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        kind TEXT NOT NULL,
        agent_kind TEXT,
        count INTEGER NOT NULL CHECK (count > 0),
        CHECK ((kind = 'agent') = (agent_kind IS NOT NULL))
    )
    """,
    "CREATE INDEX seat_customer_id ON seat (customer_id)",
    "CREATE UNIQUE INDEX seat_customer_id_kind ON seat (customer_id, kind, COALESCE(agent_kind, ''))",
    """
    CREATE TABLE vat_confirmation (
        id <id>,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        vat_id TEXT NOT NULL,
        confirmed_on DATE NOT NULL,
        reference TEXT NOT NULL,
        recorded_by_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
        recorded_at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE INDEX vat_confirmation_party_id ON vat_confirmation (party_id)",
    "CREATE INDEX vat_confirmation_party_id_confirmed_on ON vat_confirmation (party_id, confirmed_on)",
    "CREATE INDEX vat_confirmation_recorded_by_id ON vat_confirmation (recorded_by_id)",
)

_CATALOGUE = (
    """
    CREATE TABLE package (
        id <id>,
        owner_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        code TEXT NOT NULL,
        name TEXT NOT NULL
    )
    """,
    "CREATE INDEX package_owner_id ON package (owner_id)",
    "CREATE UNIQUE INDEX package_owner_id_code ON package (owner_id, code)",
    """
    CREATE TABLE package_version (
        id <id>,
        package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE RESTRICT,
        number INTEGER NOT NULL,
        included_gb INTEGER NOT NULL CHECK (included_gb >= 0),
        workstations INTEGER NOT NULL CHECK (workstations >= 0),
        servers INTEGER NOT NULL CHECK (servers >= 0),
        agents TEXT NOT NULL,
        valid_from DATE NOT NULL,
        created_at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE INDEX package_version_package_id ON package_version (package_id)",
    "CREATE UNIQUE INDEX package_version_package_id_number ON package_version (package_id, number)",
    "CREATE UNIQUE INDEX package_version_package_id_valid_from ON package_version (package_id, valid_from)",
    """
    CREATE TABLE price (
        id <id>,
        seller_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        buyer_id INTEGER REFERENCES party (id) ON DELETE RESTRICT,
        version_id INTEGER NOT NULL REFERENCES package_version (id) ON DELETE RESTRICT,
        valid_from DATE NOT NULL,
        valid_to DATE,
        base <millionths> NOT NULL CHECK (base >= 0),
        overage <millionths> NOT NULL CHECK (overage >= 0),
        created_at TIMESTAMPTZ NOT NULL,
        CHECK (valid_to > valid_from),
        CHECK (buyer_id <> seller_id)
    )
    """,
    # What overlaps at all overlaps here first: two that begin on one day, two that go on.
    "CREATE UNIQUE INDEX price_first_day ON price (seller_id, version_id, COALESCE(buyer_id, 0), valid_from)",
    "CREATE UNIQUE INDEX price_that_goes_on ON price (seller_id, version_id, COALESCE(buyer_id, 0)) WHERE valid_to IS NULL",
    "CREATE INDEX price_seller_id ON price (seller_id)",
    "CREATE INDEX price_buyer_id ON price (buyer_id)",
    "CREATE INDEX price_buyer_id_version_id ON price (buyer_id, version_id)",
    "CREATE INDEX price_version_id ON price (version_id)",
)

# What was asked, and what a package included, is never written over: a price gets an end, a version a successor.
_FIXED_SQLITE = (
    """
    CREATE TRIGGER price_stays BEFORE UPDATE OF id, seller_id, buyer_id, version_id, valid_from, base, overage ON price
    BEGIN SELECT RAISE(ABORT, 'a price is never changed'); END
    """,
    """
    CREATE TRIGGER package_version_stays BEFORE UPDATE ON package_version
    BEGIN SELECT RAISE(ABORT, 'a version of a package is never changed'); END
    """,
)
_FIXED_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'prices and versions of packages are never changed'; END $$
    """,
    """
    CREATE TRIGGER price_stays BEFORE UPDATE OF id, seller_id, buyer_id, version_id, valid_from, base, overage ON price
    FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()
    """,
    "CREATE TRIGGER package_version_stays BEFORE UPDATE ON package_version FOR EACH ROW EXECUTE FUNCTION refuse_rewriting()",
)
