"""What a daemon that was killed left behind: processes that still run, and runs that nobody ended in the journal."""

import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from gdp.core.process_identity import living_process
from gdp.daemon.journal import Journal
from gdp.model.runs import Reason, Run, State

CLEAN_END_SECONDS = 30.0  # the engine noticed our death when it happened; this is for one that hangs


def end_orphans(journal: Journal, now: Callable[[], datetime], seconds: float = CLEAN_END_SECONDS) -> list[Run]:
    """End every process of an unfinished run and mark the run as lost. Returns those runs."""
    lost = []
    for run, identity in journal.unfinished():
        pid = living_process(identity)
        if pid is not None:
            _end(pid, identity, seconds)
        lost.append(journal.finish(run.id, State.INTERRUPTED, reason=Reason.LOST, now=now()))
    return lost


def _end(pid: int, identity: str, seconds: float) -> None:
    """Let it end cleanly, and after a while at once. It leads a group of its own."""
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if living_process(identity) is None:  # else the handle may be a stranger's
            return
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGINT)
        if not select.select([handle], [], [], seconds)[0]:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            select.select([handle], [], [], seconds)
    finally:
        os.close(handle)
