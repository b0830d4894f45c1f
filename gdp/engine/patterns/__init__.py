"""Which files are meant: exclude and include patterns, and lists of files. Pure; never touches a disk."""
