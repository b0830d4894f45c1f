"""The numbers of invoices in what debtors write. Pure.

Banks break lines anywhere and drop signs, and people write ``R 2026/17`` for ``R-2026-17``. So only letters and digits count; but
a number must begin and end where words do, so that 17 is not found in 170.
"""

import re
from collections.abc import Iterable, Mapping

SHORTEST = 4  # letters and digits; a shorter number would be found in dates and addresses
_MOST_WORDS = 6
_WORD = re.compile(r"[A-Z0-9]+")


def bare(number: str) -> str:
    """Return a number's letters and digits; nothing for one that is too short, or has no digit, to be told from words."""
    letters = "".join(_WORD.findall(number.upper()))
    return letters if len(letters) >= SHORTEST and any(one.isdigit() for one in letters) else ""


def found_in(text: str, numbers: Mapping[str, str]) -> list[str]:
    """Return what the numbers in a text stand for, in the order in which they stand there.

    Args:
        text: what the debtor wrote.
        numbers: by ``bare`` number: what it stands for.
    """
    words = _WORD.findall(text.upper())
    joined = ("".join(words[start:end]) for start, end in _spans(len(words)))
    return list(dict.fromkeys(numbers[one] for one in joined if one in numbers))


def _spans(count: int) -> Iterable[tuple[int, int]]:
    for start in range(count):
        for end in range(start + 1, min(start + _MOST_WORDS, count) + 1):
            yield start, end
