"""Files that are one envelope each: configuration, index files, snapshots, locks. Knows their encoding, not their meaning.

Plaintext in format 2: the byte 0x02 and a zstd frame; or, as always in format 1 and for ``config``, the JSON itself.
"""

import hashlib

from gdp.core.aes_ctr import Buffer
from gdp.core.compress import Compression, Compressor, decompress_bounded
from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.storage.contract import Storage

MAX_JSON_BYTES = 1 << 30  # an index file of 50,000 blobs has about 10 MB; beyond this somebody attacks our memory
_COMPRESSED = b"\x02"
_compressor = Compressor(Compression.AUTO)


def decode_unpacked(key: MasterKey, file: StoredFile, stored: bytes) -> bytes:
    """Return the JSON in a file's stored bytes. Raises DamagedData when anything was changed."""
    if file.kind is not FileKind.CONFIG and hashlib.sha256(stored).hexdigest() != file.name:
        raise DamagedData(N_("{path} was changed: its contents do not match its name"), path=file.path)
    try:
        plaintext = key.open(stored)
        if plaintext[:1] in (b"{", b"[") or file.kind is FileKind.CONFIG:
            return plaintext
        if plaintext[:1] != _COMPRESSED:
            raise DamagedData(N_("its encoding is unknown"))
        return decompress_bounded(plaintext[1:], MAX_JSON_BYTES)
    except DamagedData as error:
        raise DamagedData(N_("{path} is damaged: {reason}"), path=file.path, reason=error) from error


def encode_unpacked(key: MasterKey, json: bytes, *, format_version: int) -> Buffer:
    """Return the bytes to store for a file's JSON."""
    return key.seal(_COMPRESSED + _compressor.compress(json) if format_version >= 2 else json)


def load_unpacked(storage: Storage, key: MasterKey, file: StoredFile) -> bytes:
    """Return the JSON of a file; one that arrives damaged is fetched once more before DamagedData is raised."""
    try:
        return decode_unpacked(key, file, storage.read(file))
    except DamagedData:
        return decode_unpacked(key, file, storage.read(file))


def save_unpacked(storage: Storage, key: MasterKey, kind: FileKind, json: bytes, *, format_version: int) -> str:
    """Store JSON as a new file and return its name."""
    stored = encode_unpacked(key, json, format_version=format_version)
    file = StoredFile(kind, hashlib.sha256(stored).hexdigest())
    storage.write(file, [stored])
    return file.name


def save_config(storage: Storage, key: MasterKey, json: bytes) -> None:
    """Store the configuration: neither compressed nor named by its hash."""
    storage.write(CONFIG_FILE, [key.seal(json)])
