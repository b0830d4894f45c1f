"""Passwords and the key files they open. The master key never changes; passwords come and go."""

import base64
import hashlib
import time
from collections.abc import Callable

import msgspec

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, HostileData, NoRepository, WrongPassword
from gdp.core.gotext import encode_json, format_time
from gdp.core.kdf import DEFAULT_COST, SALT_BYTES, ScryptCost, derive_key, new_salt
from gdp.core.language import N_
from gdp.model.files import FileKind, StoredFile
from gdp.model.records import KeyFile
from gdp.storage.contract import Storage

MOST_TRIED = 20  # as restic; each costs half a second, and a server could offer thousands
MAX_KEY_FILE_BYTES = 1 << 16


class OpenedKey(msgspec.Struct, frozen=True):
    """What a password opened."""

    name: str
    """of the key file"""
    master: MasterKey


def read_key_file(storage: Storage, name: str, size: int | None = None) -> KeyFile:
    """Return a key file's contents. Raises DamagedData, also when the contents do not hash to the name.

    ``size``: its bytes as the storage lists it, which saves a round trip.
    """
    file = StoredFile(FileKind.KEYS, name)
    if size is None:
        size = storage.size(file)
    if size > MAX_KEY_FILE_BYTES:
        raise HostileData(N_("key file {name} is far too large to be one"), name=name)
    text = storage.read(file, 0, size)
    if hashlib.sha256(text).hexdigest() != name:
        raise DamagedData(N_("key file {name} was changed: its contents do not match its name"), name=name)
    try:
        return msgspec.json.decode(text, type=KeyFile)
    except msgspec.MsgspecError as error:
        raise DamagedData(N_("key file {name} cannot be read ({reason})"), name=name, reason=error) from error


def open_with_password(storage: Storage, password: bytes, meanwhile: Callable[[], None] = lambda: None) -> OpenedKey:
    """Return the master key.

    ``meanwhile`` is called once, before the first key is derived, which takes a while in which nothing else is done.

    Raises:
        WrongPassword: no key file opens.
        NoRepository: there is no key file.
        DamagedData: a key file could not be read, and no other opened.
    """
    listed = list(storage.list(FileKind.KEYS))
    if not listed:
        raise NoRepository(
            N_("{location} holds no repository: there is no key in it"),
            N_("Make one with 'gdp init', or check the address."),
            location=storage.location,
        )
    problem: DamagedData | None = None
    is_begun = False
    for name, size in listed[:MOST_TRIED]:
        try:
            key_file = read_key_file(storage, name, size)
            if not is_begun:
                is_begun = True
                meanwhile()
            return OpenedKey(name, _open(key_file, password))
        except WrongPassword:
            continue
        except DamagedData as error:
            problem = error
    raise problem or WrongPassword(
        N_("the password does not open {location}; tried with {count:key|keys}"),
        N_("Check the password file; passwords are case sensitive."),
        count=len(listed),
        location=storage.location,
    )


def add_key(storage: Storage, master: MasterKey, password: bytes, cost: ScryptCost = DEFAULT_COST) -> str:
    """Store a key file that opens with ``password``, check that it does, and return its name.

    Host and user are left empty: the server can read key files.
    """
    salt = new_salt()
    sealed = derive_key(password, salt, cost).seal(master.to_json())
    encode = base64.standard_b64encode
    now = format_time(time.time_ns())
    key_file = KeyFile(now, "", "", "scrypt", cost.N, cost.r, cost.p, encode(salt).decode(), encode(sealed).decode())
    text = encode_json(key_file)
    name = hashlib.sha256(text).hexdigest()
    storage.write(StoredFile(FileKind.KEYS, name), [text])
    if _open(read_key_file(storage, name), password).raw() != master.raw():
        raise DamagedData(N_("key file {name} does not open to the key it was made from"), name=name)
    return name


def _open(key_file: KeyFile, password: bytes) -> MasterKey:
    if key_file.kdf != "scrypt":
        raise DamagedData(N_("a key file uses the unknown method {kdf}"), kdf=key_file.kdf[:40])
    try:
        salt = base64.b64decode(key_file.salt, validate=True)
        sealed = base64.b64decode(key_file.data, validate=True)
    except ValueError as error:
        raise DamagedData(N_("a key file cannot be read ({reason})"), reason=error) from error
    if len(salt) != SALT_BYTES:
        raise HostileData(N_("a key file has a salt of {length:byte|bytes} instead of 64"), length=len(salt))
    derived = derive_key(password, salt, key_file.cost)
    try:
        inner = derived.open(sealed)
    except DamagedData as error:
        raise WrongPassword(N_("the password does not open this key")) from error
    return MasterKey.from_json(inner)
