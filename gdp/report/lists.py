"""What was new, changed, removed and skipped, by name: all of a few, of many the folders with the most of them. Pure."""

from gdp.core import figures
from gdp.core.language import N_, translate, translate_plural
from gdp.core.sentences import fill
from gdp.model.changes import ACTIONS, Changes, NamedFile, Place
from gdp.model.run import RunRecord
from gdp.report.page import Line, Section, shown

MOST_NAMES = 12
_TITLES = {
    "new": N_("New: {count:file|files}, {size}"),
    "changed": N_("Changed: {count:file|files}, {size}"),
    "removed": N_("Removed: {count:file|files}, {size}"),
    "skipped": N_("Skipped: {count:file|files}, {size}"),
}
_ONLY_SOCKETS = N_("Skipped: {count:file|files}")


def make_sections(record: RunRecord) -> tuple[Section, ...]:
    """Return a list for each of them that there was."""
    return tuple(_section(action, record.changes[action]) for action in ACTIONS if action in record.changes)


def _section(action: str, changes: Changes) -> Section:
    sentence = _TITLES[action] if changes.bytes or action != "skipped" else _ONLY_SOCKETS
    title = fill(sentence, {"count": changes.files, "size": figures.size(changes.bytes)})
    few = changes.names[:MOST_NAMES]
    if changes.files > len(few) and len(changes.places) > 1:
        return Section(title, tuple(map(_of_place, changes.places)), _more_places(changes))
    return Section(title, tuple(_of_file(action, named) for named in few), _more_files(changes, len(few)))


def _of_file(action: str, named: NamedFile) -> Line:
    if named.kind == "socket":
        remark = translate(N_("a socket, which no backup can hold"))
    elif action == "skipped":
        remark = translate(N_("{size}, more than the set takes")).format(size=figures.size(named.bytes))
    else:
        remark = figures.size(named.bytes)
    return Line(shown(named.path), remark)


def _of_place(place: Place) -> Line:
    sentence = N_("{count:file|files} here and in folders below, {size}") if place.is_deep else N_("{count:file|files}, {size}")
    return Line(_folder(place), fill(sentence, {"count": place.files, "size": figures.size(place.bytes)}))


def _folder(place: Place) -> str:
    return shown(place.path.rstrip("/") + "/")


def _more_files(changes: Changes, told: int) -> str:
    left = changes.files - told
    if left <= 0:
        return ""
    if not changes.places:
        return translate_plural("and one more", "and {count} more", left).format(count=figures.count(left))
    place = changes.places[0]
    sentence = N_("and {count} more below {folder}") if place.is_deep else N_("and {count} more in {folder}")
    return translate(sentence).format(count=figures.count(left), folder=_folder(place))


def _more_places(changes: Changes) -> str:
    if not changes.other_places:
        return ""
    facts = {"count": figures.count(changes.other_files), "folders": changes.other_places}
    return fill(N_("and {count} more in {folders:other folder|other folders}"), facts)
