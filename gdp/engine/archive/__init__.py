"""Backup: from paths on a disk to a snapshot in a repository."""
