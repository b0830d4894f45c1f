"""What a backup would read, and what its patterns leave out. Reads no contents and needs no repository."""
