"""Streams one file of a snapshot, or a directory as a tar or zip archive, without a file system in between."""

from enum import StrEnum
from typing import BinaryIO

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.browse.archives import ArchiveWriter, TarWriter, ZipWriter
from gdp.engine.browse.content import ContentReader
from gdp.engine.browse.lookup import find_node
from gdp.engine.browse.walk import Entry, subtree_of, walk
from gdp.model.events import Emit, Note, ignore_events
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository


class Archive(StrEnum):
    """How a directory is streamed."""

    TAR = "tar"
    ZIP = "zip"


def dump(
    repo: Repository,
    snapshot: Snapshot,
    path: bytes,
    stream: BinaryIO,
    *,
    archive: Archive = Archive.TAR,
    emit: Emit = ignore_events,
) -> None:
    """Write the file at ``path`` to a stream, or the directory there as an archive whose paths begin below it.

    Args:
        repo: with its index loaded.
        snapshot: where to look.
        path: relative to the snapshot's root; empty: all of it.
        stream: need not be seekable.
        archive: for a directory.
        emit: told as a Problem which directories could not be read, and as a Note what an archive cannot hold.

    Raises:
        BadInput: the snapshot has no such path, or it is neither file nor directory.
        DamagedData: a file cannot be read. What was written until then is incomplete.
    """
    node = find_node(repo, snapshot, path)
    reader = ContentReader(repo)
    try:
        if node is None or node.type == "dir":
            tree = bytes.fromhex(snapshot.tree) if node is None else subtree_of(node)
            _dump_folder(repo, tree, TarWriter(stream) if archive is Archive.TAR else ZipWriter(stream), reader, emit)
        elif node.type == "file":
            stream.writelines(reader.blocks(node))
        else:
            raise BadInput(N_("{path} is neither a file nor a directory"), path=path.decode("utf-8", "surrogateescape"))
    finally:
        reader.close()


def _dump_folder(repo: Repository, tree: bytes, writer: ArchiveWriter, reader: ContentReader, emit: Emit) -> None:
    links: dict[tuple[int, int], tuple[list[str], bytes]] = {}
    for path, node in walk(repo, tree, emit):
        inside = path.lstrip(b"/")
        if not is_harmless(inside):
            emit(Note(N_("{path} was left out: its name could lead out of the archive"), {"path": _shown(inside)}))
        elif node.type == "file":
            first = _first_link(Entry(inside, node), links)
            writer.add_file(Entry(inside, node), reader.blocks(node), first)
        elif not writer.add_other(Entry(inside, node)):
            emit(Note(N_("{path} was left out: this archive cannot hold it"), {"path": _shown(inside)}))
    writer.close()


def is_harmless(path: bytes) -> bool:
    """Say whether no part of a path could lead out of the directory it is unpacked into."""
    return not any(name in (b"", b".", b"..") or b"\0" in name for name in path.split(b"/"))


def _first_link(entry: Entry, links: dict[tuple[int, int], tuple[list[str], bytes]]) -> bytes | None:
    """Return the path of an earlier hard link of the same file, if there is one."""
    node: Node = entry.node
    if node.links <= 1:
        return None
    content, path = links.setdefault((node.inode, node.device_id), (node.content or [], entry.path))
    return path if path != entry.path and content == (node.content or []) else None


def _shown(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
