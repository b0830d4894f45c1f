"""What the UI knows of the daemon. Pure: events in, a new picture out."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from itertools import pairwise

import msgspec

from gdp.model.runs import Run, State
from gdp.model.service import AtWork, MailBacklog, ServiceStatus, SetStatus
from gdp.tui.ports import Record

KEPT_SAMPLES = 120  # of a running job's rate, about one a second
SMOOTHED_SAMPLES = 5  # answers come in bursts
KEPT_ERRORS = 500  # of a running job; the log has them all


class Link(Enum):
    """How the daemon can be reached."""

    CONNECTING = auto()
    UP = auto()
    NONE = auto()
    """there is none, or it went away"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Where a running job was at a moment."""

    seconds: float
    """since it began"""
    bytes_done: int
    bytes_sent: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a running job since the UI began to look."""

    samples: tuple[Sample, ...] = ()
    errors: tuple[Record, ...] = ()
    """its records ``error``, the oldest first"""

    def rates(self, most: int) -> "Rates":
        """Return bytes a second between each two of the newest samples, the oldest first; of what was sent, if anything was."""
        newest = self.samples[-most - 1 :]
        pairs = [(a, b) for a, b in pairwise(newest) if b.seconds > a.seconds]
        sent = tuple(max(0.0, (b.bytes_sent - a.bytes_sent) / (b.seconds - a.seconds)) for a, b in pairs)
        if any(sent):
            return Rates(sent, is_sent=True)
        return Rates(tuple(max(0.0, (b.bytes_done - a.bytes_done) / (b.seconds - a.seconds)) for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Rates:
    """Bytes a second, the oldest first."""

    values: tuple[float, ...] = ()
    is_sent: bool = False
    """to the repository; else read, or restored"""

    @property
    def now(self) -> float:
        """Return what it is now, over the last few samples."""
        newest = self.values[-SMOOTHED_SAMPLES:]
        return sum(newest) / len(newest) if newest else 0.0


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it."""

    link: Link = Link.CONNECTING
    status: ServiceStatus | None = None
    """as it was last known, also when the daemon is gone"""
    watched: Mapping[int, Watched] = field(default_factory=dict)
    """by the number of the run"""
    needs_status: bool = False
    """something happened after which the daemon wants to be asked again"""

    def of_set(self, name: str) -> SetStatus | None:
        """Return how a set stands."""
        found = [one for one in self.status.sets if one.name == name] if self.status else []
        return found[0] if found else None

    def work(self, run: int) -> AtWork | None:
        """Return a run that is at work."""
        found = [work for one in self.status.sets for work in one.at_work if work.run.id == run] if self.status else []
        return found[0] if found else None


def with_status(picture: Picture, answer: Record) -> Picture:
    """Return the picture after an answer to ``status`` or ``watch``."""
    status = msgspec.convert(answer["status"], ServiceStatus)
    alive = {work.run.id for one in status.sets for work in one.at_work}
    watched = {run: seen for run, seen in picture.watched.items() if run in alive}
    return Picture(link=Link.UP, status=status, watched=watched)


def after(picture: Picture, event: Record) -> Picture:
    """Return the picture after an event of ``docs/daemon.md``."""
    match event.get("event"):
        case "progress":
            return _with_progress(picture, event["run"], event["progress"])
        case "said" if event["record"].get("message_type") == "error":
            seen = picture.watched.get(event["run"], Watched())
            seen = replace(seen, errors=(*seen.errors, event["record"])[-KEPT_ERRORS:])
            return replace(picture, watched={**picture.watched, event["run"]: seen})
        case "mails" if picture.status is not None:
            mails = msgspec.convert(event["mails"], MailBacklog)
            return replace(picture, status=msgspec.structs.replace(picture.status, mails=mails))
        case "run" | "settings" | "trouble":
            return replace(picture, needs_status=True)
        case _:
            return picture


def without_daemon(picture: Picture) -> Picture:
    """Return the picture when nobody answers."""
    return replace(picture, link=Link.NONE, needs_status=False)


def ended_run(event: Record) -> Run | None:
    """Return the run that an event says has ended."""
    if event.get("event") != "run":
        return None
    run = msgspec.convert(event["run"], Run)
    return run if run.state is not State.RUNNING else None


def _with_progress(picture: Picture, run: int, progress: Record) -> Picture:
    seen = picture.watched.get(run, Watched())
    done, sent = (int(progress.get(name, 0)) for name in ("bytes_done", "bytes_sent"))
    sample = Sample(float(progress.get("seconds_elapsed", 0)), done, sent)
    if seen.samples and sample.seconds < seen.samples[-1].seconds:  # another stage counts anew
        seen = replace(seen, samples=(sample,))
    elif not seen.samples or sample.seconds > seen.samples[-1].seconds:
        seen = replace(seen, samples=(*seen.samples, sample)[-KEPT_SAMPLES:])
    status = picture.status
    if status is not None:
        sets = tuple(_progressed(one, run, progress) for one in status.sets)
        status = msgspec.structs.replace(status, sets=sets)
    return replace(picture, status=status, watched={**picture.watched, run: seen})


def _progressed(one: SetStatus, run: int, progress: Record) -> SetStatus:
    if all(work.run.id != run for work in one.at_work):
        return one
    at_work = [msgspec.structs.replace(work, progress=dict(progress)) if work.run.id == run else work for work in one.at_work]
    return msgspec.structs.replace(one, at_work=tuple(at_work))
