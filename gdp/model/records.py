"""The small JSON files of a repository: its configuration, key files, locks and index files. Shapes only."""

import msgspec

from gdp.core.kdf import ScryptCost


class RepositoryConfig(msgspec.Struct, omit_defaults=True):
    """The file ``config``. restic ignores the fields that begin with ``gdp_``, and drops them when it migrates a repository."""

    version: int
    id: str
    chunker_polynomial: str
    """hex; restic refuses a polynomial that is not irreducible"""
    gdp_chunker: str = ""
    """``fastcdc-1`` when our chunker cuts the files; empty: made by restic"""
    gdp_block_bytes: int = 0
    """average chunk in bytes"""


class KeyFile(msgspec.Struct, omit_defaults=True):
    """A file in ``keys/``: plain JSON, readable by the server."""

    created: str
    username: str
    hostname: str
    kdf: str
    N: int
    r: int
    p: int
    salt: str
    """64 bytes, base64"""
    data: str
    """the sealed master key, base64"""

    @property
    def cost(self) -> ScryptCost:
        """What deriving the key costs."""
        return ScryptCost(self.N, self.r, self.p)


class LockFile(msgspec.Struct, omit_defaults=True):
    """A file in ``locks/``."""

    time: str
    exclusive: bool = msgspec.field(default_factory=bool)
    hostname: str = msgspec.field(default_factory=str)
    username: str = msgspec.field(default_factory=str)
    pid: int = msgspec.field(default_factory=int)
    uid: int = 0
    gid: int = 0


class IndexedBlob(msgspec.Struct, omit_defaults=True):
    """Where a blob lies in its pack; see ``core.packformat`` for the units."""

    id: str
    type: str
    offset: int = msgspec.field(default_factory=lambda: 0)
    length: int = msgspec.field(default_factory=lambda: 0)
    uncompressed_length: int = 0


class IndexedPack(msgspec.Struct):
    """A pack and all its blobs."""

    id: str
    blobs: list[IndexedBlob]


class IndexFile(msgspec.Struct, omit_defaults=True):
    """A file in ``index/``. ``supersedes`` of old versions is ignored; rustic's ``packs_to_delete`` is read as a fallback."""

    packs: list[IndexedPack] = msgspec.field(default_factory=list)
    packs_to_delete: list[IndexedPack] | None = None
