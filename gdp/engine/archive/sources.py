"""Where the sources of a backup stand in the snapshot. Looks at names only, but for whether a source exists."""

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.events import Emit, Problem


class Branch(dict[bytes, "Branch | bytes"]):
    """A directory of which only some entries are taken: name -> a branch below it, or the real path to take whole."""

    def __init__(self, path: bytes) -> None:
        super().__init__()
        self.path = path
        """where the directory really is"""


def existing_sources(sources: Sequence[bytes], emit: Emit) -> list[bytes]:
    """Return the sources that exist; the others are Problem events. Raises BadInput when there is none."""
    if not sources:
        raise BadInput(N_("there is nothing to back up: no path was given"))
    existing = [source for source in sources if os.path.lexists(source)]
    if not existing:
        raise BadInput(N_("{path} does not exist"), N_("Check the spelling."), path=os.fsdecode(sources[0]))
    for source in sources:
        if source not in existing:
            hint = N_("Check the spelling, or take it out of the list.")
            emit(Problem(N_("does not exist"), {}, os.fsdecode(source), hint))
    return existing


def root_of(sources: Sequence[bytes]) -> Branch:
    """Return the branch that covers all sources. Absolute ones begin at ``/``, relative ones where restic puts them.

    Sources of one name in different places are told apart by a number, as restic does: ``x``, ``../x`` give ``x``, ``x-1``.
    """
    root = Branch(b"/")
    places: dict[bytes, bytes] = {}
    for source in _expanded(sources):
        names, real = _components(source)
        names[0] = _name_at_root(names[0], real[0], places)
        _plant(root, names, real)
    return root


def branch_below(path: bytes, sources: Iterable[bytes]) -> Branch | None:
    """Return the branch that covers what of the sources lies below a directory; None: nothing. All paths are absolute."""
    branch = Branch(path)
    for source in sources:
        if source.startswith(path + b"/"):
            names = source[len(path) + 1 :].split(b"/")
            _plant(branch, names, [b"/".join([path, *names[:end]]) for end in range(1, len(names) + 1)])
    return branch or None


def _name_at_root(name: bytes, path: bytes, places: dict[bytes, bytes]) -> bytes:
    """Return the name under which ``path`` lies at the root, where ``places`` says what lies there already."""
    for number in count():
        free = b"%s-%d" % (name, number) if number else name
        if places.setdefault(free, path) == path:
            return free
    raise AssertionError  # numbers do not end


def _expanded(sources: Sequence[bytes]) -> Iterator[bytes]:
    for source in sources:
        # A source without a name of its own (".", "..", "/") stands for what is in it.
        if _components(source)[0]:
            yield source
        else:
            yield from (os.path.join(source, name) for name in sorted(os.listdir(source)))


def _components(source: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the names on the way to a source in the snapshot, and the real path of each."""
    clean = os.path.normpath(source).replace(b"//", b"/")
    names, paths = [], []
    path = b"/" if clean.startswith(b"/") else b""
    for name in clean.split(b"/"):
        path = os.path.join(path, name)
        if name not in (b"", b".", b".."):
            names.append(name)
            paths.append(path)
    return names, paths


def _plant(root: Branch, names: list[bytes], paths: list[bytes]) -> None:
    branch = root
    for name, path in zip(names[:-1], paths[:-1], strict=True):
        below = branch.setdefault(name, Branch(path))
        if not isinstance(below, Branch):
            return  # a directory above is taken whole already
        branch = below
    branch[names[-1]] = paths[-1]
