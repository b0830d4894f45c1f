"""Which file systems are the kernel's own: made up while they are read, such as ``/proc``. Nothing in them can be restored.

Told by the name of their kind, since several look like a tmpfs, which is not one of them: people keep files there.
"""

import os
from collections.abc import Callable, Iterable

# fmt: off
KERNEL_KINDS = frozenset({
    "binder", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "cpuset", "debugfs", "devpts", "devtmpfs", "efivarfs",
    "functionfs", "fusectl", "hugetlbfs", "mqueue", "nfsd", "nsfs", "openpromfs", "proc", "pstore", "resctrl", "rpc_pipefs",
    "securityfs", "selinuxfs", "smackfs", "sysfs", "tracefs", "usbfs", "xenfs",
})
# fmt: on
"""as ``/proc/self/mountinfo`` has them"""
_DEVICE, _FIRST_OPTIONAL = 2, 6  # fields of a line


def read_mounts() -> list[str]:
    """Return the lines of ``/proc/self/mountinfo``; none where that cannot be read."""
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as lines:
            return list(lines)
    except OSError:
        return []


class KernelFileSystems:
    """Says whether a device number belongs to one. What is mounted is read when the first number is asked for, never before.

    Args:
        read: gives the lines of ``/proc/self/mountinfo``.
    """

    def __init__(self, read: Callable[[], Iterable[str]] = read_mounts) -> None:
        self._read = read
        self._known: dict[int, bool] = {}

    def __contains__(self, device: int) -> bool:
        if device not in self._known:
            self._known |= _mounted(self._read())
            self._known.setdefault(device, False)  # no mount of its own, as a subvolume of Btrfs
        return self._known[device]


def _mounted(lines: Iterable[str]) -> dict[int, bool]:
    """Return the device number of each mount, and whether it is the kernel's."""
    found: dict[int, bool] = {}
    for line in lines:
        fields = line.split(" ")
        try:
            kind = fields[fields.index("-", _FIRST_OPTIONAL) + 1]
            major, _, minor = fields[_DEVICE].partition(":")
            found[os.makedev(int(major), int(minor))] = kind in KERNEL_KINDS
        except (ValueError, IndexError):
            continue
    return found
