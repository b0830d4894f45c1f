"""Forms that were sent, so that one sent twice does its work once."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the table."""
    ddl.execute(
        """
        CREATE TABLE submission (
            id <id>,
            user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            subject_id INTEGER NOT NULL,
            at TIMESTAMPTZ NOT NULL
        )
        """,
        "CREATE INDEX submission_user_id ON submission (user_id)",
        "CREATE UNIQUE INDEX submission_user_id_key ON submission (user_id, key)",
    )
