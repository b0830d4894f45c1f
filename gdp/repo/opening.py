"""The way to an open repository: of one that is there, or of a new one."""

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from gdp.core.chunker import DEFAULT_BLOCK_BYTES, ChunkerParameters
from gdp.core.crypto import MasterKey
from gdp.core.errors import BadInput, DamagedData, FileMissing, NoRepository, WrongPassword
from gdp.core.gotext import encode_json
from gdp.core.kdf import DEFAULT_COST, ScryptCost
from gdp.core.language import N_
from gdp.core.polynomial import random_irreducible
from gdp.model.files import CONFIG_FILE, FileKind
from gdp.model.records import RepositoryConfig
from gdp.repo.ahead import ReadAhead
from gdp.repo.key_files import OpenedKey, add_key, open_with_password
from gdp.repo.repository import CHUNKER_NAME, READABLE_VERSIONS, WRITTEN_VERSION, Repository
from gdp.repo.unpacked import save_config
from gdp.storage.contract import Storage


def open_repository(
    storage: Storage,
    password: bytes,
    home: Path,
    *,
    lists_ahead: Sequence[FileKind] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> Repository:
    """Open the repository in a storage.

    Args:
        storage: what it lies in.
        password: of one of its keys.
        home: where this computer keeps what belongs to it.
        lists_ahead: what is listed while the key is derived, for whoever takes a lock at once.
        meanwhile: called when the storage was reached and the key is about to be derived.

    Raises:
        NoRepository: there is none.
        WrongPassword: no key opens with this password.
        DamagedData: its configuration or key is damaged.
    """
    ahead = ReadAhead(storage, lists_ahead)

    def begin() -> None:
        ahead.begin()
        meanwhile()

    try:
        opened = open_with_password(storage, password, begin)
    except (NoRepository, WrongPassword, DamagedData):
        _read_config(storage, ahead)  # without one there is no repository, and nothing to say about its keys
        raise
    config = decode_config(opened.master, _read_config(storage, ahead))
    ahead.join()  # no thread is left behind: somebody may want to fork
    return Repository(storage, opened, config, home, ahead)


def decode_config(key: MasterKey, sealed: bytes) -> RepositoryConfig:
    """Return a repository's configuration. Raises DamagedData."""
    try:
        config = msgspec.json.decode(key.open(sealed), type=RepositoryConfig)
        int(config.chunker_polynomial, 16)
    except (msgspec.MsgspecError, ValueError, DamagedData) as error:
        raise DamagedData(N_("the repository's file 'config' is damaged: {reason}"), reason=error) from error
    if config.version not in READABLE_VERSIONS:
        raise DamagedData(N_("the repository has format {version}; this program reads 1 and 2"), version=config.version)
    return config


def init_repository(
    storage: Storage,
    password: bytes,
    home: Path,
    block_bytes: int = DEFAULT_BLOCK_BYTES,
    cost: ScryptCost = DEFAULT_COST,
) -> Repository:
    """Make a new repository and return it open. Raises BadInput when there is one already.

    The key is stored before the configuration, so that an interrupted init never looks like a repository without a key.
    """
    ChunkerParameters(block_bytes)
    with contextlib.suppress(FileMissing):
        storage.size(CONFIG_FILE)
        raise BadInput(N_("there is a repository at {location} already"), location=storage.location)
    storage.create_folders()
    key = MasterKey.random()
    name = add_key(storage, key, password, cost)
    polynomial = f"{random_irreducible():x}"
    config = RepositoryConfig(WRITTEN_VERSION, os.urandom(32).hex(), polynomial, CHUNKER_NAME, block_bytes)
    save_config(storage, key, encode_json(config))
    return Repository(storage, OpenedKey(name, key), config, home)


def _read_config(storage: Storage, ahead: ReadAhead) -> bytes:
    try:
        return ahead.config()
    except FileMissing as error:
        raise NoRepository(
            N_("there is no repository at {location}"),
            N_("Make one with 'gdp init', or check the address."),
            location=storage.location,
        ) from error
