"""Parties, users, links, sessions, audit, mails, work."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the tables of the beginning."""
    ddl.execute(*_PARTY, *_PEOPLE, *_SESSIONS, *_AUDIT, *_MAIL_AND_WORK)
    ddl.execute(*(_APPEND_ONLY_POSTGRESQL if ddl.is_postgresql else _APPEND_ONLY_SQLITE))


_PARTY = (
    """
    CREATE TABLE party (
        id <id>,
        parent_id INTEGER REFERENCES party (id) ON DELETE RESTRICT,
        kind TEXT NOT NULL,
        mode TEXT,
        legal_name TEXT NOT NULL,
        is_person BOOLEAN NOT NULL,
        street TEXT NOT NULL,
        house_number TEXT NOT NULL,
        postal_code TEXT NOT NULL,
        city TEXT NOT NULL,
        country TEXT NOT NULL,
        email TEXT NOT NULL,
        phone TEXT NOT NULL,
        tax_number TEXT NOT NULL,
        vat_id TEXT NOT NULL,
        vat_id_confirmed_on DATE,
        tax_status TEXT NOT NULL,
        creditor_id TEXT NOT NULL,
        brand_name TEXT NOT NULL,
        brand_colour TEXT NOT NULL,
        brand_logo TEXT NOT NULL,
        requires_two_factor BOOLEAN NOT NULL,
        version INTEGER NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        ended_at TIMESTAMPTZ,
        CHECK ((kind = 'operator') = (parent_id IS NULL))
    )
    """,
    "CREATE INDEX party_parent_id ON party (parent_id)",
    "CREATE INDEX party_parent_id_legal_name ON party (parent_id, legal_name)",
    "CREATE UNIQUE INDEX party_operator ON party (kind) WHERE kind = 'operator'",  # there is one
)

_PEOPLE = (
    """
    CREATE TABLE users (
        id <id>,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        password_hash TEXT,
        totp_secret TEXT,
        totp_last_step INTEGER NOT NULL,
        language TEXT NOT NULL,
        created_at TIMESTAMPTZ NOT NULL,
        disabled_at TIMESTAMPTZ
    )
    """,
    "CREATE UNIQUE INDEX users_email ON users (email)",
    """
    CREATE TABLE recovery_code (
        id <id>,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        code_hash TEXT NOT NULL,
        used_at TIMESTAMPTZ
    )
    """,
    "CREATE INDEX recovery_code_user_id ON recovery_code (user_id)",
    """
    CREATE TABLE membership (
        id <id>,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE CASCADE,
        role TEXT NOT NULL
    )
    """,
    "CREATE INDEX membership_user_id ON membership (user_id)",
    "CREATE INDEX membership_party_id ON membership (party_id)",
    "CREATE UNIQUE INDEX membership_user_id_party_id ON membership (user_id, party_id)",
    """
    CREATE TABLE invitation (
        id <id>,
        token_hash TEXT NOT NULL,
        purpose TEXT NOT NULL,
        party_id INTEGER REFERENCES party (id) ON DELETE CASCADE,
        email TEXT NOT NULL,
        name TEXT NOT NULL,
        role TEXT,
        language TEXT NOT NULL,
        created_by_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
        created_at TIMESTAMPTZ NOT NULL,
        expires_at TIMESTAMPTZ NOT NULL,
        used_at TIMESTAMPTZ,
        revoked_at TIMESTAMPTZ
    )
    """,
    "CREATE UNIQUE INDEX invitation_token_hash ON invitation (token_hash)",
    "CREATE INDEX invitation_party_id ON invitation (party_id)",
    "CREATE INDEX invitation_created_by_id ON invitation (created_by_id)",
    "CREATE INDEX invitation_party_id_email ON invitation (party_id, email)",
)

_SESSIONS = (
    """
    CREATE TABLE session (
        id <id>,
        token_hash TEXT NOT NULL,
        user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        party_id INTEGER REFERENCES party (id) ON DELETE CASCADE,
        on_behalf_of_id INTEGER REFERENCES party (id) ON DELETE CASCADE,
        created_at TIMESTAMPTZ NOT NULL,
        last_seen_at TIMESTAMPTZ NOT NULL,
        address TEXT NOT NULL,
        agent TEXT NOT NULL,
        totp_offer TEXT,
        revoked_at TIMESTAMPTZ
    )
    """,
    "CREATE UNIQUE INDEX session_token_hash ON session (token_hash)",
    "CREATE INDEX session_user_id ON session (user_id)",
    "CREATE INDEX session_party_id ON session (party_id)",
    "CREATE INDEX session_on_behalf_of_id ON session (on_behalf_of_id)",
    """
    CREATE TABLE login_attempt (
        id <id>,
        subject TEXT NOT NULL,
        at TIMESTAMPTZ NOT NULL,
        succeeded BOOLEAN NOT NULL
    )
    """,
    "CREATE INDEX login_attempt_subject_at ON login_attempt (subject, at)",
)

_AUDIT = (
    """
    CREATE TABLE audit_entry (
        id <id>,
        at TIMESTAMPTZ NOT NULL,
        user_id INTEGER REFERENCES users (id) ON DELETE RESTRICT,
        on_behalf_of_id INTEGER REFERENCES party (id) ON DELETE RESTRICT,
        party_id INTEGER NOT NULL REFERENCES party (id) ON DELETE RESTRICT,
        action TEXT NOT NULL,
        subject_kind TEXT NOT NULL,
        subject_id INTEGER,
        details TEXT NOT NULL
    )
    """,
    "CREATE INDEX audit_entry_user_id ON audit_entry (user_id)",
    "CREATE INDEX audit_entry_on_behalf_of_id ON audit_entry (on_behalf_of_id)",
    "CREATE INDEX audit_entry_party_id ON audit_entry (party_id)",
    "CREATE INDEX audit_entry_party_id_at ON audit_entry (party_id, at)",
    "CREATE INDEX audit_entry_subject_kind_subject_id ON audit_entry (subject_kind, subject_id)",
)

_FIXED = "at, user_id, on_behalf_of_id, party_id, action, subject_kind, subject_id"
_APPEND_ONLY_SQLITE = (
    f"""
    CREATE TRIGGER audit_entry_stays BEFORE UPDATE OF id, {_FIXED} ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
    """
    CREATE TRIGGER audit_entry_remains BEFORE DELETE ON audit_entry
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
    """,
)
_APPEND_ONLY_POSTGRESQL = (
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$
    """,
    f"""
    CREATE TRIGGER audit_entry_stays BEFORE UPDATE OF id, {_FIXED} ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
    """,
    "CREATE TRIGGER audit_entry_remains BEFORE DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION refuse_change()",
)

_MAIL_AND_WORK = (
    """
    CREATE TABLE outgoing_mail (
        id <id>,
        recipient TEXT NOT NULL,
        subject TEXT NOT NULL,
        text TEXT NOT NULL,
        html TEXT,
        language TEXT NOT NULL,
        party_id INTEGER REFERENCES party (id) ON DELETE SET NULL,
        created_at TIMESTAMPTZ NOT NULL,
        not_before TIMESTAMPTZ NOT NULL,
        attempts INTEGER NOT NULL,
        sent_at TIMESTAMPTZ,
        gave_up_at TIMESTAMPTZ,
        last_error TEXT NOT NULL
    )
    """,
    "CREATE INDEX outgoing_mail_party_id ON outgoing_mail (party_id)",
    "CREATE INDEX outgoing_mail_sent_at_gave_up_at_not_before ON outgoing_mail (sent_at, gave_up_at, not_before)",
    """
    CREATE TABLE job_run (
        id <id>,
        job TEXT NOT NULL,
        period TEXT NOT NULL,
        at TIMESTAMPTZ NOT NULL
    )
    """,
    "CREATE UNIQUE INDEX job_run_job_period ON job_run (job, period)",
)
