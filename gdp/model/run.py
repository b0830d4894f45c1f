"""What a report tells of a run that has ended, well or not, and what is kept of it. Values only; they travel as JSON.

The run itself, as the daemon and its journal know it, is in ``runs.py``.

What went wrong is kept as templates with their facts, never as finished sentences: one run is told in several languages.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from gdp.core.errors import GdpError, kind_named
from gdp.model.changes import Changes
from gdp.model.runs import Kind


class Verdict(StrEnum):
    """How it went."""

    OK = "ok"
    ATTENTION = "attention"
    """done, but something needs a person's eye, such as files that could not be read"""
    ERROR = "error"
    INTERRUPTED = "interrupted"
    """ended before it was done; the next run goes on"""
    SKIPPED = "skipped"
    """never begun"""


class Saying(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error inside a fact of another one."""

    template: str
    facts: "dict[str, str | int | float | bool | Saying | None]" = {}
    hint: str = ""
    """a template over the same facts"""
    error_class: str = ""
    """its name in ``core.errors``, where it was an exception"""


Fact = str | int | float | bool | Saying | None


class Trouble(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that went wrong."""

    template: str
    facts: dict[str, Fact] = {}
    hint: str = ""
    """a template over the same facts"""
    path: str = ""
    """the file it is about, when there is one; never one to be opened again: bytes that are not UTF-8 are U+FFFD"""
    error_class: str = ""
    """its name in ``core.errors``, where it was an exception"""

    def chain(self) -> "Iterator[Trouble | Saying]":
        """Yield this and whatever caused it, the outermost first."""
        yield self
        yield from _inner(self.facts)


class Counts(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of files, or of folders."""

    new: int = 0
    changed: int = 0
    unmodified: int = 0
    removed: int = 0


class Proven(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest proof that the backups of a set are good, or are not: a read-back or a restore drill."""

    kind: Kind
    ended: datetime
    verdict: Verdict
    figures: dict[str, int] = {}
    """the whole numbers of its summary"""


class RunRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One run. Moments are aware and in UTC, sizes are bytes."""

    set_name: str
    host: str
    kind: Kind = Kind.BACKUP
    began: datetime
    ended: datetime
    verdict: Verdict
    snapshot: str = ""
    """its id; empty when none was saved"""
    files: Counts = Counts()
    folders: Counts = Counts()
    changes: dict[str, Changes] = {}
    """by ``changes.ACTIONS``"""
    skipped: dict[str, int] = {}
    """how much was left out on purpose, by why; as named in ``docs/json.md``"""
    bytes_read: int = 0
    """of all files that the run dealt with"""
    bytes_new: int = 0
    """of them what the repository did not have yet"""
    bytes_sent: int = 0
    """what that came to when it was compressed and encrypted; so much the repository grew"""
    figures: dict[str, int] = {}
    """of a run that is no backup: the whole numbers of its summary, as named in ``docs/json.md``"""
    problems: tuple[Trouble, ...] = ()
    """what did not end the run; the first of many"""
    problem_count: int = 0
    """all of them"""
    remarks: tuple[Trouble, ...] = ()
    """what happened and changes nothing, such as a command's failure that is to be ignored"""
    stopped_by: Trouble | None = None
    """what ended the run before it was done, kept it from beginning, or made it fail at its very end"""
    share_reached: float | None = None
    """0 to 1, of a run that broke off; None: not known"""
    next_run: datetime | None = None
    proofs: tuple[Proven, ...] = ()
    """of a backup: what was proven last of its set"""
    deletes_forbidden: datetime | None = None
    """of a backup: when old ones were to be removed last, which the repository forbids; None: it does not, as far as is known"""
    recovered_from: datetime | None = None
    """of a run that went well: when the one before it began, which had needed attention; None: it had not"""

    @property
    def seconds(self) -> float:
        """Return how long it took."""
        return (self.ended - self.began).total_seconds()


def plain_facts(facts: Mapping[str, object]) -> dict[str, Fact]:
    """Return facts as they can travel: errors by their own templates, numbers as they are, all else as text."""
    return {name: _plain(fact) for name, fact in facts.items()}


def saying_of(error: GdpError) -> Saying:
    """Return an error as it can travel; ``error_of`` makes one of it again."""
    return Saying(error.template, plain_facts(error.facts), error.hint_template, type(error).__name__)


def error_of(said: Trouble | Saying) -> GdpError:
    """Return what was said as an error, for ``core.sentences`` to put into words."""
    return kind_named(said.error_class)(said.template, said.hint, **{name: _lively(fact) for name, fact in said.facts.items()})


def _plain(fact: object) -> Fact:
    match fact:
        case GdpError():
            return saying_of(fact)
        case bool() | int() | float() | None:
            return fact
        case _:
            return str(fact)


def _lively(fact: Fact) -> object:
    return error_of(fact) if isinstance(fact, Saying) else fact


def _inner(facts: Mapping[str, Fact]) -> Iterator[Saying]:
    for fact in facts.values():
        if isinstance(fact, Saying):
            yield fact
            yield from _inner(fact.facts)
