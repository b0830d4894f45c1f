"""Passwords that a person types from paper: made, and read again with every typing error found and placed.

Six groups of five characters, such as ``7KMW3-...``: four random ones and a check character, so 23^24 or 108 bits, which scrypt
makes harder still. The alphabet has 23 characters: none looks like another (no 0, O, 1, I, L, B, G, Q, S, U, Z) and, without
vowels, none make a word. In group g (from 1), with the characters' values v1..v5::

    1*v1 + 2*v2 + 3*v3 + 4*v4 + 5*v5 = g   (modulo 23)

23 is a prime and the factors differ, so one wrong character, two that were swapped, and two groups that were swapped always
break the equation, and the group that it breaks in is where the error is. Of any other error one in 23 passes a group; whether
a password opens the repository is tried in any case.
"""

import secrets

from gdp.core.errors import BadInput
from gdp.core.language import N_

ALPHABET = "23456789CDFHJKMNPRTVWXY"
GROUPS = 6
GROUP_CHARACTERS = 5
_READ_AS = str.maketrans("BGSUZ", "865V2")  # what these are mistaken for; they mean nothing else here
_BETWEEN = "-‐‑–—_ \t\r\n"
_COMPARE = N_("Compare it with the sheet; spaces, dashes and capitals do not matter.")


def make_password() -> str:
    """Return a new password, with dashes and capitals: those belong to it."""
    return "-".join(_group(number) for number in range(1, GROUPS + 1))


def read_password(typed: str) -> str:
    """Return the password that was meant, exactly as it was made. Raises BadInput, which names the group that is wrong.

    Spaces, dashes and small letters do not matter. The message never holds what was typed.
    """
    text = typed.strip().upper().translate(_READ_AS)
    groups = "".join(" " if character in _BETWEEN else character for character in text).split()
    if len(groups) != GROUPS or any(len(group) != GROUP_CHARACTERS for group in groups):
        groups = _split(groups)
    for number, group in enumerate(groups, 1):
        if any(character not in ALPHABET for character in group):
            raise BadInput(
                N_("group {number} of the password has a character that no sheet has"), _COMPARE, number=number, groups=GROUPS
            )
        if len(group) != GROUP_CHARACTERS:
            raise BadInput(
                N_("group {number} of the password has {count:character|characters} instead of 5"),
                _COMPARE,
                number=number,
                count=len(group),
            )
        if _sum(group) != number:
            raise BadInput(N_("group {number} of the password has a typing error"), _COMPARE, number=number)
    if len(groups) != GROUPS:
        raise BadInput(N_("the password has {count:group|groups} instead of 6"), _COMPARE, count=len(groups))
    return "-".join(groups)


def _group(number: int) -> str:
    values = [secrets.randbelow(len(ALPHABET)) for _ in range(GROUP_CHARACTERS - 1)]
    rest = number - sum(place * value for place, value in enumerate(values, 1))
    check = rest * pow(GROUP_CHARACTERS, -1, len(ALPHABET)) % len(ALPHABET)
    return "".join(ALPHABET[value] for value in (*values, check))


def _sum(group: str) -> int:
    return sum(place * ALPHABET.index(character) for place, character in enumerate(group, 1)) % len(ALPHABET)


def _split(groups: list[str]) -> list[str]:
    """Return the groups where they were typed; where too few were told apart, every five characters are one."""
    if len(groups) == GROUPS:
        return groups
    text = "".join(groups)
    return [text[start : start + GROUP_CHARACTERS] for start in range(0, len(text), GROUP_CHARACTERS)]
