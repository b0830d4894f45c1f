"""Sets and runs as the daemon would tell them."""

from datetime import datetime, timedelta
from typing import Any

import msgspec

from gdp.model.run import Saying
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.service import AtWork, Coming, HeldMails, MailBacklog, ServiceStatus, SetStatus
from gdp.model.week import Day
from tests.tui.stage import NOW, ago

GOOD_WEEK = (Day.GOOD,) * 7


def run(name: str, number: int = 1, *, state: State = State.OK, hours: float = 12, **more: Any) -> Run:
    """Return a run that began so many hours ago and took 11 minutes."""
    began = ago(hours=hours)
    ended = None if state is State.RUNNING else began + timedelta(minutes=11)
    return Run(id=number, set_name=name, kind=Kind.BACKUP, due=began, began=began, ended=ended, state=state, **more)


def good_set(name: str = "daten", size: int = 182_400_000_000) -> SetStatus:
    """Return a set that was backed up last night."""
    last = run(name, summary={"message_type": "summary", "total_bytes_processed": size})
    return SetStatus(
        name=name,
        is_active=True,
        target="sftp://backup@dc.example.net/server01",
        schedule=("daily 02:30",),
        last=last,
        last_done=last,
        coming=(coming(NOW + timedelta(hours=12)),),
        week=GOOD_WEEK,
    )


def failed_set(name: str = "home") -> SetStatus:
    """Return a set whose last backup failed because the line broke."""
    why = {
        "message_type": "exit_error",
        "message": "x",
        "template": "{host} does not answer as an SSH server should: {reason}",
        "hint_template": "See whether the server runs and can be reached.",
        "facts": {"host": "dc.example.net", "reason": "Connection reset by peer"},
    }
    done = run(name, 2, hours=39, summary={"message_type": "summary", "total_bytes_processed": 77_000_000_000})
    return SetStatus(
        name=name,
        is_active=True,
        target="sftp://backup@dc.example.net/server01",
        schedule=("daily 22:00",),
        last=run(name, 3, state=State.ERROR, hours=15.5, summary=why, exit_code=1),
        last_done=done,
        coming=(coming(NOW + timedelta(hours=8)),),
        week=(*GOOD_WEEK[:5], Day.BAD, Day.NONE),
    )


def proven_set(name: str = "daten", *, reason: Reason = Reason.NONE) -> SetStatus:
    """Return a set of which a sample was read back last night and files were restored on trial three weeks ago.

    Args:
        reason: why the restore drill failed; none: it did not.
    """
    check = msgspec.structs.replace(run(name, 8, hours=10), kind=Kind.CHECK)
    state = State.OK if reason is Reason.NONE else State.ERROR
    drill = msgspec.structs.replace(run(name, 5, hours=24 * 21, state=state, reason=reason), kind=Kind.DRILL)
    return msgspec.structs.replace(good_set(name), last_check=check, last_drill=drill)


def busy_set(name: str = "postgres") -> SetStatus:
    """Return a set that is being backed up."""
    progress = {
        "message_type": "status",
        "seconds_elapsed": 3600,
        "percent_done": 0.64,
        "total_files": 418_203,
        "files_done": 261_004,
        "total_bytes": 182_400_000_000,
        "bytes_done": 117_200_000_000,
        "seconds_remaining": 720,
        "current_files": ["/srv/daten/projekte/2026/plan-erdgeschoss.dwg"],
        "error_count": 1,
    }
    at_work = AtWork(run=run(name, 7, state=State.RUNNING, hours=1), progress=progress)
    return SetStatus(
        name=name,
        is_active=True,
        target="/mnt/backup",
        schedule=("hourly",),
        at_work=(at_work,),
        week=(Day.NONE,) * 6 + (Day.GOOD,),
    )


def new_set(name: str = "neu") -> SetStatus:
    """Return a set that was never backed up and may not run yet."""
    return SetStatus(name=name, target="/mnt/backup", schedule=("daily 02:30",))


def coming(when: datetime, waits_for: str = "time") -> Coming:
    """Return a backup that will begin."""
    return Coming(kind=Kind.BACKUP, due=when, begins=when, waits_for=waits_for)


def held(count: int, hours: float, template: str = "{server} refuses the login: {reason}", reason: str = "535 no") -> HeldMails:
    """Return mails that do not get out, the oldest so many hours old."""
    server = "smtp://backup@example.com@mail.example.com:587"
    return HeldMails(count=count, since=ago(hours=hours), reason=Saying(template, {"server": server, "reason": reason}))


def status(
    *sets: SetStatus, is_paused: bool = False, mails: MailBacklog | None = None, trouble: Saying | None = None
) -> ServiceStatus:
    """Return how the daemon stands."""
    return ServiceStatus(
        version="0.1.0",
        process=4711,
        since=ago(days=3),
        is_paused=is_paused,
        sets=sets,
        mails=mails or MailBacklog(),
        trouble=trouble,
    )
