"""Seals bytes to a public key: HPKE (RFC 9180) with X25519, HKDF-SHA256 and AES-256-GCM. Keys are PEM, as OpenSSL makes them too.

Who sealed something is not proven by it: anybody who has the public key can. A sealed text is

======  ====  ==========================================================
offset  size  field
======  ====  ==========================================================
0       32    the sender's public key, made for this one text
32      n     AES-256-GCM of the plaintext, with its tag of 16 bytes
======  ====  ==========================================================
"""

import base64
import hashlib

from Crypto.Protocol import HPKE
from Crypto.PublicKey import ECC
from Crypto.PublicKey.ECC import EccKey

from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_

CURVE = "Curve25519"
SENDER_BYTES = 32
_PURPOSE = b"GlobalDataProtect recovery escrow 1\n"  # so that a text of another purpose is none of this one


class PublicKey:
    """To which one can seal."""

    def __init__(self, key: EccKey) -> None:
        self._key = key

    @property
    def fingerprint(self) -> str:
        """``SHA256:...``, as OpenSSH writes it: of the 32 bytes of the key."""
        digest = hashlib.sha256(self._key.export_key(format="raw")).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

    @property
    def pem(self) -> str:
        """The key as a file has it."""
        return str(self._key.export_key(format="PEM")) + "\n"

    def seal(self, plain: bytes, beside: bytes) -> bytes:
        """Seal a text. ``beside``: what stands beside it unsealed, and must not be changed either."""
        box = HPKE.new(receiver_key=self._key, aead_id=HPKE.AEAD.AES256_GCM, info=_info(beside))
        return bytes(box.enc + box.seal(plain))


class PrivateKey:
    """Which opens what was sealed to its public key. Never shown."""

    def __init__(self, key: EccKey) -> None:
        self._key = key

    @property
    def public(self) -> PublicKey:
        """To which others can seal."""
        return PublicKey(self._key.public_key())

    @property
    def pem(self) -> str:
        """The key as a file has it: a secret."""
        return str(self._key.export_key(format="PEM")) + "\n"

    def open(self, sealed: bytes, beside: bytes) -> bytes:
        """Return what was sealed. Raises DamagedData when it, or what stands beside it, was changed, or the key is another."""
        try:
            box = HPKE.new(
                receiver_key=self._key, aead_id=HPKE.AEAD.AES256_GCM, enc=sealed[:SENDER_BYTES], info=_info(beside)
            )  # fmt: skip
            return bytes(box.unseal(sealed[SENDER_BYTES:]))
        except ValueError as error:
            raise DamagedData(N_("the sealed text was changed, or is not whole")) from error


def make_private_key() -> PrivateKey:
    """Return a new one."""
    return PrivateKey(ECC.generate(curve=CURVE))


def read_public_key(pem: bytes) -> PublicKey:
    """Return the key of a file. Raises BadInput, also for a private one, which has no business with whoever seals."""
    key = _read(pem)
    if key.has_private():
        raise BadInput(
            N_("this is a private key; to seal, only the public one is needed"),
            N_("Take the file that ends in .pub. A private key that has left its place should be replaced by a new one."),
        )
    return PublicKey(key)


def read_private_key(pem: bytes) -> PrivateKey:
    """Return the key of a file. Raises BadInput."""
    key = _read(pem)
    if not key.has_private():
        raise BadInput(
            N_("this is a public key, which opens nothing"), N_("Take the private one: its file does not end in .pub.")
        )
    return PrivateKey(key)


def _info(beside: bytes) -> bytes:
    """Return what both sides must know. Not as additional data, which not every HPKE library takes."""
    return _PURPOSE + beside


def _read(pem: bytes) -> EccKey:
    try:
        key = ECC.import_key(pem)
    except (ValueError, TypeError, IndexError) as error:
        raise BadInput(
            N_("this is no key in PEM format, it is damaged, or a passphrase protects it"),
            N_("'gdp recovery new-escrow-key FILE' makes a pair of keys."),
        ) from error
    if key.curve != CURVE:
        raise BadInput(
            N_("the key is of the kind {kind}; X25519 is needed"),
            N_("'gdp recovery new-escrow-key FILE' makes a pair of keys."),
            kind=key.curve,
        )
    return key
