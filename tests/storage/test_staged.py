"""Files that grow in the storage's own folder: stored by a name, or gone."""

import errno
import os
import stat
from pathlib import Path

import pytest

from gdp.core.errors import StorageError, StorageFull
from gdp.model.files import FileKind, StoredFile
from gdp.storage import local
from gdp.storage.leftovers import sweep_leftovers
from gdp.storage.local import LocalStorage
from gdp.storage.names import is_temporary_name
from gdp.storage.shared_rate import SharedRate
from gdp.storage.staged import StagedFile
from gdp.storage.throttle import Throttled

FILE = StoredFile(FileKind.DATA, "ab" * 32)
LOCK = StoredFile(FileKind.LOCKS, "cd" * 32)
PIECES = [os.urandom(700_000), os.urandom(300_000), os.urandom(300_000), b"the end"]
WHOLE = b"".join(PIECES)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repository"


@pytest.fixture
def storage(root: Path) -> LocalStorage:
    made = LocalStorage(root)
    made.create_folders()
    return made


def files_in(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file())


def staged(path: str | None) -> StagedFile:
    file = StagedFile(path)
    for piece in PIECES:
        file.append(piece)
    return file


def test_storing_gives_the_waiting_file_its_name(storage: LocalStorage, root: Path) -> None:
    """It is the same file, whole, read-only, and nothing else is left; closing it afterwards takes nothing away."""
    file = staged(storage.staging_path())
    number = os.fstat(file._file.fileno()).st_ino if file._file else 0
    storage.write(FILE, file)
    file.close()

    [stored] = files_in(root)
    assert stored == root / FILE.path
    assert stored.stat().st_ino == number
    assert stored.read_bytes() == WHOLE
    assert stat.S_IMODE(stored.stat().st_mode) == 0o400


def test_what_is_not_stored_is_gone(storage: LocalStorage, root: Path) -> None:
    """A run that ends early closes its files, or at least forgets them; one that is killed has not given them names."""
    closed, forgotten = staged(storage.staging_path()), staged(storage.staging_path())
    assert files_in(root) == []
    closed.close()
    del forgotten

    assert files_in(root) == []


@pytest.fixture
def without_nameless_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system, such as a network share's, that gives every file a name."""
    open_file = os.open

    def open_named(path: str, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        return open_file(path, flags, mode)

    monkeypatch.setattr(os, "open", open_named)


@pytest.mark.usefixtures("without_nameless_files")
def test_where_every_file_has_a_name_it_is_renamed(storage: LocalStorage, root: Path) -> None:
    """And removed when it is not stored."""
    stored, dropped = staged(storage.staging_path()), staged(storage.staging_path())
    assert len(files_in(root)) == 2
    storage.write(FILE, stored)
    stored.close()
    dropped.close()

    assert files_in(root) == [root / FILE.path]
    assert storage.read(FILE) == WHOLE


def test_without_links_the_bytes_are_copied(storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or without /proc, as in some containers."""

    def refuse(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(os, "link", refuse)
    file = staged(storage.staging_path())
    storage.write(FILE, file)
    file.close()

    assert files_in(root) == [root / FILE.path]
    assert storage.read(FILE) == WHOLE


@pytest.mark.usefixtures("without_nameless_files")
def test_what_a_killed_run_left_is_swept(storage: LocalStorage, root: Path) -> None:
    """Under its name it is known as an unfinished file of ours, and never taken for a pack."""
    file = staged(storage.staging_path())
    [left] = files_in(root)
    storage.write(LOCK, [b"lock"])

    assert is_temporary_name(left.name)
    assert list(storage.list(FileKind.DATA)) == []
    assert sweep_leftovers(storage, LOCK, older_than_seconds=-1) == 1
    assert not left.exists()
    file.close()


def test_a_file_that_is_there_already_is_not_replaced(storage: LocalStorage, root: Path) -> None:
    """The second of two equal packs is dropped."""
    storage.write(FILE, [WHOLE])
    number = (root / FILE.path).stat().st_ino
    file = staged(storage.staging_path())
    storage.write(FILE, file)
    file.close()

    assert [path.stat().st_ino for path in files_in(root)] == [number]


def test_a_failed_step_may_be_tried_again(storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it has its name the file stays ours."""
    file = staged(storage.staging_path())

    def fail(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(local, "_sync", fail)
        with pytest.raises(StorageError):
            storage.write(FILE, file)
    assert not (root / FILE.path).exists()
    storage.write(FILE, file)

    assert (root / FILE.path).read_bytes() == WHOLE


def test_a_file_that_lost_bytes_is_not_stored(storage: LocalStorage, root: Path) -> None:
    """The disk has the last word on how long it is."""
    file = staged(storage.staging_path())
    file.spill()
    assert file._file is not None
    os.truncate(file._file.fileno(), len(WHOLE) - 1)
    with pytest.raises(StorageError, match="bytes after writing"):
        storage.write(FILE, file)

    assert not (root / FILE.path).exists()


def test_a_full_disk_is_told_as_the_repositorys(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the repository that is full, and no other folder would help."""
    file = StagedFile(storage.staging_path())
    file.append(bytes(1_000_000))
    with open("/dev/full", "wb", buffering=0) as full:
        monkeypatch.setattr(file, "_file", full)
        with pytest.raises(StorageFull, match="no room left for"):
            file.append(bytes(1_000_000))


def test_a_waiting_file_of_another_repository_is_copied(storage: LocalStorage, tmp_path: Path) -> None:
    """Nobody's file is moved out of a folder that is not this storage's."""
    other = LocalStorage(tmp_path / "repository 2")
    other.create_folders()
    file = staged(storage.staging_path())
    other.write(FILE, file)

    assert other.read(FILE) == WHOLE
    storage.write(FILE, file)
    assert storage.read(FILE) == WHOLE


def test_there_is_no_place_where_every_byte_is_counted(storage: LocalStorage) -> None:
    """A limit on the rate holds for what is written, so nothing may get there by another way."""
    limited = Throttled(storage, upload=SharedRate(1 << 30))

    assert limited.staging_path() is None
    assert Throttled(storage, upload=SharedRate()).staging_path() is not None
