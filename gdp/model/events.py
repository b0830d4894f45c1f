"""What a running job tells whoever listens: command line, daemon, report, test. Facts only; nobody answers.

Every text is an English template with named facts, to be translated where it is shown.
"""

from collections.abc import Callable
from typing import Literal

import msgspec


class Event(msgspec.Struct, frozen=True):
    """Anything that happened."""


class StageBegan(Event, frozen=True):
    """A part of the job began, such as "reading files" or "checking packs"."""

    stage: str
    """sentence fragment for a person"""


class Progress(Event, frozen=True):
    """How far the current stage is. Sent often; a listener may show only the last one."""

    files_done: int = 0
    files_total: int | None = None
    """None: not known yet"""
    bytes_done: int = 0
    bytes_total: int | None = None
    current: str = ""
    """the file or pack being worked on"""
    bytes_new: int | None = None
    """what the repository does not have, as far as it was found; None: the job stores nothing"""
    bytes_waiting: int | None = None
    """of ``bytes_new`` what has not arrived in the repository yet: it waits to be sent, or is on its way"""
    bytes_sent: int | None = None
    """what has arrived there, compressed and encrypted; less again where something must be sent once more"""

    @property
    def bytes_safe(self) -> int:
        """What was dealt with and waits for nothing any more."""
        return max(0, self.bytes_done - (self.bytes_waiting or 0))


class Note(Event, frozen=True):
    """Something worth saying that is no problem."""

    template: str
    facts: dict[str, object] = msgspec.field(default_factory=dict)


class Problem(Event, frozen=True):
    """Something that went wrong without ending the job. Each makes the verdict worse than "all well"."""

    template: str
    facts: dict[str, object] = msgspec.field(default_factory=dict)
    path: str = ""
    """the file it is about, when there is one; invalid UTF-8 as surrogates"""
    hint: str = ""


class ItemDone(Event, frozen=True):
    """One file or directory was dealt with."""

    path: str
    action: Literal["new", "changed", "unmodified", "removed", "skipped", "restored", "deleted"]
    kind: str = "file"
    """a node type"""
    size: int = 0
    """bytes"""


class BeganAnew(Event, frozen=True):
    """The job begins once more: whatever was said of files so far does not count, and is said again."""


Emit = Callable[[Event], None]


def ignore_events(event: Event) -> None:
    """Listen to nothing."""
