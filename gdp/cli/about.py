"""Which program this is, in one line. Loads nothing that takes time: scripts ask for it often."""

from gdp import __version__


def version_line() -> str:
    """Return what ``--version`` prints."""
    import platform  # start-up time of all the others

    return f"gdp {__version__} (Python {platform.python_version()}, {platform.system()} {platform.machine()})"
