"""What is left out of a backup, as a person writes it: patterns, and files that mark their folder. Never looks at a disk."""

import os
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_


class PatternRules(StrEnum):
    """Whose rules patterns follow."""

    GITIGNORE = "gitignore"
    RESTIC = "restic"


class Pattern(msgspec.Struct, frozen=True):
    """One pattern as the user wrote it."""

    text: str
    ignores_case: bool = False


@dataclass(frozen=True, slots=True)
class MarkerFile:
    """A file whose presence says that its directory's contents are not to be backed up."""

    name: bytes
    header: bytes = b""
    """the file must begin with this"""


CACHE_DIRECTORY_TAG = MarkerFile(b"CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55")


def parse_marker(text: str) -> MarkerFile:
    """Return what ``--exclude-if-present name[:header]`` means. Raises BadInput."""
    name, _, header = text.partition(":")
    if not name or "/" in name:
        raise BadInput(N_("{text!r} names no file whose presence could be looked for"), text=text)
    return MarkerFile(os.fsencode(name), os.fsencode(header))
