"""What a mount shows, without a mount."""

import errno
from pathlib import Path

from gdp.engine.mount.contents import REFRESH_SECONDS, MountedSnapshots
from gdp.model.files import FileKind
from gdp.repo.snapshots import SnapshotFilter
from tests.engine.crafted import Crafted


def test_new_snapshots_appear_although_an_index_file_is_damaged(crafted: Crafted) -> None:
    """Damage costs the files that need what it hit; a mount that answers nothing any more would cost them all."""
    now = [0.0]
    crafted.snapshot(crafted.file(b"old", b"old data"))
    shown = MountedSnapshots(crafted.repo, SnapshotFilter(), lambda: now[0])
    ((first, _),) = crafted.repo.storage.list(FileKind.INDEX)
    crafted.snapshot(crafted.file(b"new", b"new data"))
    _spoil(crafted.folder / "index" / first)
    now[0] += REFRESH_SECONDS
    shown.refresh()
    seen = [_seen(shown, name) for name in shown.children(b"/ids")]

    assert sorted(seen, key=str) == [errno.EIO, {b"new"}]


def _seen(shown: MountedSnapshots, snapshot: bytes) -> set[bytes] | int | None:
    """Return the names in a snapshot, or the error's number."""
    try:
        return set(shown.children(b"/ids/" + snapshot))
    except OSError as error:
        return error.errno


def _spoil(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"x" * 100)
