"""What the daemon says about itself: values that travel over its socket, for front ends to show."""

from datetime import datetime
from typing import Any

import msgspec

from gdp.model.run import Saying
from gdp.model.runs import Kind, Run
from gdp.model.week import Day

CAN_PAUSE = frozenset({Kind.BACKUP, Kind.RESTORE})
"""whoever prunes keeps everybody else away, and the others are over soon"""


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """A run that will begin."""

    kind: Kind
    due: datetime
    begins: datetime | None
    """None: nobody knows"""
    waits_for: str
    """``time``, ``window``, ``resume``, ``repository``, ``room``, ``answer``, ``target``, ``power``"""
    is_manual: bool = False


class AtWork(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is being made."""

    run: Run
    progress: dict[str, Any] = {}
    """the newest record ``status``; see ``docs/json.md``"""
    is_ending: bool = False
    """it was asked to end"""
    is_paused: bool = False
    """it was asked to wait"""


class SetStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a set stands."""

    name: str
    is_active: bool = False
    problem: str = ""
    """what is wrong with its file; the daemon goes by what it said before, if it was right then"""
    target: str = ""
    schedule: tuple[str, ...] = ()
    last: Run | None = None
    """the newest backup that began"""
    last_done: Run | None = None
    """the newest backup that was made"""
    left_out: Run | None = None
    """what was left out since"""
    last_check: Run | None = None
    """the newest read-back of a sample that came to an end"""
    last_drill: Run | None = None
    """the newest restore drill that did"""
    at_work: tuple[AtWork, ...] = ()
    coming: tuple[Coming, ...] = ()
    week: tuple[Day, ...] = ()
    """how its backups went in the last seven days, today last"""


class HeldMails(msgspec.Struct, frozen=True, kw_only=True):
    """Report mails that did not get out."""

    count: int
    since: datetime
    """when the oldest was made"""
    reason: Saying | None = None
    """what kept the newest from getting out; None: none was tried yet"""


class MailBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """All report mails that the mail server has not taken."""

    waiting: HeldMails | None = None
    """they are tried again by themselves"""
    refused: HeldMails | None = None
    """for good: they are not"""


class ServiceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the daemon stands."""

    version: str
    process: int
    since: datetime
    is_paused: bool = False
    is_ending: bool = False
    sets: tuple[SetStatus, ...] = ()
    mails: MailBacklog = MailBacklog()
    trouble: Saying | None = None
    """why nothing can begin, such as a full disk; None: nothing keeps it"""
