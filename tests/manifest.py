"""Describes a tree wholly, so that two trees can be compared and a difference can be read.

Never follows a link and never changes an access time it can leave alone.
"""

import hashlib
import os
import stat
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

Entry = dict[str, Any]
"""One path: ``path type mode uid gid mtime_ns``, by type ``size sha256 group target rdev``, and ``xattrs`` if any.

``group`` is the first path of those that are hard links of each other. Ids, sizes and times are numbers; ``mode`` is
octal text of the permission bits; ``xattrs`` maps a name to hexadecimal text, ACLs and capabilities among them.
"""

_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "dir",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "chardev",
    stat.S_IFBLK: "dev",
}
_READ_BYTES = 1 << 20


def manifest(root: Path | bytes, *, with_root: bool = False, without: Collection[str] = ()) -> list[Entry]:
    """Return an entry for everything below ``root``, ordered by path.

    Args:
        root: a directory.
        with_root: describe ``root`` itself too, as ``.``.
        without: types to leave out, for example ``{"socket"}``, and paths to leave out with all below them.
    """
    top = os.fsencode(root)
    entries: list[Entry] = []
    if with_root:
        entries.append(_describe(top, "."))
    pending = [b""]
    while pending:
        folder = pending.pop()
        for name in os.listdir(os.path.join(top, folder)):
            path = os.path.join(folder, name)
            shown = readable(path)
            entry = _describe(os.path.join(top, path), shown)
            if shown in without or entry["type"] in without:
                continue
            entries.append(entry)
            if entry["type"] == "dir":
                pending.append(path)
    _name_groups(entries)
    return sorted(entries, key=lambda entry: str(entry["path"]))


def differences(expected: Sequence[Entry], actual: Sequence[Entry], *, ignoring: Collection[str] = ()) -> str:
    """Return what differs, one line a path and field; empty when nothing does.

    ``assert not differences(manifest(source), manifest(restored))`` shows the lines when it fails.
    """
    wanted = {str(entry["path"]): entry for entry in expected}
    found = {str(entry["path"]): entry for entry in actual}
    lines = []
    for path in sorted(wanted.keys() | found.keys()):
        if path not in found:
            lines.append(f"{path!r}: missing")
        elif path not in wanted:
            lines.append(f"{path!r}: was not there before")
        else:
            before, after = wanted[path], found[path]
            lines += [
                f"{path!r}: {field}: expected {before.get(field)!r}, is {after.get(field)!r}"
                for field in sorted(before.keys() | after.keys())
                if field not in ignoring and before.get(field) != after.get(field)
            ]
    return "\n".join(lines)


def readable(path: bytes) -> str:
    r"""Return ``path`` as text, one text per path: bytes that are not UTF-8 as ``\xff``, a backslash as two."""
    return path.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def _describe(path: bytes, shown: str) -> Entry:
    status = os.lstat(path)
    kind = _TYPES[stat.S_IFMT(status.st_mode)]
    entry: Entry = {
        "path": shown,
        "type": kind,
        "uid": status.st_uid,
        "gid": status.st_gid,
        "mtime_ns": status.st_mtime_ns,
    }
    if kind == "symlink":
        entry["target"] = readable(os.readlink(path))
    else:
        entry["mode"] = f"{stat.S_IMODE(status.st_mode):04o}"  # a link's own mode means nothing on Linux
    if kind in {"chardev", "dev"}:
        entry["rdev"] = f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}"
    if kind == "file":
        entry["size"] = status.st_size
        entry["sha256"] = _digest(path)
        if status.st_nlink > 1:
            entry["group"] = (status.st_dev, status.st_ino)  # _name_groups makes a path of it
    if xattrs := _xattrs(path):
        entry["xattrs"] = xattrs
    return entry


def _name_groups(entries: list[Entry]) -> None:
    """Give all paths of one file the same ``group``; a file whose other links lie outside the tree has none."""
    members: dict[tuple[int, int], list[Entry]] = {}
    for entry in entries:
        if identity := entry.pop("group", None):
            members.setdefault(identity, []).append(entry)
    for links in members.values():
        if len(links) > 1:
            first = min(str(entry["path"]) for entry in links)
            for entry in links:
                entry["group"] = first


def _digest(path: bytes) -> str:
    digest = hashlib.sha256()
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except PermissionError:
        return "unreadable"
    with open(descriptor, "rb", buffering=0) as stream:
        while part := stream.read(_READ_BYTES):
            digest.update(part)
    return digest.hexdigest()


def _xattrs(path: bytes) -> dict[str, str]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
        return {name: os.getxattr(path, name, follow_symlinks=False).hex() for name in sorted(names)}
    except OSError:  # a filesystem without them, or a file that may not be read
        return {}
