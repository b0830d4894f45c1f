"""Files that list patterns or paths, one a line. Pure: the caller reads them and supplies the environment.

==================  =========================================================================================
list                how it is read
==================  =========================================================================================
exclude, include    as a .gitignore, or by restic's rules: white space around a line does not count, ``#`` begins a
                    comment, ``$NAME`` and ``${NAME}`` are replaced, ``$$`` is a dollar
files-from          white space around a line does not count, ``#`` begins a comment, each line is a shell pattern
files-from-verbatim  each line is a path as it stands
files-from-raw      each path ends with a zero byte
==================  =========================================================================================
"""

import os
import re
from collections.abc import Callable, Mapping

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.exclusion import Pattern, PatternRules

Expand = Callable[[str], list[str]]
"""From a shell pattern to the paths that exist"""

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)\}|(\w+))", re.ASCII)


def parse_patterns(
    text: str, rules: PatternRules, environment: Mapping[str, str], *, ignores_case: bool = False
) -> list[Pattern]:
    """Return the patterns of an exclude or include file."""
    lines = text.removeprefix("\ufeff").splitlines()
    if rules is PatternRules.GITIGNORE:
        return [Pattern(line, ignores_case) for line in lines if line.strip() and not line.startswith("#")]
    stripped = (line.strip() for line in lines)
    found = (_replace_variables(line, environment) for line in stripped if line and not line.startswith("#"))
    return [Pattern(line, ignores_case) for line in found if line]


def parse_files_from(raw: bytes, expand: Expand) -> list[bytes]:
    """Return the paths that a ``--files-from`` list means.

    A line that no file fits is returned as it stands: whoever reads the paths reports that it does not exist.
    """
    paths = []
    for line in os.fsdecode(raw.removeprefix(b"\xef\xbb\xbf")).split("\n"):
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        paths += [os.fsencode(path) for path in expand(pattern) or [pattern]]
    return paths


def parse_verbatim(raw: bytes) -> list[bytes]:
    """Return the paths of a ``--files-from-verbatim`` list."""
    return [line.removesuffix(b"\r") for line in raw.split(b"\n") if line.removesuffix(b"\r")]


def parse_raw(raw: bytes) -> list[bytes]:
    """Return the paths of a ``--files-from-raw`` list. Raises BadInput when it is cut off or holds an empty path."""
    if not raw:
        return []
    if not raw.endswith(b"\0"):
        raise BadInput(N_("a raw list of files does not end with a zero byte; it may be cut off"))
    paths = raw[:-1].split(b"\0")
    if b"" in paths:
        raise BadInput(N_("a raw list of files contains an empty path"))
    return paths


def _replace_variables(line: str, environment: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        return "$" if match[1] else environment.get(match[2] or match[3], "")

    return _VARIABLE.sub(value, line)
