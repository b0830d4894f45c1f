"""What ``stat`` says about mounted things. Pure."""

import hashlib
import stat

from gdp.core.errors import DamagedData
from gdp.engine.mount.contents import Located
from gdp.engine.mount.layout import LatestLink, VirtualFolder
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot

FOLDER_MODE = stat.S_IFDIR | 0o555
_TYPES = {
    "file": stat.S_IFREG,
    "dir": stat.S_IFDIR,
    "symlink": stat.S_IFLNK,
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
    "dev": stat.S_IFBLK,
    "chardev": stat.S_IFCHR,
}
_BLOCK_BYTES = 512
_LARGEST_ID = (1 << 32) - 1


def attributes_of(located: Located, path: bytes, user: int, group: int) -> dict[str, int]:
    """Return the fields of ``struct stat``, times in nanoseconds. What no snapshot holds belongs to ``user`` and ``group``."""
    what = located.what
    if isinstance(what, Node):
        return _of_node(what, located.snapshot, path)
    fields = {"st_mode": FOLDER_MODE, "st_nlink": 2, "st_size": 0, "st_uid": user, "st_gid": group, "st_ino": _number(path)}
    if isinstance(what, LatestLink):
        fields |= {"st_mode": stat.S_IFLNK | 0o777, "st_nlink": 1, "st_size": len(what.target)}
    elif isinstance(what, VirtualFolder | Snapshot):
        fields["st_nlink"] = 2
    return fields | dict.fromkeys(("st_atime", "st_mtime", "st_ctime"), what.time_ns)


def _of_node(node: Node, snapshot: Snapshot | None, path: bytes) -> dict[str, int]:
    is_folder = node.type == "dir"
    size = len(node.target) if node.type == "symlink" else node.size
    return {
        "st_mode": _TYPES.get(node.type, stat.S_IFREG) | node.permissions,
        "st_nlink": 2 if is_folder else max(1, node.links),
        "st_size": size,
        "st_blocks": -(-size // _BLOCK_BYTES),
        "st_uid": node.uid & _LARGEST_ID,
        "st_gid": node.gid & _LARGEST_ID,
        "st_rdev": node.device if node.type in ("dev", "chardev") else 0,
        "st_ino": _inode(node, snapshot, path),
        "st_atime": _time(node.atime_ns),
        "st_mtime": _time(node.mtime_ns),
        "st_ctime": _time(node.ctime_ns),
    }


def _inode(node: Node, snapshot: Snapshot | None, path: bytes) -> int:
    """Return one number for all hard links of a file, and different ones for everything else."""
    if node.links > 1 and node.type == "file" and snapshot:
        content = "".join(node.content or ())
        return _number(f"{snapshot.tree}/{node.device_id}/{node.inode}/{content}".encode())
    return _number(path)


def _number(text: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()) | 2  # 0 and 1 have meanings of their own


def _time(nanoseconds: int) -> int:
    return nanoseconds if -(1 << 93) < nanoseconds < 1 << 93 else 0


def extended_attributes_of(located: Located) -> dict[str, bytes]:
    """Return the extended attributes of an entry of a snapshot; nothing else has any. Raises DamagedData."""
    if not isinstance(located.what, Node):
        return {}
    try:
        return {attribute.name: attribute.raw for attribute in located.what.extended_attributes or ()}
    except ValueError as error:
        raise DamagedData(str(error)) from error
