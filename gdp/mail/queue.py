"""Mails that wait on the disk until a mail server has taken them, so that a server that is away loses no report.

=============  =======================================================================================================
file           holds
=============  =======================================================================================================
``ID.mail``    one line of JSON (``Header``), then the message; written once
``ID.state``   JSON (``State``): how often it was tried, why in vain, when again; missing before the first attempt
``ID.sent``    empty: a mail to be sent once that was, so that whoever was killed does not have it sent again
``.lock``      held by the one process that sends
=============  =======================================================================================================

Every file takes its name once it is safe on the disk, and a mail is removed once the server has it. Whoever is killed between
the two sends it once more, under the same Message-ID. A mail that the server refuses for good stays, and says why.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.mail.failures import MailDelayed, MailRefused, ServerUnusable
from gdp.mail.files import make_folder, sweep, sync_folder, write_whole
from gdp.mail.message import Envelope, Mail
from gdp.model.run import Saying, saying_of

PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180, 360))
"""before each further attempt; the last one for ever"""
_MAIL, _STATE, _SENT = ".mail", ".state", ".sent"
_ONCE = "once-"  # how the ids of such mails begin
_MARK_AGE_SECONDS = 30 * 86400.0  # no program needs longer to note that its mail was added
Deliver = Callable[[Envelope, bytes], None]
"""sends a mail, or raises one of ``failures``"""


class Header(msgspec.Struct, frozen=True):
    """What is known of a mail without looking into it."""

    envelope: Envelope
    subject: str
    made: datetime


class State(msgspec.Struct, frozen=True):
    """How a mail stands."""

    attempts: int = 0
    next_try: datetime | None = None
    """None: at once"""
    failure: Saying | None = None
    """why it was not sent the last time"""
    is_refused: bool = False
    """it is not tried again by itself"""


class Entry(msgspec.Struct, frozen=True):
    """A mail in the queue."""

    id: str
    header: Header
    state: State


class Delivery(msgspec.Struct, frozen=True):
    """What one round of sending came to."""

    sent: int = 0
    delayed: int = 0
    refused: int = 0
    is_busy: bool = False
    """another process is sending, so nothing was tried"""


class MailQueue:
    """The queue below a home folder. Any number of processes may add; one at a time sends. Every method may raise GdpError."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "mail"

    def add(self, mail: Mail, now: datetime, *, key: str = "", once: str = "") -> str:
        """Keep a mail, and return its id once it is safe.

        Args:
            mail: what is to be sent.
            now: aware.
            key: two mails of one key that wait are one.
            once: two mails of one such key are one, for a month after it was sent; for whoever does not know whether he added it.
        """
        name = f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(8)}"
        if key or once:
            name = ("key-" if key else _ONCE) + hashlib.sha256((key or once).encode()).hexdigest()[:16]
        header = Header(mail.envelope, mail.subject, now)
        with self._speaking_of_disk():
            make_folder(self.folder)
            if not any((self.folder / f"{name}{suffix}").exists() for suffix in (_MAIL, _SENT)):
                write_whole(self.folder / f"{name}{_MAIL}", msgspec.json.encode(header) + b"\n" + mail.raw)
        return name

    def entries(self) -> list[Entry]:
        """Return every mail, the oldest first. A file that cannot be read is left out, and left where it is."""
        found = []
        with self._speaking_of_disk():
            names = [path.stem for path in self.folder.glob(f"*{_MAIL}")] if self.folder.is_dir() else []
            for name in names:
                with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):  # sent meanwhile; damaged
                    found.append(self._entry(name))
        return sorted(found, key=lambda entry: (entry.header.made, entry.id))

    def next_due(self, now: datetime) -> datetime | None:
        """Return when to send next; None when nothing waits."""
        waiting = [entry.state for entry in self.entries() if not entry.state.is_refused]
        return min((now if _is_due(state, now) else state.next_try or now for state in waiting), default=None)

    def remove(self, name: str) -> None:
        """Forget a mail. Raises BadInput when there is none of that id."""
        if name not in {entry.id for entry in self.entries()}:
            raise BadInput(N_("there is no mail {name!r} in the queue"), N_("'gdp mail queue' lists them."), name=name)
        with self._speaking_of_disk():
            self._forget(name)

    def send_due(
        self, deliver: Deliver, clock: Callable[[], datetime], *, ignores_pauses: bool = False, with_refused: bool = False
    ) -> Delivery:
        """Send what is due.

        Args:
            deliver: how.
            clock: the time now, aware.
            ignores_pauses: also what failed lately.
            with_refused: also what was refused for good.
        """
        with self._speaking_of_disk():
            if not self.folder.is_dir():
                return Delivery()
            with self._only_sender() as is_alone:
                if not is_alone:
                    return Delivery(is_busy=True)
                self._sweep()
                now = clock()
                chosen = [
                    entry
                    for entry in self.entries()
                    if (with_refused if entry.state.is_refused else ignores_pauses or _is_due(entry.state, now))
                ]
                return self._send(chosen, deliver, clock)

    def _send(self, chosen: list[Entry], deliver: Deliver, clock: Callable[[], datetime]) -> Delivery:
        sent = delayed = refused = 0
        unusable: ServerUnusable | None = None
        for entry in chosen:
            try:
                if unusable is not None:
                    raise unusable
                deliver(entry.header.envelope, self._raw(entry.id))
            except FileNotFoundError:
                continue  # it was removed meanwhile
            except MailRefused as error:
                refused += 1
                self._note(entry, error, clock(), is_refused=True)
            except MailDelayed as error:
                delayed += 1
                self._note(entry, error, clock(), is_refused=False)
                if isinstance(error, ServerUnusable):
                    unusable = error
            else:
                sent += 1
                self._done(entry.id)
        return Delivery(sent, delayed, refused)

    def _note(self, entry: Entry, error: GdpError, now: datetime, *, is_refused: bool) -> None:
        attempts = entry.state.attempts + 1
        pause = PAUSES[min(attempts, len(PAUSES)) - 1]
        state = State(attempts, None if is_refused else now + pause, saying_of(error), is_refused)
        write_whole(self.folder / f"{entry.id}{_STATE}", msgspec.json.encode(state))

    def _entry(self, name: str) -> Entry:
        with (self.folder / f"{name}{_MAIL}").open("rb") as stream:
            header = msgspec.json.decode(stream.readline(), type=Header)
        state = State()
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError):  # never tried; damaged, so it is tried at once
            state = msgspec.json.decode((self.folder / f"{name}{_STATE}").read_bytes(), type=State)
        return Entry(name, header, state)

    def _raw(self, name: str) -> bytes:
        return (self.folder / f"{name}{_MAIL}").read_bytes().partition(b"\n")[2]

    def _forget(self, name: str) -> None:
        """Remove the mail first: a state without a mail is nothing, a mail without its state would be tried at once."""
        (self.folder / f"{name}{_MAIL}").unlink(missing_ok=True)
        sync_folder(self.folder)
        (self.folder / f"{name}{_STATE}").unlink(missing_ok=True)

    def _done(self, name: str) -> None:
        """Remove a mail that was sent; of one to be sent once the mark stays, which is made of it in one step."""
        if name.startswith(_ONCE):
            mark = self.folder / f"{name}{_SENT}"
            with contextlib.suppress(FileNotFoundError):  # somebody has removed it meanwhile
                os.replace(self.folder / f"{name}{_MAIL}", mark)
                os.truncate(mark, 0)
        self._forget(name)

    def _sweep(self) -> None:
        """Remove what killed writers left, temporary files and states of mails that are gone, and marks that are old."""
        sweep(self.folder)
        for path in self.folder.glob(f"*{_SENT}"):
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _MARK_AGE_SECONDS:
                    path.unlink()
        for path in self.folder.glob(f"*{_STATE}"):
            if not path.with_suffix(_MAIL).exists():
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _only_sender(self) -> Iterator[bool]:
        lock = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(lock)

    @contextlib.contextmanager
    def _speaking_of_disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            facts = {"path": str(error.filename or self.folder), "reason": error.strerror or str(error)}
            raise GdpError(N_("the mail queue cannot be used: {path}: {reason}"), **facts) from error


def _is_due(state: State, now: datetime) -> bool:
    if state.is_refused:
        return False
    return state.next_try is None or not now < state.next_try <= now + PAUSES[-1]  # later than that: the clock was wrong then
