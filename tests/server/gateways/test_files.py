"""The server's files: named by their contents, whole or not there, outside of anybody else's reach."""

import os
import signal
import stat
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from server.domain.errors import SetupError
from server.gateways.files import FileMissing, FileStore

CONTENT = b"a signed sheet"
KILLED = """
import os, signal, sys
from pathlib import Path
from server.gateways.files import FileStore
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
FileStore(Path(sys.argv[1])).put(b"a signed sheet")
"""


def test_what_is_kept_comes_back_under_the_hash_of_its_bytes(tmp_path: Path) -> None:
    """Twice the same is once on the disk, and only the server reads it."""
    store = FileStore(tmp_path / "files")
    name = store.put(CONTENT)

    assert name == store.put(CONTENT) == sha256(CONTENT).hexdigest()
    assert store.get(name) == CONTENT
    (file,) = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_many_who_keep_the_same_at_once_keep_it_once(tmp_path: Path) -> None:
    """No half-written file is left behind."""
    store, names = FileStore(tmp_path), []
    threads = [threading.Thread(target=lambda: names.append(store.put(CONTENT * 10_000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(names) == 8
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [*set(names)]


def test_whoever_is_killed_while_writing_leaves_no_name_with_half_a_content(tmp_path: Path) -> None:
    """The next one keeps it as if nothing had been."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=Path(__file__).parents[3], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    name = sha256(CONTENT).hexdigest()
    store = FileStore(tmp_path)
    with pytest.raises(FileMissing):
        store.get(name)

    assert store.get(store.put(CONTENT)) == CONTENT


def test_a_file_that_is_gone_says_what_to_do(tmp_path: Path) -> None:
    """The database names it: it was not restored with it."""
    with pytest.raises(FileMissing) as caught:
        FileStore(tmp_path).get("0" * 64)

    assert "backup of the same moment" in caught.value.hint


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 63, "A" * 64, "0" * 63 + "/"])
def test_nothing_but_a_hash_is_a_name(tmp_path: Path, name: str) -> None:
    """No path leads out of the folder."""
    with pytest.raises(ValueError, match="hash"):
        FileStore(tmp_path).get(name)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """Nothing is left, and the message says where."""
    blocked = tmp_path / "files"
    blocked.write_bytes(b"")
    with pytest.raises(SetupError, match=str(blocked)):
        FileStore(blocked).put(CONTENT)

    assert os.listdir(tmp_path) == ["files"]
