"""The disk with the home folder is full: before the daemon begins, before a run, and in the middle of one."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gdp.model.runs import State
from tests.daemon.clocked import daemon_at
from tests.daemon.running import World, events_of, process_of, wait_for_data, wait_for_end, wait_for_run
from tests.daemon.test_reports import RECIPIENT, Waiting, mail_to, mailbox, port

__all__ = ["mailbox", "port"]


@pytest.fixture
def small() -> Iterator[World]:
    """A home folder on a disk of 8 MB; not below pytest's own folders, where one that a kill left behind is in the way."""
    folder = Path(tempfile.mkdtemp(prefix="gdp-small-"))
    world = World(folder)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", world.home], check=False)
    if mounted.returncode:
        shutil.rmtree(folder)
        pytest.skip("nothing can be mounted here")
    try:
        yield world
    finally:
        subprocess.run(["umount", "-l", world.home], check=True)
        shutil.rmtree(folder)


@contextmanager
def full(world: World) -> Iterator[None]:
    """Take every byte of the disk while the block runs, also those that others give back."""
    filler, is_over, is_full = world.home / "filler", threading.Event(), threading.Event()

    def fill() -> None:
        while not is_over.wait(0.02):
            for size in (65536, 4096, 1):
                try:
                    with filler.open("ab", buffering=0) as stream:
                        while stream.write(bytes(size)) == size:
                            pass
                except OSError:
                    continue
            is_full.set()

    thread = threading.Thread(target=fill)
    thread.start()
    is_full.wait()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        filler.unlink()


@pytest.mark.root
def test_a_daemon_that_cannot_begin_says_what_to_do(small: World) -> None:
    """And leaves no advice to throw away a journal that is sound."""
    with full(small):
        begun = small.gdp("daemon")

    assert begun.returncode == 1
    assert "cannot be used: No space left on device" in begun.stderr
    assert "Make room on its disk" in begun.stderr


@pytest.mark.root
@pytest.mark.slow
def test_what_is_due_waits_for_room_and_status_says_so(small: World, port: int, mailbox: Waiting) -> None:
    """Nothing can be mailed from a full disk; whoever looks must see at once that nothing is backed up."""
    mail_to(small, port)
    small.write_set(schedule='when = ["daily 02:30"]', **{"[report]": RECIPIENT})
    with daemon_at(small, datetime(2026, 11, 24, 2, 29, tzinfo=UTC), TZ="UTC") as daemon:
        with full(small):
            daemon.is_at(datetime(2026, 11, 24, 2, 31, tzinfo=UTC))
            refused = small.gdp("run", "daten")
            status = small.gdp("status")
        daemon.is_at(datetime(2026, 11, 24, 2, 40, tzinfo=UTC))
        daemon.wait_until_idle()
        mail = mailbox.next_mail()
        after = small.gdp("status")
    [run] = small.runs()

    assert refused.returncode == 1
    assert "No space left on device" in refused.stderr
    assert "nothing begins: the journal " in status.stdout
    assert "nothing begins" not in after.stdout
    assert (run.due.minute, run.is_manual, run.state) == (30, False, State.OK)
    assert str(mail["Subject"]).startswith("[OK]")


@pytest.mark.root
@pytest.mark.slow
def test_a_run_goes_on_and_its_end_and_report_come_when_there_is_room(small: World, port: int, mailbox: Waiting) -> None:
    """A backup and a restore need no room at home: whoever has none left may need both."""
    mail_to(small, port)
    small.make_large()
    small.write_set(bandwidth='limits = ["up 2M"]', **{"[report]": RECIPIENT})
    out = small.home.parent / "out"
    with small.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        small.gdp("run", "daten")
        wait_for_data(small)
        process = process_of(small)
        with full(small):
            has_ended = wait_for_end(process)
            restored = small.gdp("restore", "-S", "daten", "latest", "--target", str(out))
            again = small.gdp("backup", "daten")
        run = wait_for_run(events, State.OK)
        mail = mailbox.next_mail()
    checked = small.gdp("check", "-S", "daten", "--read-data")

    assert has_ended
    assert (run.state, run.exit_code) == (State.OK, 0)
    assert (restored.returncode, again.returncode, checked.returncode) == (0, 0, 0), restored.stderr + again.stderr
    assert len(list(out.rglob("large *"))) == 40
    assert str(mail["Subject"]).startswith("[OK]")
    assert os.listdir(small.repository / "locks") == []
