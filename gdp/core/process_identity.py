"""What tells a process from a later one that got the same number. Linux; elsewhere numbers alone have to do."""

from pathlib import Path

_DEAD_STATES = ("Z", "X")  # killed, but its parent has not asked for it, as in a container without an init
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def process_identity(pid: int) -> str:
    """Return number, start time and boot of a process; of one that does not live any more, what no living one has."""
    try:
        # The name in the second field may hold blanks and brackets; the start time is the 20th field after it.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        started = fields[19] if fields[0] not in _DEAD_STATES else "?"
    except (OSError, IndexError):
        started = "?"
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "?"
    return f"{pid} {started} {boot}"


def living_process(identity: str) -> int | None:
    """Return the number of the process with this identity; None when it has ended."""
    pid = identity.partition(" ")[0]
    return int(pid) if pid.isdigit() and " ? " not in identity and process_identity(int(pid)) == identity else None
