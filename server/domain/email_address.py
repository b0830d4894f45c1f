"""Which e-mail addresses are taken, and how they are kept. Pure."""

import re

from server.domain.errors import RuleBroken
from server.domain.sentence import N_

LONGEST = 254  # characters, RFC 5321
_SHAPE = re.compile(r"[^\s@\"(),:;<>\[\]\\\x00-\x1f]+@[^\s@\"(),:;<>\[\]\\\x00-\x1f]+\.[^\s@\"(),:;<>\[\]\\.\x00-\x1f]{2,}")


def clean_address(text: str, *, field: str = "email") -> str:
    """Return an address in lower case, without what stands around it. Raises RuleBroken."""
    address = text.strip().lower()
    if len(address) > LONGEST or not _SHAPE.fullmatch(address) or ".." in address:
        raise RuleBroken(
            N_("{text} is no e-mail address."), N_("Write it like name@example.com."), field=field, text=text.strip()
        )
    return address
