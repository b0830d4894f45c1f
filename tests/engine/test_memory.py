"""What workers keep in memory for their next block."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from gdp.engine.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(200):
    block = b"x" * (8 << 20)
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(choice: str) -> int:
    """Return how often the system had to clear a page."""
    environment = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20), "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM, choice], env=environment, capture_output=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_memory_of_blocks_is_used_again() -> None:
    """Clearing pages took a twentieth of the time of restoring large files."""
    assert faults("keep") * 5 < faults("leave")
