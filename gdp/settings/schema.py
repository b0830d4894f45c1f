"""Every key that settings may have. The one list: reading, writing, the command line and the documents follow it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from gdp.core.compress import Compression
from gdp.core.language import LANGUAGES
from gdp.core.packformat import MAX_PACK_BYTES, MIN_PACK_BYTES
from gdp.model import backup_set as sets
from gdp.model.configuration import THEMES, Configuration, Mail, Update
from gdp.model.exclusion import PatternRules
from gdp.settings import kinds
from gdp.settings.kinds import Kind, choice, list_of

MOST_CONNECTIONS = 64
MOST_DRILL_FILES = 10_000


class Key(msgspec.Struct, frozen=True):
    """One key."""

    name: str
    """as it is written"""
    kind: Kind
    is_required: bool = False
    field: str = ""
    """of the struct, where it is not named as the key"""

    @property
    def attribute(self) -> str:
        """The field that holds it."""
        return self.field or self.name.replace("-", "_")


class Section(msgspec.Struct, frozen=True):
    """A table of keys: ``[name]``, or ``[[name]]`` for each of several. Without a name: the keys above all tables."""

    name: str
    struct: type
    keys: tuple[Key, ...]
    is_many: bool = False

    def path_of(self, key: Key) -> str:
        """Return the whole name of a key, such as ``target.repo``."""
        return f"{self.name}.{key.name}" if self.name else key.name

    def default_of(self, key: Key) -> Any:
        """Return what holds when the key is left out; None: nothing, or it may not be left out."""
        field = next(field for field in msgspec.structs.fields(self.struct) if field.name == key.attribute)
        return None if field.default is msgspec.NODEFAULT else field.default


Schema = tuple[Section, ...]

SET: Schema = (
    Section(
        "source",
        sets.Source,
        (
            Key("paths", list_of(kinds.PATH, at_least=1), is_required=True),
            Key("exclude", list_of(kinds.TEXT)),
            Key("exclude-file", list_of(kinds.PATH)),
            Key("exclude-if-present", list_of(kinds.MARKER)),
            Key("exclude-caches", kinds.FLAG),
            Key("exclude-larger-than", kinds.size(1)),
            Key("one-file-system", kinds.FLAG),
            Key("pattern-rules", choice(PatternRules)),
        ),
    ),
    Section("snapshot", sets.Marks, (Key("host", kinds.TEXT), Key("tags", list_of(kinds.TAG)))),
    Section(
        "target",
        sets.Destination,
        (
            Key("repo", kinds.TARGET, is_required=True),
            Key("block-size", kinds.BLOCK_SIZE),
            Key("transfer-block-size", kinds.size(MIN_PACK_BYTES, MAX_PACK_BYTES)),
            Key("compression", choice(Compression)),
            Key("connections", kinds.number(1, MOST_CONNECTIONS)),
            Key("login-key-file", kinds.PATH),
            Key("login-password-file", kinds.PASSWORD_FILE),
        ),
    ),
    Section(
        "encryption",
        sets.Encryption,
        (
            Key("password-file", kinds.PASSWORD_FILE, is_required=True),
            Key("recovery", choice(sets.Recovery)),
            Key("recovery-confirmed", kinds.FLAG),
            Key("recovery-key", kinds.TEXT),
            Key("sealed-to", kinds.TEXT),
        ),
    ),
    Section(
        "schedule",
        sets.Timetable,
        (
            Key("when", list_of(kinds.SCHEDULE)),
            Key("random-offset", kinds.DURATION),
            Key("retry-pauses", list_of(kinds.DURATION)),
            Key("window", kinds.WINDOW),
            Key("longest-run", kinds.DURATION),
        ),
    ),
    Section("conditions", sets.Conditions, (Key("target-reachable", kinds.FLAG), Key("mains-power", kinds.FLAG))),
    Section(
        "commands",
        sets.Commands,
        (
            Key("before", list_of(kinds.TEXT)),
            Key("before-on-error", choice(sets.OnError)),
            Key("after", list_of(kinds.TEXT)),
            Key("after-on-error", choice((sets.OnError.IGNORE, sets.OnError.FAIL))),
        ),
    ),
    Section("bandwidth", sets.Line, (Key("limits", kinds.BANDWIDTH),)),
    Section(
        "retention",
        sets.Retention,
        (
            *(Key(f"keep-{rule}", kinds.COUNT) for rule in ("last", "hourly", "daily", "weekly", "monthly", "yearly")),
            Key("keep-within", kinds.SPAN),
            *(Key(f"keep-within-{period}", kinds.SPAN) for period in ("hourly", "daily", "weekly", "monthly", "yearly")),
            Key("keep-tag", list_of(kinds.TAGS)),
        ),
    ),
    Section(
        "proof",
        sets.Proof,
        (
            Key("read-back", kinds.size()),
            Key("read-back-pause", kinds.DURATION),
            Key("drill-files", kinds.number(0, MOST_DRILL_FILES)),
            Key("drill-size", kinds.size(1)),
        ),
    ),
    Section(
        "report",
        sets.Recipient,
        (
            Key("to", kinds.ADDRESS, is_required=True),
            Key("language", choice(LANGUAGES)),
            Key("mode", choice(sets.ReportMode)),
        ),
        is_many=True,
    ),
)

CONFIGURATION: Schema = (
    Section("", Configuration, (Key("language", choice(LANGUAGES)), Key("theme", choice(THEMES)))),
    Section(
        "mail",
        Mail,
        (
            Key("smtp", kinds.SMTP),
            Key("password-file", kinds.PASSWORD_FILE),
            Key("from", kinds.SENDER, field="sender"),
        ),
    ),
    Section("update", Update, (Key("url", kinds.RELEASES),)),
)


def every_key(schema: Schema) -> Iterator[tuple[Section, Key]]:
    """Yield each key with its section."""
    for section in schema:
        for key in section.keys:
            yield section, key


def find_key(schema: Schema, path: str) -> tuple[Section, Key] | None:
    """Return the key of a whole name such as ``target.repo``, or None when there is none."""
    return next(((section, key) for section, key in every_key(schema) if section.path_of(key) == path), None)
