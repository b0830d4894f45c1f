"""Which entries of a snapshot are wanted: the paths given and the caller's patterns, as one question."""

from collections.abc import Sequence

from gdp.engine.patterns.selector import Selects
from gdp.engine.restore.options import RestoreOptions


class PathSelection:
    """Wants the given paths and everything below them, and remembers which of them were met."""

    def __init__(self, paths: Sequence[bytes]) -> None:
        self._paths = [b"/" + path.strip(b"/") for path in paths]
        self._met: set[bytes] = set()

    def __call__(self, location: bytes, is_folder: bool) -> tuple[bool, bool]:  # noqa: FBT001 - the shape of Selects
        """See Selects."""
        inside = False
        for path in self._paths:
            if location == path or location.startswith(path.rstrip(b"/") + b"/"):
                self._met.add(path)
                return True, is_folder
            inside = inside or path.startswith(location.rstrip(b"/") + b"/")
        return False, is_folder and inside

    def missing(self) -> list[bytes]:
        """Return the paths that nothing was asked about: the snapshot does not have them."""
        return [path for path in self._paths if path not in self._met and path != b"/"]


def selection_of(options: RestoreOptions, paths: PathSelection | None) -> Selects | None:
    """Return one question for paths and patterns; None when everything is wanted."""
    if paths is None or options.selects is None:
        return paths or options.selects
    patterns = options.selects

    def selects(location: bytes, is_folder: bool) -> tuple[bool, bool]:  # noqa: FBT001 - the shape of Selects
        named, named_inside = paths(location, is_folder)
        if not (named or named_inside):
            return False, False
        wanted, inside = patterns(location, is_folder)
        return named and wanted, named_inside and inside

    return selects
