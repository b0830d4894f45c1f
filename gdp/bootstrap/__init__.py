"""Builds concrete things: storages from targets, passwords from files, open repositories. Decides nothing else."""
