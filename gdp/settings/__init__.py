"""Backup sets and configuration as files that people read and write: validates, keeps comments, replaces files whole."""
