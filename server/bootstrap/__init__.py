"""Puts the server together: from its data folder, into a backup, and back from one."""
