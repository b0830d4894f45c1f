"""Packs the entries of a restore into batches for the workers, and remembers what each position of a batch stands for."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gdp.core.errors import DamagedData
from gdp.core.ids import ID_BYTES
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.restore.existing import Action
from gdp.engine.restore.messages import (
    FILE,
    PART,
    VERIFY,
    BatchMessage,
    Entry,
    Identity,
    Place,
    WireFolder,
    places_in,
    plain_bytes,
)
from gdp.engine.restore.metadata import Metadata
from gdp.engine.restore.plan import PlannedFolder, PlannedItem
from gdp.repo.blob_index import BlobIndex

_DATA = int(BlobKind.DATA)
BATCH_ENTRIES = 384
BATCH_BYTES = 8 << 20  # of plain content; a worker holds two batches
BATCH_BLOCKS = 8192  # bounds the message
BATCH_OPEN_FILES = 64  # files of several blocks are open at the same time


@dataclass(slots=True)
class SharedFile:
    """A file that is written in parts, by any worker, after the parent made it."""

    folder: PlannedFolder
    item: PlannedItem
    metadata: Metadata
    identity: Identity
    size: int
    parts_open: int = 0
    is_all_sent: bool = False
    is_damaged: bool = False
    is_changed: bool = False
    """some block had to be written"""
    done_bytes: int = 0


Subject = tuple[PlannedFolder, PlannedItem] | SharedFile


@dataclass(slots=True)
class Batch:
    """What one worker does at once."""

    number: int
    folders: list[WireFolder] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    subjects: list[Subject] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    """plain bytes of each entry"""
    total_bytes: int = 0
    files: int = 0
    open_files: int = 0
    blocks: int = 0
    _last_folder: PlannedFolder | None = None

    @property
    def is_full(self) -> bool:
        """Say whether it should be sent."""
        return (
            len(self.entries) >= BATCH_ENTRIES
            or self.total_bytes >= BATCH_BYTES
            or self.open_files >= BATCH_OPEN_FILES
            or self.blocks >= BATCH_BLOCKS
        )

    def to_message(self, index: BlobIndex) -> BatchMessage:
        """Return what the worker gets."""
        packs = {place[0] for entry in self.entries for place in places_in(entry)}
        return self.number, {number: bytes(index.packs[number]) for number in packs}, self.folders, self.entries

    def add_file(self, folder: PlannedFolder, item: PlannedItem, metadata: Metadata, places: list[Place], size: int) -> None:
        """Add a file that a worker makes alone."""
        if folder is not self._last_folder:
            self._begin_folder(folder)
        # This and ``add_item`` run once a file of the snapshot: plain code, few calls.
        self.entries.append((FILE, len(self.folders) - 1, item.name, metadata, int(item.action), item.existing, places))
        self.subjects.append((folder, item))
        self.sizes.append(size)
        self.total_bytes += size
        self.files += 1
        blocks = len(places)
        self.blocks += blocks
        self.open_files += blocks > 1 or item.action is Action.CHECK

    def add_item(self, folder: PlannedFolder, item: PlannedItem, kind: int, metadata: Metadata, payload: object) -> None:
        """Add an entry without content: a symbolic link or a special file."""
        self._add(folder, kind, item, metadata, item.existing, payload)
        self.subjects.append((folder, item))
        self.sizes.append(0)

    def add_part(self, shared: SharedFile, offset: int, places: list[Place]) -> None:
        """Add some blocks of a shared file."""
        shared.parts_open += 1
        self._add(shared.folder, PART, shared.item, None, shared.identity, (offset, places))
        self.subjects.append(shared)
        self.sizes.append(sum(map(plain_bytes, places)))
        self.total_bytes += self.sizes[-1]
        self.open_files += 1

    def add_check(self, folder: PlannedFolder, item: PlannedItem, offset: int, size: int, places: list[Place]) -> None:
        """Add some blocks to be compared with the file."""
        self._add(folder, VERIFY, item, None, None, (offset, size, places))
        self.subjects.append((folder, item))
        self.sizes.append(sum(map(plain_bytes, places)))
        self.total_bytes += self.sizes[-1]

    def _add(
        self,
        folder: PlannedFolder,
        kind: int,
        item: PlannedItem,
        metadata: Metadata | None,
        identity: Identity | None,
        payload: object,
    ) -> None:
        if folder is not self._last_folder:
            self._begin_folder(folder)
        self.entries.append((kind, len(self.folders) - 1, item.name, metadata, int(item.action), identity, payload))

    def _begin_folder(self, folder: PlannedFolder) -> None:
        self._last_folder = folder
        made = folder.made
        self.folders.append((folder.path, bool(made and made.inherits), bool(made and made.is_private)))


def find_blocks(index: BlobIndex, content: Sequence[str]) -> Iterator[Place]:
    """Yield where each block of a file lies. Raises DamagedData when one is nowhere."""
    return (find_block(index, text) for text in content)


def find_block(index: BlobIndex, text: str) -> Place:
    """Return where a block lies, given its id in hex. Raises DamagedData when it is nowhere."""
    try:
        blob_id = bytes.fromhex(text)
    except ValueError:
        blob_id = b""
    found = index.locate(_DATA, blob_id) if len(blob_id) == ID_BYTES else None
    if found is None:
        raise DamagedData(N_("block {blob} is in no index"), N_("Run 'gdp repair index', then 'gdp check'."), blob=text[:64])
    return (*found, blob_id)
