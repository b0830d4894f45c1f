"""Which file systems count as the kernel's."""

import os
from pathlib import Path

import pytest

from gdp.engine.archive.mounts import KernelFileSystems

MOUNTS = [
    "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n",
    "23 22 0:5 / /proc rw,nosuid shared:2 master:1 - proc proc rw\n",
    "24 22 0:6 / /dev rw - devtmpfs udev rw,size=4k\n",
    "25 24 0:7 / /dev/shm rw - tmpfs tmpfs rw\n",
    "26 22 0:8 / /mnt/a\\040-\\040b rw - nfs4 server:/share rw\n",
    "malformed\n",
    "27 22 0:9 / /sys rw\n",
]


@pytest.mark.parametrize(
    ("device", "is_kernels"),
    [((254, 0), False), ((0, 5), True), ((0, 6), True), ((0, 7), False), ((0, 8), False), ((0, 9), False), ((0, 99), False)],
)
def test_the_kind_decides(device: tuple[int, int], is_kernels: bool) -> None:
    """A tmpfs and a network drive hold what people want; a line without sense says nothing."""
    assert (os.makedev(*device) in KernelFileSystems(lambda: MOUNTS)) is is_kernels


def test_what_is_mounted_meanwhile_is_found() -> None:
    """The list is read when the first number is asked for, and again for a number that it does not have, once for each."""
    reads: list[list[str]] = []
    lines = MOUNTS[:1]

    def read() -> list[str]:
        reads.append(list(lines))
        return lines

    known = KernelFileSystems(read)
    assert not reads
    assert os.makedev(254, 0) not in known
    lines = MOUNTS
    assert os.makedev(0, 5) in known
    assert os.makedev(0, 7) not in known
    assert os.makedev(0, 77) not in known
    assert os.makedev(0, 77) not in known

    assert len(reads) == 3


def test_this_computer_is_understood(tmp_path: Path) -> None:
    """The real list, and the real numbers."""
    known = KernelFileSystems()

    assert os.stat("/proc").st_dev in known
    assert tmp_path.stat().st_dev not in known
