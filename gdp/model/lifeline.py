"""What the daemon writes to the standard input of a run, whose end ends it. Alone, since every command reads it at its start."""

PAUSE, RESUME = b"p", b"r"
