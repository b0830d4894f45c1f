"""Tells systemd how the service is. Does nothing where no systemd asked for it."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


def notify(*states: str, environment: Mapping[str, str] = os.environ) -> None:
    """Tell ``READY=1``, ``WATCHDOG=1`` and the like."""
    address = environment.get("NOTIFY_SOCKET", "")
    if address:
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.sendto("\n".join(states).encode(), f"\0{address[1:]}" if address[0] == "@" else address)


def watchdog_seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return how often systemd wants to hear of us, at least; None: it does not."""
    text = environment.get("WATCHDOG_USEC", "")
    if not text.isdigit() or environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(text) / 1_000_000 or None
