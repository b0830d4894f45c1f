"""What a sheet of paper is known by when it comes back: order, version, part and content. Pure.

In the QR:              GDP1:A-2026-00017:3:M:5KQ0...      upper case, so that the QR stays small
Beneath, for people:    A-2026-00017/3 M 5KQ0-7TBN         the first eight characters of the content hash

The content hash is in Crockford's base 32: no I, L, O or U, which people misread.
"""

import re
from dataclasses import dataclass
from typing import Self

from server.domain.errors import RuleBroken
from server.domain.sentence import N_, Word

HASH_LETTERS = 26  # of 5 bits: 130, of which the first 128 are the hash's
TYPED_LETTERS = 8
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("ILO", "110")
_NUMBER = r"[0-9A-Z](?:[0-9A-Z-]{0,38}[0-9A-Z])?"
_QR = re.compile(rf"GDP1:({_NUMBER}):([1-9]\d{{0,5}}):([A-Z]):([{_ALPHABET}]{{{HASH_LETTERS}}})")
_TYPED = re.compile(rf"({_NUMBER})/([1-9]\d{{0,5}})([A-Z])([{_ALPHABET}ILO]{{4}})-?([{_ALPHABET}ILO]{{4}})")


class Part(Word):
    """Which sheet of an order it is."""

    SERVICE = "S", N_("service sheet")
    """what is ordered, without prices; goes up to the distributor"""
    PRICES = "C", N_("price sheet")
    """what it costs; for the creditor, as are those that follow"""
    MANDATE = "M", N_("SEPA mandate")
    PROCESSING = "P", N_("agreement on personal data")
    """the agreement on the processing of personal data"""


class Verdict(Word):
    """What a sheet that came back is."""

    CURRENT = "current", N_("as the order stands now")
    OUTDATED = "outdated", N_("of an older version")
    """the order was edited since"""
    ALTERED = "altered", N_("altered")
    """this version, but another content: not printed by us as it stands now"""
    OTHER = "other", N_("of another order")
    """of another order"""


@dataclass(frozen=True, slots=True)
class Mark:
    """What one sheet is known by."""

    order: str
    version: int
    part: Part
    content_hash: str

    def __post_init__(self) -> None:
        if _QR.fullmatch(self.qr_text) is None:
            raise RuleBroken(N_("An order cannot be numbered {number!r}."), number=self.order)

    @property
    def qr_text(self) -> str:
        """What the QR says."""
        return f"GDP1:{self.order}:{self.version}:{self.part}:{self.content_hash}"

    @property
    def typed(self) -> str:
        """What stands beneath it."""
        return f"{self.order}/{self.version} {self.part} {self.content_hash[:4]}-{self.content_hash[4:TYPED_LETTERS]}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the mark that a QR holds; None: it is not one of ours."""
        found = _QR.fullmatch(text.strip())
        if found is None or found[3] not in list(Part):
            return None
        return cls(found[1], int(found[2]), Part(found[3]), found[4])

    def verdict(self, *, order: str, version: int, content_hash: str) -> Verdict:
        """Return what a sheet with this mark is to an order as it stands now."""
        if self.order != order:
            return Verdict.OTHER
        if self.version != version:
            return Verdict.OUTDATED if self.version < version else Verdict.ALTERED
        return Verdict.CURRENT if self.content_hash == content_hash else Verdict.ALTERED


@dataclass(frozen=True, slots=True)
class TypedMark:
    """What somebody typed from beneath a QR that could not be read."""

    order: str
    version: int
    part: Part
    begins: str
    """the first ``TYPED_LETTERS`` of the content hash"""

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return what was typed, in whatever case and spacing; None: it is no such code."""
        found = _TYPED.fullmatch(re.sub(r"\s", "", text.upper()))
        if found is None or found[3] not in list(Part):
            return None
        return cls(found[1], int(found[2]), Part(found[3]), (found[4] + found[5]).translate(_MISREAD))

    def fits(self, mark: Mark) -> bool:
        """Say whether it is what stands beneath the QR of a mark."""
        return (self.order, self.version, self.part) == (mark.order, mark.version, mark.part) and mark.content_hash.startswith(
            self.begins
        )


def shortened(digest: bytes) -> str:
    """Return the first 128 bits of a hash in ``HASH_LETTERS`` letters."""
    bits = int.from_bytes(digest[:16], "big") << 2
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in reversed(range(HASH_LETTERS)))
