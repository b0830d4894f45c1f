"""The terminal UI: a client of the daemon's socket and of the command line's ``--json``. It never runs the engine itself.

What a screen shows comes from three places: the daemon (``Picture``), the files of sets and configuration (``gdp.settings``), and
commands of this program, each a process of its own (``Commands``). So a screen never waits, and whatever a screen does, the
command line does too.
"""
