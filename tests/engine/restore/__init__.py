"""Restoring: what is in the snapshot comes back, and nothing else happens."""
