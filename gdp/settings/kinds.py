"""The kinds of values that settings have: how each is read from TOML and written back. Pure.

A reader raises BadInput, whose hint says what is allowed. It is told what stands in the file and never where: file, line and
key are added by whoever reads the file.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from gdp.core.chunker import ChunkerParameters
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.configuration import parse_smtp
from gdp.model.exclusion import parse_marker
from gdp.model.release_address import check_address
from gdp.model.retention import UNLIMITED, parse_count, parse_span
from gdp.model.sizes import parse_size, typed_size
from gdp.model.target import LocalTarget, Target, parse_target
from gdp.model.timing.bandwidth import Bandwidth, parse_bandwidth
from gdp.model.timing.durations import format_duration, parse_duration
from gdp.model.timing.reading import parse_schedule
from gdp.model.timing.window import Window, parse_window
from gdp.settings.secrets import CREDENTIALS

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_SENDER = re.compile(r"[^<>@\r\n]*<([^<>\r\n]*)>|([^<>\r\n]*)")


class Kind(msgspec.Struct, frozen=True):
    """One kind of value."""

    word: str
    """what the documents call it"""
    read: Callable[[object], Any]
    """from what TOML holds to what the program uses; raises BadInput"""
    write: Callable[[Any], object] = str
    """the way back"""
    is_list: bool = False


def choice(words: Iterable[str]) -> Kind:
    """Return the kind of one word out of several, which is read as the very one of them that was given."""
    known = {str(word): word for word in words}

    def read(value: object) -> Any:
        text = _text(value)
        if text not in known:
            raise BadInput(N_("{text!r} is not known here"), N_("Write one of: {allowed}."), text=text, allowed=", ".join(known))
        return known[text]

    return Kind(" / ".join(known), read)


def number(lowest: int, highest: int) -> Kind:
    """Return the kind of a whole number."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            hint = N_("Write a whole number from {lowest} to {highest}, without quotes.")
            raise BadInput(N_("{value} does not fit here"), hint, value=_shown(value), lowest=lowest, highest=highest)
        return value

    return Kind("number", read, int)


def size(lowest: int = 0, highest: int | None = None) -> Kind:
    """Return the kind of a number of bytes, such as ``500M``."""

    def read(value: object) -> int:
        text = _text(value)
        found = parse_size(text)
        if found is None:
            raise BadInput(N_("{text!r} is no size"), N_("Write it like 500K, 16M or 2G; K is 1024."), text=text)
        if found < lowest or (highest is not None and found > highest):
            hint = N_("Write a size from {lowest} to {highest}.") if highest else N_("Write a size of at least {lowest}.")
            limits = {"lowest": typed_size(lowest), "highest": typed_size(highest or 0)}
            raise BadInput(N_("{text!r} is out of range"), hint, text=text, **limits)
        return found

    return Kind("size", read, typed_size)


def list_of(kind: Kind, *, at_least: int = 0) -> Kind:
    """Return the kind of a list."""

    def read(value: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise BadInput(N_("{value} stands where a list belongs"), N_('Write a list: ["...", "..."].'), value=_shown(value))
        if len(value) < at_least:
            raise BadInput(N_("the list is empty"), N_("Name at least one."))
        return tuple(_entry(kind, place, entry) for place, entry in enumerate(value, 1))

    return Kind(f"list of {kind.word}", read, lambda values: [kind.write(value) for value in values], is_list=True)


def _entry(kind: Kind, place: int, value: object) -> Any:
    try:
        return kind.read(value)
    except BadInput as error:
        facts = {**error.facts, "place": place, "reason": error}
        raise BadInput(N_("entry {place}: {reason}"), error.hint_template, **facts) from error


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadInput(
            N_("{value} stands where yes or no belongs"), N_("Write true or false, without quotes."), value=_shown(value)
        )
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadInput(N_("{value} stands where a text belongs"), N_('Write it in quotes: "...".'), value=_shown(value))
    if not value or "\0" in value:
        raise BadInput(N_("the text is empty"), N_("Leave the key out instead."))
    return value


def _path(value: object) -> str:
    text = _text(value)
    if not text.startswith("/"):
        raise BadInput(
            N_("{text!r} is no whole path"), N_("Begin it with '/': settings are the same in every folder."), text=text
        )
    return text


def _password_file(value: object) -> str:
    text = _text(value)
    name = text.removeprefix(CREDENTIALS)
    if text.startswith(CREDENTIALS) and name not in {"", ".", ".."} and "/" not in name:
        return text
    if not text.startswith("/"):
        hint = N_("Write /whole/path/of/a/file, or $CREDENTIALS_DIRECTORY/NAME for a credential of systemd. Never the password.")
        raise BadInput(N_("this names no file"), hint)  # it may be a password: it is not shown
    return text


def _target(value: object) -> Target:
    target = parse_target(_text(value))
    if isinstance(target, LocalTarget) and not target.path.is_absolute():
        raise BadInput(N_("{text!r} is no whole path"), N_("Write /a/folder or sftp://user@host/folder."), text=str(target))
    return target


def _block_size(value: object) -> int:
    found: int = size().read(value)
    return ChunkerParameters(found).average_bytes


def _count(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if value == "unlimited":
        return parse_count("unlimited")
    hint = N_('Write a number without quotes, or "unlimited".')
    raise BadInput(N_("{value} is no number of snapshots"), hint, value=_shown(value))


def _address(value: object) -> str:
    text = _text(value)
    if not _ADDRESS.fullmatch(text):
        raise BadInput(N_("{text!r} is no mail address"), N_("Write it like admin@example.com."), text=text)
    return text


def _sender(value: object) -> str:
    text = _text(value)
    match = _SENDER.fullmatch(text)
    if match is None or not _ADDRESS.fullmatch((match[1] or match[2] or "").strip()):
        hint = N_('Write it like backup@example.com or "Backup <backup@example.com>".')
        raise BadInput(N_("{text!r} is no mail address"), hint, text=text)
    return text


def _marker(value: object) -> str:
    text = _text(value)
    parse_marker(text)
    return text


def _tag(value: object) -> str:
    text = _text(value)
    if "," in text or text != text.strip():
        raise BadInput(N_("{text!r} is no tag"), N_("A tag has no comma in it, and no space at its ends."), text=text)
    return text


def _tags(value: object) -> tuple[str, ...]:
    if value == "":
        return ()
    return tuple(_tag(tag.strip()) for tag in _text(value).split(","))


def _shown(value: object) -> str:
    """Return what stands in the file as the file has it, if it is short."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:40]}..."'
    if isinstance(value, dict):
        return "[...]" if not value else "{...}"
    return "[...]" if isinstance(value, list) else str(value)


def _window(value: object) -> Window | None:
    windows: tuple[Window, ...] = list_of(Kind("hours", _parsed(parse_window))).read(value)
    return Window(tuple(span for window in windows for span in window.spans)) if windows else None


def _bandwidth(value: object) -> Bandwidth:
    tables: tuple[Bandwidth, ...] = list_of(Kind("limit", _parsed(parse_bandwidth))).read(value)
    return Bandwidth(tuple(row for table in tables for row in table.rows))


def _parsed(parse: Callable[[str], Any]) -> Callable[[object], Any]:
    return lambda value: parse(_text(value))


TEXT = Kind("text", _text)
FLAG = Kind("true / false", _flag, bool)
PATH = Kind("path", _path)
PASSWORD_FILE = Kind("password file", _password_file)
TARGET = Kind("target", _target)
BLOCK_SIZE = Kind("size", _block_size, typed_size)
DURATION = Kind("duration", _parsed(parse_duration), format_duration)
COUNT = Kind("number / unlimited", _count, lambda value: "unlimited" if value == UNLIMITED else value)
SCHEDULE = Kind("schedule", _parsed(parse_schedule))
SPAN = Kind("time", _parsed(parse_span))
WINDOW = Kind("list of hours", _window, lambda window: [str(span) or "00:00-24:00" for span in window.spans], is_list=True)
BANDWIDTH = Kind(
    "list of limit", _bandwidth, lambda table: [f"{span} {limits}".strip() for span, limits in table.rows], is_list=True
)
SMTP = Kind("mail server", _parsed(parse_smtp))
RELEASES = Kind("address of releases", _parsed(check_address))
ADDRESS = Kind("address", _address)
SENDER = Kind("address", _sender)
MARKER = Kind("NAME[:HEADER]", _marker)
TAG = Kind("tag", _tag)
TAGS = Kind("TAG,...", _tags, ",".join)


def whole_path(text: str) -> str:
    """Return a path typed on a command line as settings hold it: from the root, ``~`` and the working folder replaced."""
    return str(Path(text).expanduser().absolute())
