"""Checks the small files: configuration, keys, locks, snapshots. Each is read from the storage and opened."""

from collections.abc import Iterator

import msgspec

from gdp.core.errors import DamagedData, FileMissing
from gdp.core.language import N_
from gdp.engine.check.options import Finding, error, hint
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.model.records import LockFile
from gdp.repo.key_files import read_key_file
from gdp.repo.opening import decode_config
from gdp.repo.repository import Repository
from gdp.repo.snapshots import SnapshotList
from gdp.repo.unpacked import load_unpacked

_REASON = "{reason}"  # an error's own sentence says which file it is about


def judge_small_files(repo: Repository) -> Iterator[Finding]:
    """Yield what is wrong with configuration, keys and locks."""
    yield from _judge_config(repo)
    for name in _names(repo, FileKind.KEYS):
        try:
            read_key_file(repo.storage, name)
        except FileMissing:
            continue  # removed by somebody between the listing and now
        except DamagedData as problem:
            yield error(_REASON, reason=str(problem))
    yield from _judge_locks(repo)


def judge_snapshots(found: SnapshotList) -> Iterator[Finding]:
    """Yield what is wrong with snapshot files; what they refer to is another matter."""
    for problem in found.damaged.values():
        yield error(_REASON, reason=str(problem))
    if not found.snapshots and not found.damaged:
        yield hint(N_("there is no snapshot in the repository"))


def _judge_config(repo: Repository) -> Iterator[Finding]:
    try:
        if decode_config(repo.key, repo.storage.read(CONFIG_FILE)) != repo.config:
            yield error(N_("the repository's file 'config' changed while we used it"))
    except FileMissing:
        yield error(N_("the repository's file 'config' is missing"))
    except DamagedData as problem:
        yield error(_REASON, reason=str(problem))


def _judge_locks(repo: Repository) -> Iterator[Finding]:
    for name, size in list(repo.storage.list(FileKind.LOCKS)):
        if not size:
            yield hint(N_("lock {name} is an empty file, left by an interrupted run"), name=name)
            continue
        try:
            msgspec.json.decode(load_unpacked(repo.storage, repo.key, StoredFile(FileKind.LOCKS, name)), type=LockFile)
        except FileMissing:
            continue  # refreshed under a new name, or given back
        except (DamagedData, msgspec.MsgspecError) as problem:
            yield error(N_("lock {name} cannot be read: {reason}"), name=name, reason=str(problem))


def _names(repo: Repository, kind: FileKind) -> list[str]:
    return [name for name, _ in repo.storage.list(kind)]
