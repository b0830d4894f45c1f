"""A backup set: what is backed up, whereto, when, how long it is kept and who hears of it. Values only.

One struct for each section of a set's file, one field for each key; ``docs/settings.md`` says what each is for.
"""

import re
import unicodedata
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

import msgspec

from gdp.core.chunker import DEFAULT_BLOCK_BYTES
from gdp.core.compress import Compression
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.core.packformat import DEFAULT_PACK_BYTES
from gdp.model.exclusion import PatternRules
from gdp.model.retention import KeepPolicy, Span
from gdp.model.target import Target
from gdp.model.timing.bandwidth import Bandwidth
from gdp.model.timing.schedule import Schedule
from gdp.model.timing.window import Window

LONGEST_NAME = 64
_NAME = re.compile(r"[^\W_][\w-]*")
_TAG = "set:"


class Recovery(StrEnum):
    """Who can open the repository when the password file is lost."""

    NOBODY = "nobody"
    SHEET = "sheet"
    """whoever holds the printed recovery sheet"""
    ESCROW = "escrow"
    """whoever holds the private key to which the password was sealed"""


class OnError(StrEnum):
    """What a command that fails does to the run."""

    IGNORE = "ignore"
    CANCEL = "cancel"
    """the run is left out, which is no error"""
    FAIL = "fail"


class ReportMode(StrEnum):
    """Which runs a recipient hears of."""

    EVERY_RUN = "every-run"
    PROBLEMS = "problems"
    DAILY = "daily"
    """one summary a day"""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is backed up, and what is left out."""

    paths: tuple[str, ...]
    """absolute"""
    exclude: tuple[str, ...] = ()
    exclude_file: tuple[str, ...] = ()
    """files that list patterns"""
    exclude_if_present: tuple[str, ...] = ()
    """``NAME[:HEADER]``"""
    exclude_caches: bool = False
    exclude_larger_than: int | None = None
    """bytes"""
    one_file_system: bool = False
    pattern_rules: PatternRules = PatternRules.GITIGNORE


class Marks(msgspec.Struct, frozen=True):
    """What the set's snapshots carry."""

    host: str | None = None
    """None: the computer's name"""
    tags: tuple[str, ...] = ()
    """besides the set's own"""


class Destination(msgspec.Struct, frozen=True, kw_only=True):
    """Where backups go, and in which pieces."""

    repo: Target
    """a folder of this computer is absolute"""
    block_size: int = DEFAULT_BLOCK_BYTES
    """average, bytes; counts when the repository is made"""
    transfer_block_size: int = DEFAULT_PACK_BYTES
    """bytes"""
    compression: Compression = Compression.AUTO
    connections: int | None = None
    """None: as many as suit"""


class Encryption(msgspec.Struct, frozen=True, kw_only=True):
    """Where the password is, and who can help when it is lost. Never the password itself."""

    password_file: str
    """absolute, or ``$CREDENTIALS_DIRECTORY/NAME``"""
    recovery: Recovery = Recovery.NOBODY
    recovery_confirmed: bool = False
    """the sheet was typed in again, the password was sealed, or it was decided on purpose that nobody can help"""
    recovery_key: str = ""
    """the name of the repository's key that the sheet, or what was sealed, opens; empty: not known"""
    sealed_to: str = ""
    """the fingerprint of the receiver's public key; empty: no escrow, or not known"""


class Timetable(msgspec.Struct, frozen=True):
    """When the set runs by itself."""

    when: tuple[Schedule, ...] = ()
    random_offset: timedelta = timedelta()
    """a run begins up to so much later, so that many computers do not come at once"""
    retry_pauses: tuple[timedelta, ...] = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
    """one more attempt after each"""
    window: Window | None = None
    """None: at any time; its end ends a run, and the next one goes on"""
    longest_run: timedelta | None = None
    """ends a run as the window does"""

    def ends_of(self, began: datetime, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """Return when a run that began at a moment is ended for its length, and when by the window; None: it is not.

        The window does not end a run that began outside of it, since somebody asked for it.
        """
        by_length = None if self.longest_run is None else began + self.longest_run
        closes = None if self.window is None else self.window.ends_after(began, zone)
        return by_length, closes if closes is not None and closes > began else None


class Conditions(msgspec.Struct, frozen=True):
    """What must hold before a run begins."""

    target_reachable: bool = True
    mains_power: bool = False


class Commands(msgspec.Struct, frozen=True):
    """What runs around a backup. Each is a line for ``/bin/sh``."""

    before: tuple[str, ...] = ()
    before_on_error: OnError = OnError.FAIL
    after: tuple[str, ...] = ()
    after_on_error: OnError = OnError.IGNORE


class Line(msgspec.Struct, frozen=True):
    """How fast data may travel."""

    limits: Bandwidth = Bandwidth()


class Retention(msgspec.Struct, frozen=True):
    """Which snapshots stay; without any rule all of them."""

    keep_last: int = 0
    """``UNLIMITED`` for all, here and below"""
    keep_hourly: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_yearly: int = 0
    keep_within: Span = Span()
    keep_within_hourly: Span = Span()
    keep_within_daily: Span = Span()
    keep_within_weekly: Span = Span()
    keep_within_monthly: Span = Span()
    keep_within_yearly: Span = Span()
    keep_tag: tuple[tuple[str, ...], ...] = ()

    def policy(self) -> KeepPolicy:
        """Return the rules as ``forget`` takes them."""
        periods = ("hourly", "daily", "weekly", "monthly", "yearly")
        return KeepPolicy(
            last=self.keep_last,
            counts={period: count for period in periods if (count := getattr(self, f"keep_{period}"))},
            within=self.keep_within,
            within_periods={period: span for period in periods if (span := getattr(self, f"keep_within_{period}"))},
            tags=self.keep_tag,
        )


class Proof(msgspec.Struct, frozen=True):
    """How it is proven that what was backed up can be restored."""

    read_back: int = 64 << 20
    """bytes that are read back and compared after a backup; 0: none"""
    read_back_pause: timedelta = timedelta(hours=20)
    """not after a backup that came sooner after the one before"""
    drill_files: int = 20
    """so many are restored and compared once a month; 0: none"""
    drill_size: int = 64 << 20
    """bytes, all of them together at most"""


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets reports."""

    to: str
    language: str | None = None
    """None: the configuration's, else the system's"""
    mode: ReportMode = ReportMode.EVERY_RUN


class BackupSet(msgspec.Struct, frozen=True, kw_only=True):
    """One set."""

    name: str
    source: Source
    snapshot: Marks = Marks()
    target: Destination
    encryption: Encryption
    schedule: Timetable = Timetable()
    conditions: Conditions = Conditions()
    commands: Commands = Commands()
    bandwidth: Line = Line()
    retention: Retention = Retention()
    proof: Proof = Proof()
    report: tuple[Recipient, ...] = ()

    @property
    def is_active(self) -> bool:
        """Say whether it may run: no data are encrypted before somebody decided who can open them again."""
        return self.encryption.recovery_confirmed

    @property
    def tag(self) -> str:
        """The tag of its snapshots, which tells them from those of other sets in the same repository."""
        return _TAG + self.name


def check_set_name(name: str) -> str:
    """Return the name. Raises BadInput when it cannot be one: it is the name of a file and part of a tag."""
    if len(name) > LONGEST_NAME or not _NAME.fullmatch(name) or unicodedata.normalize("NFC", name) != name:
        raise BadInput(
            N_("{name!r} cannot be the name of a backup set"),
            N_("Use up to 64 letters, digits, '-' and '_'; begin with a letter or digit."),
            name=name,
        )
    return name
