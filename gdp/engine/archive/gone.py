"""What the last backup had and this one has not. Looks only at directories that have changed, and below what is gone."""

from collections.abc import Iterator, Mapping, Sequence

from gdp.engine.archive.known import Known
from gdp.engine.archive.metadata import Ids, Row
from gdp.engine.archive.walk import Directory

_KIND_BITS = 0o170000  # of a mode


def gone_from(directory: Directory, rows: Sequence[Row], known: Mapping[bytes, tuple[Row, Ids]]) -> list[tuple[Row, Ids]]:
    """Return the files and directories that a directory had, or has something else in the place of.

    None where only some of its entries are taken, as on the way to a source. What could not be looked at is not gone.

    Args:
        directory: as it is now.
        rows: its entries.
        known: its entries at the last backup, by name: row, value.
    """
    if not directory.is_whole:
        return []
    modes = {row.name: row.mode for row in rows}
    return [
        (row, value)
        for name, (row, value) in known.items()
        if (modes.get(name, 0) ^ row.mode) & _KIND_BITS and (row.is_file or row.is_directory) and name not in directory.unread
    ]


def all_below(known: Known, path: bytes, tree: Ids) -> Iterator[tuple[bytes, Row]]:
    """Yield path and row of each file and directory below a directory that is gone, as far as the last backup is known."""
    waiting = [(path, tree)]
    while waiting:
        path, tree = waiting.pop()
        directory = known.directory(path, bytes(tree))
        for row, value in directory.by_name().values() if directory is not None else ():
            if row.is_directory:
                waiting.append((path + row.name + b"/", value))
                yield path + row.name + b"/", row
            elif row.is_file:
                yield path + row.name, row
