"""What the screens of a restore say and hold: snapshots, marks, rules. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.tui.ports import Record
from gdp.tui.views.items import Item
from gdp.tui.words import one_line, short_moment

UNREADABLE_NAME = "\ufffd"
"""stands for the bytes of a name that are no text; such a name cannot be named to anybody"""
RULES = {
    "always": N_("always: what is there becomes as it was in the snapshot"),
    "if-changed": N_("if changed: equal size and time count as equal"),
    "if-newer": N_("if newer: only what the snapshot has in a newer version"),
    "never": N_("never: only what is missing comes back"),
}
PLACE = "/"
"""as a target: everything goes back to its place"""


@dataclass(frozen=True, slots=True)
class Marks:
    """Which files and folders of a snapshot are chosen; whoever lies below a chosen folder is chosen with it."""

    paths: frozenset[str] = field(default_factory=frozenset)

    def toggled(self, path: str) -> "Marks":
        """Return the marks with this one set or taken away; those below it vanish in it."""
        if path in self.paths:
            return Marks(self.paths - {path})
        if self.covers(path):
            return self
        return Marks(frozenset(one for one in self.paths if not is_below(one, path)) | {path})

    def covers(self, path: str) -> bool:
        """Say whether a path is chosen, itself or by a folder that it lies in."""
        return any(path == one or is_below(path, one) for one in self.paths)

    def sign(self, path: str) -> str:
        """Return ``◼`` for chosen, ``◩`` for a folder of which something is, else ``◻``."""
        if self.covers(path):
            return "◼"
        return "◩" if any(is_below(one, path) for one in self.paths) else "◻"


def is_below(path: str, folder: str) -> bool:
    """Say whether a path lies in a folder."""
    return path.startswith(folder.rstrip("/") + "/") and path != folder


def newest_first(snapshots: Iterable[Record]) -> list[Record]:
    """Return snapshots in the order in which they are looked for."""
    return sorted(snapshots, key=lambda one: moment_of(_time(one)), reverse=True)


def snapshot_cells(one: Record, now: datetime, zone: tzinfo | None) -> list[str]:
    """Return a row: when, which computer, size, id, tags, sources."""
    summary = one.get("summary")
    size = summary.get("total_bytes_processed") if isinstance(summary, dict) else None
    return [
        short_moment(moment_of(_time(one)), now, zone),
        str(one.get("hostname", "")),
        figures.size(size) if isinstance(size, int) else "",
        str(one.get("short_id", "")),
        ", ".join(map(str, one.get("tags") or ())),
        ", ".join(map(str, one.get("paths") or ())),
    ]


def fits(one: Record, cells: Sequence[str], text: str) -> bool:
    """Say whether a snapshot has a text somewhere."""
    return text.casefold() in " ".join((*cells, str(one.get("id", "")))).casefold()


def item_of(node: Record, now: datetime, zone: tzinfo | None) -> Item:
    """Return what the tree shows of an entry: its name, and of a file size and time of change."""
    is_folder = node.get("type") == "dir"
    name, size, changed = str(node.get("name", "")), node.get("size"), node.get("mtime")
    words = figures.size(size) if isinstance(size, int) and not is_folder else ""
    when = short_moment(moment_of(changed), now, zone) if isinstance(changed, str) and not is_folder else ""
    shown = (f"{words:>9}  {when:<16}", "idle")
    return Item(str(node.get("path", "")), f"{name}/" if is_folder else name, is_folder, () if is_folder else (shown,))


def items_of(folder: str, nodes: Iterable[Record], now: datetime, zone: tzinfo | None) -> list[Item]:
    """Return what lies in a folder, folders first; the folder itself, which a listing names too, is left out."""
    found = [node for node in nodes if str(node.get("path")).rstrip("/") != folder.rstrip("/")]
    found.sort(key=lambda node: (node.get("type") != "dir", str(node.get("name", "")).casefold()))
    return [item_of(node, now, zone) for node in found]


def unnameable(path: str) -> BadInput | None:
    """Return why a path cannot be named to a command, where bytes of it were no text and are lost; else None."""
    if UNREADABLE_NAME not in path:
        return None
    return BadInput(
        N_("the name of {path} is no text and cannot be named"), N_("Choose the folder that it lies in."), path=one_line(path)
    )


def plan_words(snapshot: str, fields: Record) -> tuple[str, ...]:
    """Return the command that tries a restore without writing anything.

    Args:
        fields: of the daemon's request ``restore``.
    """
    switches = ("--delete",) if fields.get("delete") else ()
    options = ("--target", str(fields["target"]), "--overwrite", str(fields["overwrite"]), *switches)
    return ("restore", "--dry-run", *options, "--", snapshot, *fields.get("paths", ()))


def outcome(summary: Record) -> str:
    """Return what a dry run says would happen."""
    restored, unchanged = int(summary.get("files_restored", 0)), int(summary.get("files_unchanged", 0))
    skipped, deleted = int(summary.get("files_skipped", 0)) - unchanged, int(summary.get("files_deleted", 0))
    lines = [translate(N_("Restored: {count}, {size}")).format(
        count=figures.count(restored), size=figures.size(int(summary.get("bytes_restored", 0)))
    )]  # fmt: skip
    for number, words in (
        (unchanged, N_("Right already: {count}")), (skipped, N_("Left alone: {count}")), (deleted, N_("Deleted: {count}"))
    ):  # fmt: skip
        if number:
            lines.append(translate(words).format(count=figures.count(number)))
    return "\n".join(lines)


def moment_of(text: str) -> datetime:
    """Return a time of a record."""
    return datetime.fromisoformat(_trimmed(text))


def _time(one: Record) -> str:
    return str(one.get("time", ""))


def _trimmed(moment: str) -> str:
    """Return a time without the nanoseconds that Python cannot read."""
    head, dot, rest = moment.partition(".")
    digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}" if dot else moment
