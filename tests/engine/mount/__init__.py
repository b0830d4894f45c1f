"""Snapshots as a file system."""
