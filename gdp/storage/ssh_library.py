"""Loads paramiko, at half the price. Called before a fork, so that worker processes share what it takes.

paramiko also loads invoke, a third of its time and half of its memory, only to run the programs of ``Match exec`` lines.
"""

import sys


def load_library() -> None:
    """Load paramiko, unless it is loaded; starts no thread and opens nothing."""
    if "paramiko" in sys.modules or "invoke" in sys.modules:
        return
    sys.modules["invoke"] = None  # type: ignore[assignment]  # so Python notes that there is no such module
    try:
        import paramiko
        import paramiko.config  # noqa: F401
    finally:
        del sys.modules["invoke"]


def load_command_runner() -> None:
    """Give paramiko what it runs the programs of ``Match exec`` lines with. Raises ImportError."""
    import invoke
    import paramiko.config

    paramiko.config.invoke = invoke  # type: ignore[attr-defined]
