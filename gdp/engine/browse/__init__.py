"""Looking into snapshots without restoring them: list, find, compare, stream out."""
