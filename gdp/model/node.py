"""One entry of a directory as restic's format keeps it. Knows no disk and no storage.

The order of fields is the order in the JSON. What a reader does not know is dropped; what it knows is written back to the
byte, which is why times and links stay as the text they were read as.
"""

import base64
import binascii
from typing import Literal

import msgspec

from gdp.core.errors import HostileData
from gdp.core.gotext import format_time, json_string, parse_time, permission_bits, quote_name, unquote_name
from gdp.core.language import N_

NodeType = Literal["file", "dir", "symlink", "dev", "chardev", "fifo", "socket", "irregular"]
ZERO_TIME = "0001-01-01T00:00:00Z"
NO_JSON = msgspec.Raw(b"")


def _always_null() -> None:
    """Make a default that is written all the same: ``content`` is never left out."""


def _zero_time() -> str:
    return ZERO_TIME


class ExtendedAttribute(msgspec.Struct):
    """A name with its namespace (``user.comment``) and its value in base64."""

    name: str
    value: str | None

    @property
    def raw(self) -> bytes:
        """The value's bytes; old restic versions wrote null for none."""
        return base64.b64decode(self.value or "")


class Node(msgspec.Struct, omit_defaults=True):
    """A file, directory, link or special file."""

    name: str
    """quoted as Go does; see ``raw_name``"""
    type: NodeType
    mode: int = 0
    """Go's file mode"""
    mtime: str = msgspec.field(default_factory=_zero_time)
    atime: str = msgspec.field(default_factory=_zero_time)
    ctime: str = msgspec.field(default_factory=_zero_time)
    uid: int = msgspec.field(default_factory=lambda: 0)
    gid: int = msgspec.field(default_factory=lambda: 0)
    user: str = ""
    group: str = ""
    inode: int = 0
    device_id: int = 0
    size: int = 0
    links: int = 0
    linktarget: msgspec.Raw = NO_JSON
    linktarget_raw: str = ""
    """base64, only where the target is not UTF-8"""
    extended_attributes: list[ExtendedAttribute] | None = None
    generic_attributes: msgspec.Raw = NO_JSON
    device: int = 0
    content: list[str] | None = msgspec.field(default_factory=_always_null)
    subtree: str | None = None
    error: str = ""

    @property
    def raw_name(self) -> bytes:
        """The name as the file system has it."""
        return unquote_name(self.name)

    @property
    def mtime_ns(self) -> int:
        """Last change of the contents, nanoseconds since 1970."""
        return parse_time(self.mtime)

    @property
    def atime_ns(self) -> int:
        """Last access, nanoseconds since 1970."""
        return parse_time(self.atime)

    @property
    def ctime_ns(self) -> int:
        """Last change of the metadata, nanoseconds since 1970."""
        return parse_time(self.ctime)

    @property
    def permissions(self) -> int:
        """The twelve bits that ``chmod`` takes."""
        return permission_bits(self.mode)

    @property
    def target(self) -> bytes:
        """Where a symbolic link points to, as the file system has it."""
        if self.linktarget_raw:
            try:
                return base64.b64decode(self.linktarget_raw, validate=True)
            except binascii.Error as error:
                raise HostileData(N_("the target of link {name!r} is not base64"), name=self.name) from error
        return msgspec.json.decode(self.linktarget, type=str).encode() if bytes(self.linktarget) else b""


def link_fields(target: bytes) -> tuple[msgspec.Raw, str]:
    """Return ``linktarget`` and ``linktarget_raw`` of a link that points to ``target``."""
    try:
        target.decode()
        return msgspec.Raw(json_string(target)), ""
    except UnicodeDecodeError:
        return msgspec.Raw(json_string(target)), base64.standard_b64encode(target).decode()


def checked_name(node: Node) -> bytes:
    """Return the raw name. Raises HostileData for one that could lead out of its directory."""
    name = node.raw_name
    if name in (b"", b".", b"..") or b"/" in name or b"\0" in name:
        raise HostileData(N_("a directory entry is named {name!r}, which no file system allows; it was refused"), name=node.name)
    return name


__all__ = [
    "ZERO_TIME",
    "ExtendedAttribute",
    "Node",
    "NodeType",
    "checked_name",
    "format_time",
    "link_fields",
    "quote_name",
]
