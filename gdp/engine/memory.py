"""Has the C library keep the memory of blocks for the next ones. Only for speed: where it cannot, nothing else changes."""

import contextlib

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # glibc's malloc.h
KEPT_BYTES = 64 << 20  # more than a batch, its stored bytes and its blocks take


def keep_freed_memory() -> None:
    """Let memory of large blocks be used again without asking the system, which would clear every page of it anew."""
    with contextlib.suppress(ImportError, OSError, AttributeError):  # another C library, or a Python without foreign functions
        import ctypes  # start-up time

        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_ARENA_MAX, 1)  # what one thread freed, the others use; each would keep memory of its own
