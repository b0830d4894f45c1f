"""Names of stored things. Each kind has its own type, and a wrong length is refused where the name is made."""

from typing import Self

from gdp.core.errors import DamagedData
from gdp.core.language import N_

ID_BYTES = 32  # SHA-256


class _Sha256Name(bytes):
    """32 bytes that name something by its SHA-256."""

    __slots__ = ()

    def __new__(cls, raw: bytes) -> Self:
        if len(raw) != ID_BYTES:
            raise DamagedData(N_("an identifier has {length:byte|bytes} instead of 32"), length=len(raw))
        return super().__new__(cls, raw)

    @classmethod
    def from_hex(cls, text: str) -> Self:
        """Return the name written as 64 lower-case hex digits. Raises DamagedData for anything else."""
        if not is_id_text(text):
            raise DamagedData(N_("{text!r} is not an identifier (64 hex digits)"), text=text[:80])
        return cls(bytes.fromhex(text))

    def __str__(self) -> str:
        return self.hex()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.hex()[:8]})"


class BlobId(_Sha256Name):
    """SHA-256 of a blob's plaintext."""

    __slots__ = ()


class PackId(_Sha256Name):
    """SHA-256 of a pack file's stored bytes."""

    __slots__ = ()


def is_id_text(text: str) -> bool:
    """Say whether ``text`` is 64 lower-case hex digits."""
    return len(text) == 2 * ID_BYTES and not text.strip("0123456789abcdef")
