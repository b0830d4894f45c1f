"""Entries of snapshots as lines of ``ls -l`` and as JSON records with restic's field names."""

import os
import stat

from gdp.core import figures
from gdp.model.node import Node

_KINDS = {
    "file": stat.S_IFREG,
    "dir": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "dev": stat.S_IFBLK,
    "chardev": stat.S_IFCHR,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
}


def short_line(path: bytes, node: Node) -> str:
    """Return the path; a folder's ends with a slash."""
    return os.fsdecode(path) + ("/" if node.type == "dir" else "")


def long_line(path: bytes, node: Node) -> str:
    """Return mode, owner, size, time and path."""
    owner, group = node.user or str(node.uid), node.group or str(node.gid)
    target = f" -> {os.fsdecode(node.target)}" if node.type == "symlink" else ""
    size = figures.count(node.size) if node.type == "file" else ""
    return f"{permissions(node)} {owner:<8} {group:<8} {size:>15} {figures.moment(node.mtime_ns)} {os.fsdecode(path)}{target}"


def node_fields(path: bytes, node: Node) -> dict[str, object]:
    """Return a node's record."""
    fields: dict[str, object] = {
        "name": os.fsdecode(node.raw_name),
        "type": node.type,
        "path": os.fsdecode(path),
        "uid": node.uid,
        "gid": node.gid,
        "user": node.user,
        "group": node.group,
        "mode": node.mode,
        "permissions": permissions(node),
        "mtime": node.mtime,
        "atime": node.atime,
        "ctime": node.ctime,
        "inode": node.inode,
    }
    if node.type == "file":
        fields["size"] = node.size
    if node.type == "symlink":
        fields["linktarget"] = os.fsdecode(node.target)
    return fields


def permissions(node: Node) -> str:
    """Return ``drwxr-xr-x``."""
    return stat.filemode(_KINDS.get(node.type, 0) | node.permissions)
