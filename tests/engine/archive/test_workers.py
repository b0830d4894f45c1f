"""Workers that fail, die or are too slow. The parent must say what happened, end everything, and never wait for ever."""

import os
import signal
from collections.abc import Callable, Collection
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import GdpError, StorageDenied, StorageFull
from gdp.engine.archive.blob_store import BlobStore
from gdp.engine.archive.options import StandardInput
from gdp.model.files import StoredFile
from gdp.storage.contract import Buffer, Storage
from tests.engine.archive.running import Archive
from tests.storage.memory import MemoryStorage


class Acting(MemoryStorage):
    """Does something instead of storing."""

    def __init__(self, act: Callable[[], Any]) -> None:
        super().__init__()
        self._act = act

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        self._act()


def acting(act: Callable[[], Any]) -> Callable[[Storage], Storage]:
    """Return a maker of storages that do something instead of storing."""
    return lambda _inner: Acting(act)


def die() -> None:
    """End this process as the kernel does when memory runs out."""
    os.kill(os.getpid(), signal.SIGKILL)


def refuse() -> None:
    raise StorageFull("the disk of {server} is full", "Make room.", server="büro")


class AwkwardError(Exception):
    """Cannot be sent to another process as it is."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = lambda: second


def fail_awkwardly() -> None:
    raise AwkwardError("one", "two")


def no_more_than(archive: Archive) -> set[Path]:
    """Return the snapshots and index files there are."""
    return {path for kind in ("snapshots", "index") for path in (archive.folder / kind).iterdir()}


@pytest.mark.parametrize("many", [False, True], ids=["at the end", "in the middle"])
def test_a_killed_worker_ends_the_run_with_an_explanation(archive: Archive, source: Path, many: bool) -> None:
    """Most often the system was out of memory. No snapshot is made of what is left."""
    for number in range(30 if many else 0):
        (source / f"noise-{number}").write_bytes(os.urandom(200_000))
    with pytest.raises(GdpError, match=r"a worker process ended unexpectedly \(exit code -9\)") as error:
        archive.backup("source", worker_storage=acting(die), pack_bytes=1 << 20)

    assert "memory was used up" in error.value.hint
    assert active_children() == []
    assert no_more_than(archive) == set()
    archive.backup("source")
    assert archive.check() == ()


def test_a_worker_killed_while_it_reads_ends_the_run(archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With more work waiting for it than a line between processes holds."""
    for number in range(3000):
        (source / "two" / f"{number:0200}").touch()
    (source / "two" / "z").write_bytes(b"the end")
    monkeypatch.setattr(BlobStore, "store_many", lambda _self, plaintexts: die() if plaintexts else [])
    with pytest.raises(GdpError, match="a worker process ended unexpectedly"):
        archive.backup("source")

    assert active_children() == []


def test_a_workers_error_is_raised_as_it_was(archive: Archive, source: Path) -> None:
    """With its type, which decides the exit code, its facts and its hint."""
    with pytest.raises(StorageFull) as error:
        archive.backup("source", worker_storage=acting(refuse))

    assert str(error.value) == "the disk of büro is full"
    assert error.value.hint == "Make room."
    assert active_children() == []
    assert no_more_than(archive) == set()


def test_an_error_that_cannot_be_sent_ends_the_run_all_the_same(archive: Archive, source: Path) -> None:
    """Of a library, say."""
    with pytest.raises(Exception, match=r"AwkwardError|ended unexpectedly"):
        archive.backup("source", worker_storage=acting(fail_awkwardly))

    assert active_children() == []


def test_a_worker_that_cannot_open_its_storage_ends_the_run(archive: Archive, source: Path) -> None:
    """Each has a connection of its own, which may be refused although the parent's was not."""

    def refused(_inner: Storage) -> Storage:
        raise StorageDenied("too many connections")

    with pytest.raises(StorageDenied, match="too many connections"):
        archive.backup("source", worker_storage=refused)

    assert active_children() == []


def test_a_stream_ends_with_its_worker(archive: Archive) -> None:
    """The program that writes it gets a broken pipe, and the caller an error."""
    reader, writer = os.pipe()
    os.write(writer, b"a dump")
    os.close(writer)
    with pytest.raises(StorageFull):
        archive.backup(sources=(), standard_input=StandardInput(reader, b"stdin"), worker_storage=acting(refuse))
    os.close(reader)

    assert no_more_than(archive) == set()


def test_the_temporary_folder_may_be_full(
    archive: Archive, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Packs wait there; the error says so and what to do, and is not mistaken for a full repository's disk."""
    (source / "noise").write_bytes(os.urandom(5_000_000))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(StorageFull, match="packs wait in") as error:
        archive.backup("source", worker_storage=acting(refuse))  # a storage that is no folder of this computer

    assert "TMPDIR" in error.value.hint
    assert active_children() == []


@pytest.mark.slow
def test_more_files_than_may_wait_are_all_saved(archive: Archive, source: Path) -> None:
    """The walk waits for the readers beyond 16,384 files, and goes on."""
    for number in range(20_000):
        folder = source / "many" / str(number % 50)
        if number < 50:
            folder.mkdir(parents=True)
        (folder / str(number)).write_bytes(b"%d" % (number % 997))
    ran = archive.backup("source", report_items=False)

    assert ran.summary.files_new == 20_006
    assert ran.summary.data_blobs <= 997 + 6 + 100
    assert archive.check() == ()
    assert archive.backup("source").summary.files_unmodified == 20_006
