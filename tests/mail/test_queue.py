"""No mail is lost: not by a server that is away, nor by a process that is killed between any two of its steps."""

import errno
import os
import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import BadInput, GdpError
from gdp.mail.failures import MailDelayed, MailRefused, ServerUnusable
from gdp.mail.message import Envelope, Mail
from gdp.mail.queue import PAUSES, Delivery, MailQueue
from gdp.model.run import error_of
from tests.mail.conftest import NOW

MOST_STEPS = 60


class Server:
    """Takes mails, or fails as it is told to."""

    def __init__(self) -> None:
        self.took: list[bytes] = []
        self.asked = 0
        self.failure: Exception | None = None

    def __call__(self, _envelope: Envelope, raw: bytes) -> None:
        self.asked += 1
        if self.failure is not None:
            raise self.failure
        self.took.append(raw)


@pytest.fixture
def queue(tmp_path: Path) -> MailQueue:
    """An empty one."""
    return MailQueue(tmp_path / "home")


@pytest.fixture
def server() -> Server:
    """One that takes everything."""
    return Server()


def at(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that stands."""
    return lambda: moment


def files(queue: MailQueue) -> set[str]:
    """Return what lies in the folder."""
    return {path.name for path in queue.folder.iterdir()} - {".lock"}


def test_a_mail_is_sent_once(queue: MailQueue, server: Server, mail: Mail) -> None:
    """And nothing is left of it."""
    queue.add(mail, NOW)

    assert queue.send_due(server, at(NOW)) == Delivery(sent=1)
    assert queue.send_due(server, at(NOW)) == Delivery()
    assert server.took == [mail.raw]
    assert files(queue) == set()


def test_an_empty_queue_makes_nothing(queue: MailQueue, server: Server) -> None:
    """Asking is free."""
    assert (queue.entries(), queue.next_due(NOW), queue.send_due(server, at(NOW))) == ([], None, Delivery())
    assert not queue.folder.exists()


def test_nobody_else_reads_the_mails(queue: MailQueue, mail: Mail) -> None:
    """They name files."""
    name = queue.add(mail, NOW)

    assert queue.folder.stat().st_mode & 0o777 == 0o700
    assert (queue.folder / f"{name}.mail").stat().st_mode & 0o777 == 0o600


def test_mails_go_in_order(queue: MailQueue, server: Server, mail: Mail) -> None:
    """The oldest first, whatever their names."""
    for number in (2, 0, 1):
        queue.add(Mail(mail.envelope, str(number), b"%d" % number), NOW + timedelta(seconds=number), key=str(number % 2 or ""))

    queue.send_due(server, at(NOW))

    assert server.took == [b"0", b"1", b"2"]


def test_pauses_grow_and_never_end(queue: MailQueue, server: Server, mail: Mail) -> None:
    """A server that is away for a week loses nothing."""
    queue.add(mail, NOW)
    server.failure = MailDelayed("full: {reason}", reason="452")
    moment, pauses = NOW, []
    for _attempt in range(len(PAUSES) + 2):
        assert queue.send_due(server, at(moment)) == Delivery(delayed=1)
        due = queue.next_due(moment)
        assert due is not None
        assert queue.send_due(server, at(due - timedelta(seconds=1))) == Delivery()
        pauses.append(due - moment)
        moment = due
    (entry,) = queue.entries()

    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert entry.state.failure is not None
    assert str(error_of(entry.state.failure)) == "full: 452"
    server.failure = None
    assert queue.send_due(server, at(moment)) == Delivery(sent=1)


def test_a_server_that_is_away_is_asked_once(queue: MailQueue, server: Server, mail: Mail) -> None:
    """A hundred mails must not each wait a minute for it; all have to wait now."""
    for _ in range(3):
        queue.add(mail, NOW)
    server.failure = ServerUnusable("away")

    assert queue.send_due(server, at(NOW)) == Delivery(delayed=3)
    assert server.asked == 1
    assert queue.next_due(NOW) == NOW + PAUSES[0]


def test_what_is_refused_for_good_is_kept_with_its_reason(queue: MailQueue, server: Server, mail: Mail) -> None:
    """Somebody has to hear of it; and may have it tried again."""
    queue.add(mail, NOW)
    server.failure = MailRefused("no such user")
    assert queue.send_due(server, at(NOW)) == Delivery(refused=1)
    (entry,) = queue.entries()

    assert entry.state.is_refused
    assert queue.next_due(NOW) is None
    assert queue.send_due(server, at(NOW + timedelta(days=9))) == Delivery()
    server.failure = None
    assert queue.send_due(server, at(NOW), ignores_pauses=True, with_refused=True) == Delivery(sent=1)


def test_one_bad_address_does_not_stop_the_others(queue: MailQueue, server: Server, mail: Mail) -> None:
    """Each mail has its own fate."""
    for _ in range(2):
        queue.add(mail, NOW)
    server.failure = MailRefused("no such user")
    queue.send_due(server, at(NOW))

    assert server.asked == 2


def test_a_key_is_sent_once(queue: MailQueue, mail: Mail) -> None:
    """A daemon that was killed adds the day's summary again."""
    assert queue.add(mail, NOW, key="2026-11-24 anne") == queue.add(mail, NOW, key="2026-11-24 anne")
    assert len(queue.entries()) == 1


def test_what_is_to_be_sent_once_is(queue: MailQueue, server: Server, mail: Mail) -> None:
    """Whoever was killed before he noted that it was added adds it again, perhaps when it is long gone. The mark is empty."""
    name = queue.add(mail, NOW, once="run 1 anne")
    queue.send_due(server, at(NOW))
    again = queue.add(mail, NOW, once="run 1 anne")
    queue.send_due(server, at(NOW), ignores_pauses=True)
    mark = queue.folder / f"{name}.sent"
    size = mark.stat().st_size
    os.utime(mark, (0, 0))
    queue.send_due(server, at(NOW))

    assert (name, server.took, size) == (again, [mail.raw], 0)
    assert files(queue) == set()


def test_what_was_given_up_may_come_again(queue: MailQueue, server: Server, mail: Mail) -> None:
    """Removed is not sent."""
    queue.remove(queue.add(mail, NOW, once="run 1 anne"))
    queue.add(mail, NOW, once="run 1 anne")

    assert queue.send_due(server, at(NOW)).sent == 1


def test_posting_once_and_kill_9(tmp_path: Path, mail: Mail) -> None:
    """Whoever is killed does all of it again: the mail goes out once, or twice where it was taken and that is not noted yet."""
    twice = []
    for step in range(1, MOST_STEPS):
        queue = MailQueue(tmp_path / str(step))
        taken = tmp_path / f"taken-{step}"

        def deliver(_envelope: Envelope, _raw: bytes, taken: Path = taken) -> None:
            with taken.open("ab") as file:
                file.write(b"x")

        def work(queue: MailQueue = queue, deliver: Any = deliver) -> None:
            queue.add(mail, NOW, once="run 1 anne")
            queue.send_due(deliver, at(NOW))

        ended = killed_at(step, work)
        was_noted = any(name.endswith(".sent") for name in files(queue)) if queue.folder.is_dir() else False
        was_taken = taken.exists()
        work()

        assert taken.read_bytes() == (b"xx" if was_taken and not was_noted else b"x")
        twice += [step] if taken.read_bytes() == b"xx" else []
        if ended:
            break
    assert 10 < step < MOST_STEPS - 1
    assert len(twice) < 4


def test_a_clock_that_was_wrong_delays_nothing_for_years(queue: MailQueue, server: Server, mail: Mail) -> None:
    """The computer thought it was 2036 for a moment."""
    queue.add(mail, NOW)
    server.failure = MailDelayed("busy")
    queue.send_due(server, at(NOW + timedelta(days=3650)))
    server.failure = None

    assert queue.next_due(NOW) == NOW
    assert queue.send_due(server, at(NOW)) == Delivery(sent=1)


def test_two_senders_send_once(queue: MailQueue, mail: Mail) -> None:
    """The daemon and 'gdp mail send'."""
    queue.add(mail, NOW)
    inner: list[Delivery] = []

    def deliver(envelope: Envelope, raw: bytes) -> None:
        inner.append(MailQueue(queue.folder.parent).send_due(deliver, at(NOW)))

    assert queue.send_due(deliver, at(NOW)) == Delivery(sent=1)
    assert inner == [Delivery(is_busy=True)]


def test_a_mail_can_be_forgotten(queue: MailQueue, mail: Mail) -> None:
    """Also while it is about to be sent."""
    first, second = queue.add(mail, NOW), queue.add(mail, NOW + timedelta(seconds=1))

    assert queue.send_due(lambda *_: queue.remove(second), at(NOW)).sent == 1
    with pytest.raises(BadInput):
        queue.remove(first)
    with pytest.raises(BadInput):
        queue.remove("../queue")
    assert files(queue) == set()


@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\n", b'{"envelope": 3}\nx'])
def test_a_damaged_file_stops_nothing(queue: MailQueue, server: Server, mail: Mail, damage: bytes) -> None:
    """It is left where it is."""
    queue.add(mail, NOW)
    (queue.folder / "zz.mail").write_bytes(damage)
    name = queue.add(mail, NOW)
    (queue.folder / f"{name}.state").write_bytes(damage)

    assert queue.send_due(server, at(NOW)) == Delivery(sent=2)
    assert files(queue) == {"zz.mail"}


def test_leftovers_are_swept(queue: MailQueue, server: Server, mail: Mail) -> None:
    """But not what somebody is writing now."""
    queue.add(mail, NOW)
    old, new = queue.folder / ".new-old", queue.folder / ".new-new"
    for path in (old, new, queue.folder / "gone.state"):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    queue.send_due(server, at(NOW))

    assert files(queue) == {".new-new"}


def test_a_full_disk_is_said(queue: MailQueue, mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing half written stays."""
    queue.add(mail, NOW)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GdpError, match="No space left"):
        queue.add(mail, NOW)

    assert len(files(queue)) == 1


def killed_at(step: int, work: Callable[[], None]) -> bool:
    """Run something in a child that is killed by SIGKILL before its n-th step on the disk. Returns whether it came to its end."""
    child = os.fork()
    if child == 0:
        left = step

        def counting(real: Callable[..., Any]) -> Callable[..., Any]:
            def step_or_die(*arguments: Any, **options: Any) -> Any:
                nonlocal left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*arguments, **options)

            return step_or_die

        for name in ("open", "fsync", "replace", "unlink", "mkdir", "close", "write"):
            setattr(os, name, counting(getattr(os, name)))
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == 0
    return not os.WIFSIGNALED(status)


def test_adding_and_kill_9(tmp_path: Path, mail: Mail) -> None:
    """Whoever was told that it is safe finds it whole; else it is whole, or not there."""
    for step in range(1, MOST_STEPS):
        queue = MailQueue(tmp_path / str(step))
        told = tmp_path / f"told-{step}"

        def work(queue: MailQueue = queue, told: Path = told) -> None:
            queue.add(mail, NOW)
            told.touch()

        ended = killed_at(step, work)
        server = Server()
        sent = queue.send_due(server, at(NOW)).sent

        assert server.took == [mail.raw] * sent
        assert sent == 1 or not told.exists()
        if ended:
            break
    assert 5 < step < MOST_STEPS - 1


@pytest.mark.parametrize("failure", [None, MailDelayed("busy"), MailRefused("no")])
def test_sending_and_kill_9(tmp_path: Path, mail: Mail, failure: Exception | None) -> None:
    """A mail is in the queue until the server has it, also when the server does not want it yet."""
    for step in range(1, MOST_STEPS):
        queue = MailQueue(tmp_path / str(step))
        queue.add(mail, NOW)
        taken = tmp_path / f"taken-{step}"

        def deliver(_envelope: Envelope, raw: bytes, taken: Path = taken) -> None:
            if failure is not None:
                raise failure
            taken.write_bytes(raw)

        ended = killed_at(step, lambda queue=queue, deliver=deliver: queue.send_due(deliver, at(NOW)) and None)  # type: ignore[misc]
        waiting = queue.entries()

        assert len(waiting) == 1 or (taken.exists() and taken.read_bytes() == mail.raw)
        server = Server()
        assert queue.send_due(server, at(NOW + timedelta(days=1)), ignores_pauses=True, with_refused=True).sent == len(waiting)
        assert server.took == [mail.raw] * len(waiting)
        assert {name for name in files(queue) if not name.startswith(".new-")} == set()
        if ended:
            break
    assert 3 < step < MOST_STEPS - 1
