"""Index files: which pack holds which blobs. Reads them into a BlobIndex and writes new ones."""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.gotext import encode_json
from gdp.core.ids import ID_BYTES, PackId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.model.records import IndexedBlob, IndexedPack, IndexFile

FULL_INDEX_BLOBS = 50_000
FULL_INDEX_AGE_SECONDS = 600.0  # what a killed run can lose of its index; packs are found again by the local journal
_KIND_NAMES = {0: "data", 1: "tree"}
_KINDS = {"data": BlobKind.DATA, "tree": BlobKind.TREE}
_UINT32 = 1 << 32
_ID_DIGITS = 2 * ID_BYTES


class DecodedIndex(NamedTuple):
    """What an index file says."""

    packs: list[tuple[PackId, list[PackedBlob]]]
    marked: list[tuple[PackId, list[PackedBlob]]]
    """packs that rustic is about to delete; good until then"""


def decode_index(json: bytes, name: str) -> DecodedIndex:
    """Return what an index file says. Raises DamagedData."""
    try:
        text = b'{"packs":' + json + b"}" if json[:1] == b"[" else json
        index = msgspec.json.decode(text, type=IndexFile)
        marked = index.packs_to_delete or ()
        return DecodedIndex([_decode_pack(pack) for pack in index.packs], [_decode_pack(pack) for pack in marked])
    except (msgspec.MsgspecError, DamagedData, KeyError, ValueError) as error:
        raise DamagedData(N_("index file {name} cannot be read ({reason})"), name=name, reason=error) from error


def _decode_pack(pack: IndexedPack) -> tuple[PackId, list[PackedBlob]]:
    # All ids at once: an index has millions, and opening a repository waits for them.
    digits = "".join([blob.id for blob in pack.blobs])
    if digits.strip("0123456789abcdef") or any(len(blob.id) != _ID_DIGITS for blob in pack.blobs):
        raise DamagedData(N_("an identifier is not 64 hex digits"))
    ids = bytes.fromhex(digits)
    blobs = []
    for start, blob in zip(range(0, len(ids), ID_BYTES), pack.blobs, strict=True):
        if not (0 <= blob.offset < _UINT32 and 32 <= blob.length < _UINT32 and 0 <= blob.uncompressed_length < _UINT32):
            raise DamagedData(N_("impossible place for block {blob}"), blob=blob.id[:64])
        kind = _KINDS[blob.type]
        blobs.append(PackedBlob(kind, ids[start : start + ID_BYTES], blob.offset, blob.length, blob.uncompressed_length))
    return PackId.from_hex(pack.id), blobs


def encode_index(packs: Iterable[tuple[bytes, Sequence[PackedBlob]]]) -> bytes:
    """Return the JSON of an index file. All blobs of a pack belong into one file."""
    return _join_packs([_encode_pack(pack, blobs) for pack, blobs in packs])


def _encode_pack(pack: bytes, blobs: Sequence[PackedBlob]) -> bytes:
    listed = [IndexedBlob(blob.id.hex(), _KIND_NAMES[blob.kind], blob.offset, blob.length, blob.plain_length) for blob in blobs]
    return encode_json(IndexedPack(pack.hex(), listed))


def _join_packs(packs: Iterable[bytes]) -> bytes:
    return b'{"packs":[' + b",".join(packs) + b"]}"


class IndexWriter:
    """Collects stored packs and saves an index file when enough have come together.

    ``save`` stores the JSON of one index file and returns its name.
    """

    def __init__(self, save: Callable[[bytes], str], clock: Callable[[], float] = time.monotonic) -> None:
        self._save, self._clock = save, clock
        self._packs: list[bytes] = []
        """encoded as they come, while others work, so that the end of a run need not wait for it"""
        self._blob_count = 0
        self._since = clock()
        self.saved: list[str] = []
        """names of the files written"""

    def add(self, pack: bytes, blobs: Sequence[PackedBlob]) -> bool:
        """Add a pack that is safely stored; return whether an index file was saved for it and those before it."""
        if not self._packs:
            self._since = self._clock()
        self._packs.append(_encode_pack(pack, blobs))
        self._blob_count += len(blobs)
        if self._blob_count < FULL_INDEX_BLOBS and self._clock() - self._since < FULL_INDEX_AGE_SECONDS:
            return False
        self.flush()
        return True

    def flush(self) -> None:
        """Save what is left."""
        if self._packs:
            self.saved.append(self._save(_join_packs(self._packs)))
            self._packs, self._blob_count = [], 0
