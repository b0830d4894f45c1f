"""A sealed recovery sheet: a text file that only the holder of a private key can open, to be sent by any way.

::

    GDP escrow 1
    sealed-to: SHA256:...
    set: daten
    computer: server01
    key: 1c0ffee...

    -----BEGIN GDP ESCROW-----
    base64, 64 characters a line
    -----END GDP ESCROW-----

The lines above the empty one say what it is without opening it; they are protected against changes, but not secret. Sealed is a
JSON object: ``password``, ``repo``, ``host_key``, ``set``, ``host``, ``tag``, ``key``, ``made_ns``.
"""

import base64
import binascii

import msgspec

from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_
from gdp.core.sealed_box import PrivateKey, PublicKey
from gdp.model.recovery_sheet import RecoverySheet
from gdp.model.target import parse_target

LARGEST_BYTES = 64 << 10
_TITLE = "GDP escrow "
_VERSION = "1"
_BEGIN, _END = "-----BEGIN GDP ESCROW-----", "-----END GDP ESCROW-----"
_COLUMNS = 64
_FETCH_AGAIN = N_("Get the file once more; a mail program may have changed its lines.")


class _Sealed(msgspec.Struct):
    """What is sealed."""

    password: str
    repo: str
    host_key: str
    set: str
    host: str
    tag: str
    key: str
    made_ns: int


def seal_sheet(sheet: RecoverySheet, receiver: PublicKey) -> str:
    """Return the text of the file."""
    facts = {"sealed-to": receiver.fingerprint, "set": sheet.set_name, "computer": sheet.host, "key": sheet.key_name}
    lines = [f"{_TITLE}{_VERSION}", *(f"{name}: {_on_a_line(value)}" for name, value in facts.items())]
    inner = _Sealed(
        password=sheet.password, repo=str(sheet.repo), host_key=sheet.host_key, set=sheet.set_name, host=sheet.host,
        tag=sheet.tag, key=sheet.key_name, made_ns=sheet.made_ns,
    )  # fmt: skip
    sealed = base64.b64encode(receiver.seal(msgspec.json.encode(inner), _beside(lines))).decode()
    rows = [sealed[start : start + _COLUMNS] for start in range(0, len(sealed), _COLUMNS)]
    return "\n".join([*lines, "", _BEGIN, *rows, _END, ""])


def open_sheet(text: str, key: PrivateKey) -> RecoverySheet:
    """Return the sheet in a sealed text. Line ends and blanks at them may have been changed on the way.

    Raises BadInput when it is none, of another version, or sealed to another key; DamagedData when it was changed.
    """
    lines, sealed = _split(text)
    sealed_to, own = _fact(lines, "sealed-to"), key.public.fingerprint
    if sealed_to != own:
        raise BadInput(
            N_("the file is sealed to the key {wanted}, and this key is {own}"),
            N_("Take the private key whose fingerprint is the first one."),
            wanted=sealed_to,
            own=own,
        )
    try:
        inner = msgspec.json.decode(key.open(sealed, _beside(lines)), type=_Sealed)
    except msgspec.MsgspecError as error:
        raise _damaged() from error
    except DamagedData as error:
        raise _damaged() from error
    return RecoverySheet(
        password=inner.password, repo=parse_target(inner.repo), host_key=inner.host_key, set_name=inner.set, host=inner.host,
        tag=inner.tag, key_name=inner.key, made_ns=inner.made_ns,
    )  # fmt: skip


def _split(text: str) -> tuple[list[str], bytes]:
    """Return the lines above, and the sealed bytes."""
    lines = [line.strip() for line in text.lstrip("\ufeff").strip().splitlines()]
    if not lines or not lines[0].startswith(_TITLE):
        raise BadInput(N_("this is no sealed recovery sheet"), N_("'gdp recovery escrow' makes one."))
    if lines[0] != f"{_TITLE}{_VERSION}":
        raise BadInput(
            N_("the sealed sheet is of version {version}, which this program does not know"),
            N_("Open it with a newer version of the program."),
            version=lines[0].removeprefix(_TITLE)[:20],
        )
    try:
        begin, end = lines.index(_BEGIN), lines.index(_END)
        sealed = base64.b64decode("".join(lines[begin + 1 : end]), validate=True)
    except (ValueError, binascii.Error) as error:
        raise _damaged() from error
    return [line for line in lines[:begin] if line], sealed


def _fact(lines: list[str], name: str) -> str:
    found = [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]
    if len(found) != 1:
        raise _damaged()
    return found[0]


def _beside(lines: list[str]) -> bytes:
    return "\n".join(line.strip() for line in lines).encode()


def _on_a_line(value: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in value)


def _damaged() -> DamagedData:
    return DamagedData(N_("the sealed recovery sheet was changed, or is not whole"), _FETCH_AGAIN)
