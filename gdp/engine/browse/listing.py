"""What ``ls`` shows: a directory of a snapshot, or all that lies below it."""

from collections.abc import Iterator

from gdp.engine.browse.lookup import find_node
from gdp.engine.browse.walk import Entry, subtree_of, walk
from gdp.model.events import Emit, ignore_events
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository


def list_entries(
    repo: Repository, snapshot: Snapshot, path: bytes = b"", *, recursive: bool = False, emit: Emit = ignore_events
) -> Iterator[Entry]:
    """Yield the entry at ``path`` (unless it is the root) and, if it is a directory, what lies in it.

    Args:
        repo: with its index loaded.
        snapshot: where to look.
        path: relative to the snapshot's root; empty: the root.
        recursive: all that lies below, not only the directory's own entries.
        emit: told as a Problem what cannot be read.

    Raises:
        BadInput: the snapshot has no such path.
        DamagedData: the directory itself cannot be read.
    """
    node = find_node(repo, snapshot, path)
    prefix = b"".join(b"/" + name for name in path.split(b"/") if name)
    if node is None:
        tree = bytes.fromhex(snapshot.tree)
    else:
        yield Entry(prefix, node)
        if node.type != "dir":
            return
        tree = subtree_of(node)
    yield from walk(repo, tree, emit, prefix=prefix, enters=lambda _entry: recursive)
