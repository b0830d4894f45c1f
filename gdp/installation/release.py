"""The signed description of a release: which archive it is, for which computers, and that it is ours. Pure.

A JSON object::

    {"description": TEXT, "signature": BASE64}

TEXT is JSON itself, as it was signed: ``format`` (1), ``version``, ``platform``, ``archive`` (a file name beside the
description), ``size`` (bytes), ``sha256`` (hex), ``made`` (RFC 3339). The signature is Ed25519's (RFC 8032) of the bytes
``gdp release 1``, a newline, and TEXT.
"""

import base64
import binascii
import re

import msgspec

from gdp.core.errors import BadInput, DamagedData, HostileData
from gdp.core.language import N_

LARGEST_DESCRIPTION_BYTES = 64 << 10
LARGEST_ARCHIVE_BYTES = 512 << 20
CONTEXT = b"gdp release 1\n"  # what is signed here means nothing elsewhere
_VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,3}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,150}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----", re.DOTALL)


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """What a description says."""

    format: int = 1
    version: str
    platform: str
    """such as ``linux-x86_64``"""
    archive: str
    size: int
    """bytes"""
    sha256: str
    made: str


class _Envelope(msgspec.Struct, frozen=True):
    description: str
    signature: str


def description_name(platform: str) -> str:
    """Return the name of the file that describes the newest release for a platform."""
    return f"release-{platform}.json"


def signed_bytes(description: str) -> bytes:
    """Return what is signed."""
    return CONTEXT + description.encode()


def encode_release(description: str, signature: bytes) -> bytes:
    """Return the file."""
    return msgspec.json.encode(_Envelope(description, base64.b64encode(signature).decode())) + b"\n"


def read_release(raw: bytes, keys: str) -> Release:
    """Return what a description says, once it is sure who says it.

    Args:
        raw: the file, at most ``LARGEST_DESCRIPTION_BYTES``.
        keys: public keys as PEM; the signature must be of one of them.

    Raises:
        DamagedData: it is none, or says what none may say.
        HostileData: nobody whom we know has signed it.
    """
    try:
        envelope = msgspec.json.decode(raw, type=_Envelope)
        signature = base64.b64decode(envelope.signature, validate=True)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise _no_description(str(error)) from error
    if not any(_is_signed(signed_bytes(envelope.description), signature, key) for key in _KEY.findall(keys)):
        raise HostileData(
            N_("the signature of the release is wrong: it was not made by whoever made this program, or was changed on its way"),
            N_("Nothing was changed. Do not use it; get the program from where you got it first."),
        )
    try:
        release = msgspec.json.decode(envelope.description, type=Release)
    except msgspec.MsgspecError as error:
        raise _no_description(str(error)) from error
    for is_right, reason in (
        (release.format == 1, "format"),
        (_VERSION.fullmatch(release.version), "version"),
        (_NAME.fullmatch(release.platform), "platform"),
        (_NAME.fullmatch(release.archive), "archive"),
        (0 < release.size <= LARGEST_ARCHIVE_BYTES, "size"),
        (_SHA256.fullmatch(release.sha256), "sha256"),
    ):
        if not is_right:
            raise _no_description(reason)
    return release


def is_newer(release: Release, version: str, platform: str) -> bool:
    """Say whether a release is to replace a program. Raises BadInput when it must not: older, or for other computers."""
    if release.platform != platform:
        raise BadInput(
            N_("the release is for {other}, and this computer is {platform}"), other=release.platform, platform=platform
        )
    found, own = _numbers(release.version), _numbers(version)
    if found < own:
        raise BadInput(
            N_("version {other} is older than {version}, and an update never goes back"),
            N_("To go back on purpose, download the older program and call it with 'install'."),
            other=release.version,
            version=version,
        )
    return found > own


def _numbers(version: str) -> tuple[int, ...]:
    """Return ``1.2`` and ``1.2.0`` as the same."""
    numbers = [int(part) for part in re.findall(r"\d+", version)]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _is_signed(message: bytes, signature: bytes, key: str) -> bool:
    from Crypto.PublicKey import ECC  # start-up time
    from Crypto.Signature import eddsa

    try:
        eddsa.new(ECC.import_key(key), "rfc8032").verify(message, signature)
    except ValueError:
        return False
    return True


def _no_description(reason: str) -> DamagedData:
    return DamagedData(N_("this is no description of a release: {reason}"), N_("Check the address."), reason=reason)
