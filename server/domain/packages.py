"""What is sold: a package under its code, and what it includes. Pure."""

import re
from dataclasses import dataclass

from server.domain.errors import RuleBroken
from server.domain.seats import Seats
from server.domain.sentence import N_

MOST_GB = 1_000_000  # a petabyte; more is a slip of the finger
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,11}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Contents:
    """What the base price of a package includes."""

    included_gb: int
    """of 10^9 bytes"""
    seats: Seats

    def __post_init__(self) -> None:
        if not 0 <= self.included_gb <= MOST_GB:
            raise RuleBroken(
                N_("{count} GB cannot be included."),
                N_("From 0 to {most} fit."),
                field="included_gb",
                count=self.included_gb,
                most=MOST_GB,
            )


def read_code(text: str) -> str:
    """Return the code of a package, in capitals. Raises RuleBroken."""
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise RuleBroken(
            N_("“{text}” is no code."),
            N_("Up to twelve letters, digits and hyphens, such as S or M-100."),
            field="code",
            text=text.strip(),
        )
    return code
