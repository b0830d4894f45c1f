"""The audit log in the order in which it is read: newest first, without sorting all of it."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Create the index."""
    ddl.execute("CREATE INDEX audit_entry_at_id ON audit_entry (at, id)")
