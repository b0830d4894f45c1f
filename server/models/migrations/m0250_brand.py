"""Terms that two people may change at once; a login page in the colours of a house, found by a key; logos found by their name."""

from server.models.migrations import Ddl


def apply(ddl: Ddl) -> None:
    """Add the columns and their indexes."""
    ddl.execute(
        "ALTER TABLE seller_terms ADD COLUMN version INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE party ADD COLUMN brand_key TEXT NOT NULL DEFAULT ''",
        "CREATE UNIQUE INDEX party_brand_key ON party (brand_key) WHERE brand_key <> ''",
        "CREATE INDEX party_brand_logo ON party (brand_logo) WHERE brand_logo <> ''",
    )
