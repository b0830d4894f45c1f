"""Runs backups as the command line does, with worker processes, and keeps what they said and touched."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gdp.core.chunker import DEFAULT_BLOCK_BYTES
from gdp.core.kdf import ScryptCost
from gdp.core.language import complete
from gdp.engine.archive.backup import run_backup
from gdp.engine.archive.entry import BackupAccess
from gdp.engine.archive.finish import BackupResult
from gdp.engine.archive.options import BackupOptions
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.model.events import Event, ItemDone, Note, Problem, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node
from gdp.model.snapshot import SnapshotSummary
from gdp.repo.lease import Lease
from gdp.repo.opening import init_repository, open_repository
from gdp.repo.repository import Repository
from gdp.storage.contract import Buffer, Storage
from gdp.storage.local import LocalStorage
from gdp.storage.wrapper import StorageWrapper

PASSWORD = b"geheim"
QUICK = ScryptCost(N=2, r=1, p=1)
HOST = "box"


class Watched(StorageWrapper):
    """A storage that writes down what was read and written through it."""

    def __init__(self, inner: Storage, log: list[tuple[str, FileKind]]) -> None:
        super().__init__(inner)
        self._log = log

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        self._log.append(("read", file.kind))
        return self._inner.read(file, offset, length)

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        self._log.append(("write", file.kind))
        self._inner.write(file, parts)

    def remove(self, file: StoredFile) -> None:
        self._log.append(("remove", file.kind))
        self._inner.remove(file)


@dataclass
class Ran:
    """A backup that was made."""

    result: BackupResult
    events: list[Event] = field(default_factory=list)
    storage_log: list[tuple[str, FileKind]] = field(default_factory=list)
    """what the parent process did with the repository"""
    workers_started: bool = False
    """else no file was read and no directory stored"""

    @property
    def summary(self) -> SnapshotSummary:
        return self.result.summary

    @property
    def tree(self) -> str:
        return self.result.snapshot.tree

    @property
    def problems(self) -> dict[str, str]:
        """Path -> what was wrong, in English."""
        return {event.path: complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Problem)}

    @property
    def problem_texts(self) -> list[str]:
        """What was wrong, in English, in the order it was told."""
        return [complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Problem)]

    @property
    def notes(self) -> list[str]:
        return [complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Note)]

    @property
    def files(self) -> dict[str, str]:
        """Name -> what was done with the file; needs ``report_items``."""
        items = [
            event for event in self.events if isinstance(event, ItemDone) and event.kind == "file" and event.action != "removed"
        ]
        return {Path(item.path).name: item.action for item in items}

    @property
    def index_was_read(self) -> bool:
        return ("read", FileKind.INDEX) in self.storage_log

    def counted(self) -> tuple[int, int, int, int, int, int]:
        """Return files new, changed, unmodified, and the same of directories."""
        told = self.summary
        return (
            told.files_new,
            told.files_changed,
            told.files_unmodified,
            told.dirs_new,
            told.dirs_changed,
            told.dirs_unmodified,
        )


@contextmanager
def _lock_in_name_only(meanwhile: Callable[[], None], settling: Callable[[], None]) -> Iterator[None]:
    meanwhile()
    settling()
    yield


class Archive:
    """A repository in a folder, a home folder, and a way to back up into it."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home

    def init(self, block_bytes: int = DEFAULT_BLOCK_BYTES) -> "Archive":
        init_repository(LocalStorage(self.folder), PASSWORD, self.home, block_bytes, QUICK)
        return self

    def open(self) -> Repository:
        """Return the repository with its index loaded."""
        repo = open_repository(LocalStorage(self.folder), PASSWORD, self.home)
        repo.load_index()
        return repo

    def backup(
        self,
        *sources: Path | str | bytes,
        before_reading: Callable[[], None] | None = None,
        worker_storage: Callable[[Storage], Storage] = lambda storage: storage,
        settling: Callable[[], None] = lambda: None,
        **choices: Any,
    ) -> Ran:
        """Back up. ``choices`` are fields of BackupOptions.

        Args:
            sources: paths.
            before_reading: is called between the walk (of a small tree) and the reading of the first file.
            worker_storage: wraps the workers' storages.
            settling: is called when a lock would have been written and is not sure yet.
        """
        log: list[tuple[str, FileKind]] = []
        events: list[Event] = []
        asked: list[bool] = []
        start = 1 if choices.get("dry_run") else 2  # the first time is for the worker that connects ahead

        def secrets() -> Mapping[str, str]:
            asked.append(True)
            if before_reading is not None and len(asked) == start:
                before_reading()
            return {}

        access = BackupAccess(
            open_storage=lambda _secrets: worker_storage(LocalStorage(self.folder)),
            secrets=secrets,
            open_repository=lambda: open_repository(Watched(LocalStorage(self.folder), log), PASSWORD, self.home),
            locked=lambda _repo, meanwhile: _lock_in_name_only(meanwhile, settling),
            lease=Lease(),
        )
        paths = [source if isinstance(source, bytes) else str(source).encode() for source in sources]
        options = BackupOptions(**{"sources": paths, "hostname": HOST, "report_items": True, **choices})
        result = run_backup(options, access, events.append)
        return Ran(result, events, log, len(asked) >= start)

    def check(self) -> tuple[str, ...]:
        """Return what a check of every byte complains about."""
        repo = open_repository(LocalStorage(self.folder), PASSWORD, self.home)
        return tuple(map(str, check_repository(repo, CheckOptions(ALL_PACKS), ignore_events).errors))

    def nodes(self, tree: str, folder: str = "/") -> dict[str, Node]:
        """Return the entries of a folder in a snapshot's tree by name; invalid UTF-8 as surrogates."""
        repo = self.open()
        nodes = repo.load_tree(bytes.fromhex(tree))
        for part in folder.strip("/").split("/"):
            if part:
                (inner,) = (node for node in nodes if node.raw_name == part.encode())
                assert inner.subtree is not None
                nodes = repo.load_tree(bytes.fromhex(inner.subtree))
        return {node.raw_name.decode("utf-8", "surrogateescape"): node for node in nodes}

    def packs(self) -> list[str]:
        """Return the names of all packs."""
        return sorted(name for name, _ in LocalStorage(self.folder).list(FileKind.DATA))
