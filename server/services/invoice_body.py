"""What stands on an issued document, as it is kept with it: JSON that gives back exactly what was put in."""

from fractions import Fraction
from typing import Any

import msgspec

from server.domain.invoice import Invoice


def encode(invoice: Invoice) -> str:
    """Return a document as JSON; fractions as ``13/30``, prices as written, a logo in base64."""
    return msgspec.json.encode(invoice, enc_hook=_plain).decode()


def decode(body: str) -> Invoice:
    """Return the document that ``encode`` was given. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(body, type=Invoice, dec_hook=_exact)


def _plain(value: object) -> str:
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise NotImplementedError


def _exact(kind: type, value: Any) -> Fraction:
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError
