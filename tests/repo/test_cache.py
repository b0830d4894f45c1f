"""A check must see the server, not what an older cache remembers of it; and must not fetch a pack once a directory."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gdp.model.files import FileKind, StoredFile
from gdp.repo.cache import CachedStorage, TemporaryCache
from tests.storage.memory import MemoryStorage

NAME = "ab" * 32
PACK = StoredFile(FileKind.DATA, NAME)


def test_a_pack_of_trees_is_fetched_once() -> None:
    """Thousands of directories lie in a few packs; a round trip for each would take a check hours on a long line."""
    storage = MemoryStorage()
    storage.write(PACK, [b"0123456789"])
    cache = TemporaryCache(storage)
    cache.expect_trees([NAME])
    storage.calls.clear()

    assert [cache.read(PACK, offset, 2) for offset in (0, 4, 8)] == [b"01", b"45", b"89"]
    assert len(storage.calls) == 1
    cache.close()


def test_nothing_is_left_on_the_disk() -> None:
    """The next check begins without what this one saw."""
    storage = MemoryStorage()
    storage.write(PACK, [b"0123456789"])
    cache = TemporaryCache(storage)
    cache.expect_trees([NAME])
    cache.read(PACK)
    folder = Path(cache._temporary.name)

    assert list(folder.rglob(NAME))
    cache.close()
    assert not folder.exists()


def test_a_copy_that_the_local_disk_does_not_give_back_costs_only_time(tmp_path: Path) -> None:
    """A cache on a failing disk must not keep anybody from a restore: the server has the file."""
    storage = MemoryStorage()
    storage.write(PACK, [b"0123456789"])
    cache = CachedStorage(storage, tmp_path)
    cache.expect_trees([NAME])
    (tmp_path / "data" / NAME).mkdir(parents=True)  # reading it fails, and not because it is missing

    assert cache.read(PACK, 4, 2) == b"45"


def test_several_threads_fetch_a_pack_once() -> None:
    """A check walks with several threads, and all of them begin in the same pack."""
    storage = MemoryStorage()
    storage.write(PACK, [b"0123456789"])
    cache = TemporaryCache(storage)
    cache.expect_trees([NAME])
    storage.calls.clear()
    all_ask = threading.Barrier(4)

    def ask(offset: int) -> bytes:
        all_ask.wait(60)
        return cache.read(PACK, offset, 2)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(ask, (0, 2, 4, 8)))

    assert found == [b"01", b"23", b"45", b"89"]
    assert len(storage.calls) == 1
    cache.close()


def test_a_pack_that_cannot_be_kept_is_not_fetched_whole_again(tmp_path: Path) -> None:
    """With a full local disk each of its directories would cost sixteen megabytes."""
    storage = MemoryStorage()
    storage.write(PACK, [b"0123456789"])
    (tmp_path / "data").write_text("where the folder should be")
    cache = CachedStorage(storage, tmp_path)
    cache.expect_trees([NAME])
    lengths: list[int | None] = []
    read = storage.read

    def watch(file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        lengths.append(length)
        return read(file, offset, length)

    storage.read = watch  # type: ignore[method-assign]

    assert [cache.read(PACK, offset, 2) for offset in (0, 4, 8)] == [b"01", b"45", b"89"]
    assert lengths == [None, 2, 2]


def test_listed_files_are_fetched_together_and_once(tmp_path: Path) -> None:
    """The first look at a repository from a new computer must not take two round trips for each of a thousand snapshots."""
    storage = MemoryStorage()
    names = [f"{number:064x}" for number in range(100)]
    for name in names:
        storage.write(StoredFile(FileKind.SNAPSHOTS, name), [name.encode()])
    cache = CachedStorage(storage, tmp_path)
    listed = [*cache.list(FileKind.SNAPSHOTS), ("f" * 64, 1)]  # the last one has been removed since
    cache.fetch(FileKind.SNAPSHOTS, listed)
    cache.fetch(FileKind.SNAPSHOTS, listed)
    storage.calls.clear()

    assert [cache.read(StoredFile(FileKind.SNAPSHOTS, name)) for name in names] == [name.encode() for name in names]
    assert not storage.calls
