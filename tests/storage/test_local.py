"""What can go wrong on a disk, beyond the contract."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import StorageDenied, StorageError, StorageFull, StorageUnreachable
from gdp.model.files import CONFIG_FILE, FOLDERS, FileKind, StoredFile
from gdp.storage.leftovers import sweep_leftovers
from gdp.storage.local import LocalStorage

DATA = bytes(range(256)) * 5000
FILE = StoredFile(FileKind.DATA, "ab" * 32)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "repository"


@pytest.fixture
def storage(root: Path) -> LocalStorage:
    made = LocalStorage(root)
    made.create_folders()
    return made


def files_in(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def failing_with(code: int) -> Callable[..., Any]:
    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


def test_folders_are_private_and_files_read_only(storage: LocalStorage, root: Path) -> None:
    """Others on the computer must not read keys, and nobody changes a finished file by accident."""
    storage.write(FILE, [DATA])

    assert all(stat.S_IMODE((root / folder).stat().st_mode) == 0o700 for folder in FOLDERS)
    assert stat.S_IMODE(root.stat().st_mode) == 0o700
    assert stat.S_IMODE((root / FILE.path).stat().st_mode) == 0o400


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EROFS, StorageDenied),
        (errno.ESTALE, StorageUnreachable),
        (errno.EIO, StorageError),
    ],
)
@pytest.mark.parametrize("call", ["writev", "fsync", "rename"])
def test_a_failing_disk_is_named_and_nothing_stays_behind(
    storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int, kind: type[StorageError]
) -> None:
    """Wherever it fails: no half file under a name that promises a whole one, and no rubbish on a full disk."""
    monkeypatch.setattr(os, call, failing_with(code))
    with pytest.raises(StorageError) as caught:
        storage.write(FILE, [DATA])
    monkeypatch.undo()

    assert type(caught.value) is kind
    assert files_in(root) == []


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.EINVAL])
def test_a_file_system_that_cannot_sync_is_used_all_the_same(
    storage: LocalStorage, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """Some network shares and FUSE file systems; restic uses them, too."""
    monkeypatch.setattr(os, "fsync", failing_with(code))
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA


def test_short_writes_are_completed(storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take fewer bytes than it is offered at any time."""
    real = os.write

    def take_little(descriptor: int, pieces: list[memoryview]) -> int:
        return real(descriptor, pieces[0][:77_777])

    monkeypatch.setattr(os, "writev", take_little)
    storage.write(FILE, [DATA[:10], DATA[10:500_000], DATA[500_000:]])

    assert (root / FILE.path).read_bytes() == DATA


def test_short_reads_are_completed(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same on the way back."""
    storage.write(FILE, [DATA])
    real = os.pread
    monkeypatch.setattr(os, "pread", lambda descriptor, size, offset: real(descriptor, min(size, 99_999), offset))

    assert storage.read(FILE) == DATA


def test_a_disk_that_swallows_bytes_is_noticed(storage: LocalStorage, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A size is cheap to compare; some network shares have acknowledged what they never kept."""
    monkeypatch.setattr(os, "writev", lambda _descriptor, pieces: sum(piece.nbytes for piece in pieces))

    with pytest.raises(StorageError, match="0 bytes after writing 1,280,000"):
        storage.write(FILE, [DATA])
    assert files_in(root) == []


def test_a_disk_that_is_not_mounted_is_not_written_into(tmp_path: Path) -> None:
    """The backup would fill the system disk below the empty mount point."""
    storage = LocalStorage(tmp_path / "mount" / "repository")

    with pytest.raises(StorageError, match="does not exist") as caught:
        storage.write(FILE, [DATA])
    assert "mounted" in caught.value.hint
    assert not (tmp_path / "mount").exists()


def test_a_missing_data_folder_is_made_by_the_write(storage: LocalStorage, root: Path) -> None:
    """Some tools make the 256 folders only when they are needed."""
    for folder in reversed(FOLDERS):
        (root / folder).rmdir()
    storage.write(FILE, [DATA])

    assert files_in(root) == [FILE.path]


def test_listing_an_empty_place_gives_nothing(tmp_path: Path) -> None:
    """`gdp init` asks a folder that does not exist yet."""
    storage = LocalStorage(tmp_path / "nothing")

    assert all(list(storage.list(kind)) == [] for kind in FileKind)


def test_strangers_files_and_folders_are_left_out(storage: LocalStorage, root: Path) -> None:
    """Unfinished uploads, notes of the administrator, and lost+found."""
    storage.write(FILE, [DATA])
    for name in ("README", f"{FILE.name}-restic-temp-{'0' * 32}", "cd" * 32, FILE.name[:-1]):
        (root / "data/ab" / name).write_bytes(b"?")
    (root / "data/ab" / ("ab" * 31 + "00")).mkdir()
    (root / "data/lost+found").mkdir()

    assert list(storage.list(FileKind.DATA)) == [(FILE.name, len(DATA))]


def test_only_our_old_leftovers_are_swept(storage: LocalStorage, root: Path) -> None:
    """A writer beside us is not disturbed, and restic's files are none of our business."""
    lock = StoredFile(FileKind.LOCKS, "cc" * 32)
    storage.write(lock, [b"lock"])
    now = (root / lock.path).stat().st_mtime
    names = {
        f"data/ab/{FILE.name}-gdp-temp-{'1' * 16}": 90_000,
        f"data/ab/{FILE.name}-gdp-temp-{'2' * 16}": 60,
        f"config-gdp-temp-{'3' * 16}": 90_000,
        f"data/ab/{FILE.name}-restic-temp-{'4' * 32}": 10**6,
    }
    for name, age in names.items():
        (root / name).write_bytes(b"half")
        os.utime(root / name, (now - age, now - age))
    kept = sorted([lock.path, *(name for name, age in names.items() if age == 60 or "restic" in name)])

    assert sweep_leftovers(storage, lock, older_than_seconds=86_400) == 2
    assert files_in(root) == kept
    with pytest.raises(ValueError, match="unfinished"):
        storage.remove_leftover(FILE.path)


def test_only_the_first_of_two_configs_is_kept(storage: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked before either wrote: the link decides, not the look."""
    monkeypatch.setattr(storage, "_is_already_there", lambda *_arguments: False)
    storage.write(CONFIG_FILE, [b"first"])

    with pytest.raises(StorageDenied):
        storage.write(CONFIG_FILE, [b"second"])
    assert storage.read(CONFIG_FILE) == b"first"
    assert list(storage.list(FileKind.CONFIG)) == [("config", 5)]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    if os.getuid() != 0:
        pytest.skip("only root may mount a file system")
    place = tmp_path / "tiny"
    place.mkdir()
    answer = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True, check=False)
    if answer.returncode:
        pytest.skip(f"no file system can be mounted here: {answer.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.root
def test_a_disk_that_is_really_full_says_so_and_recovers(tiny_disk: Path) -> None:
    """After the user has made room, the next run goes on."""
    storage = LocalStorage(tiny_disk / "repository")
    storage.create_folders()
    storage.write(FILE, [DATA])
    other = StoredFile(FileKind.DATA, "cd" * 32)
    with pytest.raises(StorageFull):
        storage.write(other, [DATA])
    storage.remove(FILE)
    storage.write(other, [DATA])

    assert files_in(tiny_disk / "repository") == [other.path]


def test_a_local_repository_does_not_load_paramiko() -> None:
    """It costs 0.1 s at every start, and most commands never need it."""
    modules = "gdp.storage.local, gdp.storage.retry, gdp.storage.throttle, gdp.storage.sftp"
    code = f"import {modules}, sys; print('paramiko' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
