"""Owner, permissions, extended attributes and times: from a node, through a message, onto the disk.

The order on the disk matters: ``chown`` clears setuid bits and capabilities, an ACL changes the permission bits, and everything
changes times. Works on descriptors and on ``/proc/self/fd`` paths only, never on names somebody could exchange.
"""

import errno
import os
import stat
from functools import lru_cache
from typing import Any, NamedTuple

from gdp.core.errors import DamagedData
from gdp.core.gotext import parse_time, permission_bits
from gdp.core.language import N_
from gdp.model.node import Node

Metadata = tuple[int, int, int, str, str, list[tuple[str, bytes]] | None]
"""(Go mode, uid, gid, mtime, atime, extended attributes): plain values, since they travel by marshal"""
BirthMark = tuple[int, int, int]
"""(mode, uid, gid) of a new file"""
WITHOUT_SPECIAL_BITS = 0o1777
PRIVATE_MODE = 0o600
_PLAIN_MODES = 0o1000  # below it, Go's bits are the system's
_FRACTION_AT, _NANO_DIGITS = 19, 9  # in RFC 3339
_SECONDS = {f"{second:02d}": second * 1_000_000_000 for second in range(60)}
_UNSUPPORTED = (errno.ENOTSUP, errno.ENOSYS)
_REMOVABLE = ("user.", "system.posix_acl_")  # what a file may have inherited or kept; labels of security modules stay


class Shortfall(NamedTuple):
    """Metadata that this user or this file system cannot have. Worth one note, not a problem a file."""

    template: str


NO_OWNERS = Shortfall(N_("owners were not restored: only root may give files to others"))
NO_ATTRIBUTES = Shortfall(N_("the target's file system does not keep every extended attribute; some were not restored"))
NO_PRIVILEGED = Shortfall(N_("some extended attributes were not restored: only root may set them"))


def metadata_of(node: Node) -> Metadata:
    """Return what a node says about its file. Raises DamagedData for attributes that cannot be read."""
    attributes = None
    if node.extended_attributes:
        try:
            attributes = [(attribute.name, attribute.raw) for attribute in node.extended_attributes]
        except ValueError as error:
            raise DamagedData(N_("the extended attributes of {name!r} cannot be read"), name=node.name) from error
    return node.mode, node.uid, node.gid, node.mtime, node.atime, attributes


def birth_mode(metadata: Metadata) -> int:
    """Return the permissions a file may be made with in a directory that nobody else can enter."""
    return metadata[0] if metadata[0] < _PLAIN_MODES else PRIVATE_MODE


def time_of(text: str) -> int:
    """Return nanoseconds since 1970, as ``parse_time`` does, which is asked once a minute and zone. Raises DamagedData."""
    end = len(text) - (1 if text[-1:] == "Z" else 6)
    second, fraction = _SECONDS.get(text[17:19]), text[20:end]
    has_fraction = text[19:20] == "." and fraction.isdecimal() and fraction.isascii()
    if second is None or not (has_fraction or end == _FRACTION_AT):
        return parse_time(text)
    if len(fraction) != _NANO_DIGITS:
        fraction = fraction[:_NANO_DIGITS].ljust(_NANO_DIGITS, "0")
    return _minute(text[:17], text[end:]) + second + int(fraction)


@lru_cache(maxsize=4096)
def _minute(date: str, zone: str) -> int:
    return parse_time(f"{date}00{zone}")


class MetadataWriter:
    """Puts metadata onto open files, and remembers what could not be had."""

    def __init__(self) -> None:
        self.shortfalls: set[str] = set()
        """templates of ``Shortfall``"""
        self._user = os.geteuid()

    def apply_to_new(self, descriptor: int, metadata: Metadata, proven: dict[int, BirthMark], folder: int) -> None:
        """Write all of it onto a file that was made with ``birth_mode`` in a directory of ours.

        ``proven`` remembers by the directory's number what new files in it are like: where that is what is wanted, owner and
        permissions are right already.
        """
        mode, user, group, mtime, atime, attributes = metadata
        wanted = mode, user, group
        if proven.get(folder) != wanted:
            found = os.fstat(descriptor)
            if (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid) != wanted:
                self.apply(descriptor, metadata, clean=False)
                return
            proven[folder] = wanted
        if attributes:
            for name, value in attributes:
                self._set_attribute(descriptor, name, value)
        changed = time_of(mtime)
        os.utime(descriptor, ns=(changed if atime == mtime else time_of(atime), changed))

    def apply(
        self, handle: int | str, metadata: Metadata, *, clean: bool, has_mode: bool = True, with_times: bool = True
    ) -> None:
        """Write all of it.

        Args:
            handle: a descriptor, or the ``/proc/self/fd`` path of one opened with O_PATH.
            metadata: what to write.
            clean: remove attributes that are there and should not be: the file is an old one, or inherited an ACL.
            has_mode: False for symbolic links, which have none.
            with_times: False for a file whose content is not right, so that the next run does not take it for unchanged.
        """
        mode, user, group, mtime, atime, attributes = metadata
        bits = mode if mode < _PLAIN_MODES else permission_bits(mode)
        if not self._change_owner(handle, user, group):
            bits &= WITHOUT_SPECIAL_BITS
        if has_mode:
            os.chmod(handle, bits)
        if clean:
            self._remove_others(handle, attributes or ())
        if attributes:
            for name, value in attributes:
                self._set_attribute(handle, name, value)
        if with_times:
            changed = time_of(mtime)
            os.utime(handle, ns=(changed if atime == mtime else time_of(atime), changed))

    def _change_owner(self, handle: int | str, user: int, group: int) -> bool:
        try:
            os.chown(handle, user, group)
        except PermissionError:
            if self._user == 0:
                raise
            self.shortfalls.add(NO_OWNERS.template)
            return False
        return True

    def _set_attribute(self, handle: int | str, name: str, value: bytes) -> None:
        try:
            os.setxattr(handle, name, value)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                self.shortfalls.add(NO_ATTRIBUTES.template)
            elif error.errno == errno.EPERM and self._user != 0:
                self.shortfalls.add(NO_PRIVILEGED.template)
            else:
                raise

    def _remove_others(self, handle: int | str, wanted: Any) -> None:
        keep = {name for name, _ in wanted}
        try:
            present = os.listxattr(handle)
        except OSError as error:
            if error.errno in _UNSUPPORTED:
                return
            raise
        for name in present:
            if name not in keep and name.startswith(_REMOVABLE):
                os.removexattr(handle, name)
