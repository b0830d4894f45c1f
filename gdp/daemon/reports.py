"""Reports of the daemon's runs by mail: one thread makes, queues and sends them, since a mail server may be slow.

A run is told again whenever a daemon begins, as far as it is of the last day: the post knows what it has told already, and
so nobody's kill loses a report. When a day is over, a set that was due and did not run is told to those who get summaries.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import msgspec

from gdp.core.errors import GdpError
from gdp.daemon.diary_file import DiaryFile
from gdp.daemon.journal import Journal
from gdp.daemon.journal_file import JournalError
from gdp.daemon.record import Background, background_of, is_told, log_to_attach, make_record, record_of_silence
from gdp.daemon.settings import LiveSettings
from gdp.daemon.silence import Silence, why_silent
from gdp.mail import smtp
from gdp.mail.backlog import mail_backlog
from gdp.mail.post import Post, Posted
from gdp.mail.queue import MailQueue
from gdp.mail.server import configured_server, sender_of
from gdp.model.backup_set import BackupSet, ReportMode
from gdp.model.configuration import Configuration
from gdp.model.events import Emit, Problem
from gdp.model.run import error_of
from gdp.model.runs import Facts, Kind, Run
from gdp.model.service import MailBacklog
from gdp.model.timing.local import day_of
from gdp.settings.configuration import ConfigurationFile

DIARY = "state/diary.json"
TOLD_AGAIN = timedelta(days=1)
MOST_OF_A_DAY = 1500  # backups of a set and more
END_SECONDS = 5.0  # for the report of a run that ended with the daemon; else the next one tells it

Action = Callable[[Configuration], None]
"""raises GdpError when it could not be done"""


class Task(msgspec.Struct, frozen=True):
    """What the thread has to do."""

    do: Action
    is_lasting: bool = False
    """it is tried until it is done; else whatever comes later makes up for it"""


class Reports:
    """The reports of one home folder. One thread calls all methods.

    Args:
        settings: who hears of a set's runs; asked when a run has ended.
        journal: open, and read by the calling thread only.
        emit: is told what keeps somebody from hearing; called by a thread of its own.
        tell_backlog: is told which mails did not get out whenever that has changed; called by that thread too.
    """

    def __init__(
        self,
        home: Path,
        settings: LiveSettings,
        journal: Journal,
        clock: Callable[[], datetime],
        *,
        emit: Emit,
        tell_backlog: Callable[[MailBacklog], None],
    ) -> None:
        self._home, self._settings, self._journal, self._clock, self._emit = home, settings, journal, clock, emit
        self._diary = DiaryFile(home / DIARY)
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._complaint: GdpError | None = None
        self._late: list[Task] = []
        """what could not be done yet"""
        self._tell_backlog = tell_backlog
        self._backlog_told = MailBacklog()
        self._thread = threading.Thread(target=self._work, name="reports", daemon=True)
        self._thread.start()

    def run_ended(self, run: Run, next_run: datetime | None = None) -> None:
        """Have a run told to the recipients of its set."""
        one = self._settings.sets.get(run.set_name)
        if one is None or not one.report:
            return
        background = Background(next_run=next_run)
        with suppress(JournalError):  # told with less rather than not at all
            background = background_of(run, self._journal, one, self._settings.sets.values(), next_run=next_run)
        if background.trouble is not None or is_told(run):
            self._tasks.put(Task(partial(self._post, run, one, background), is_lasting=True))

    def tell_again(self, runs: list[Run], next_backup: Callable[[str], datetime | None]) -> None:
        """Have runs of the last day told that may not have been.

        Args:
            runs: newest first.
            next_backup: says when a set is backed up next.
        """
        for run in reversed(runs):
            if run.ended is not None and run.ended > self._clock() - TOLD_AGAIN:
                self.run_ended(run, next_backup(run.set_name))

    def backlog(self) -> MailBacklog:
        """Return which mails the mail server has not taken, as the disk has it now. Any thread may ask."""
        try:
            entries = MailQueue(self._home).entries()
        except GdpError:  # said when a mail was to be added
            return MailBacklog()
        return mail_backlog(entries, self._clock(), self._complaint)

    def deliver(self) -> None:
        """Note that the daemon lives, have summaries of days that are over made, and send what waits."""
        yesterday = day_of(self._clock(), self._settings.zone) - timedelta(days=1)
        silences: Sequence[Silence] | None = None
        with suppress(JournalError):  # the next look tries again
            diary = self._diary.note(self._clock(), is_paused=self._journal.is_paused)
            if diary.told is None or diary.told < yesterday:
                silences = self._silences(yesterday)
        self._tasks.put(Task(partial(self._make_summaries, yesterday, silences)))

    def close(self) -> None:
        """Finish what is begun, for a moment."""
        self._tasks.put(None)
        self._thread.join(END_SECONDS)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            self._do(task)
            if (backlog := self.backlog()) != self._backlog_told:
                self._backlog_told = backlog
                self._tell_backlog(backlog)

    def _do(self, task: Task) -> None:
        """Do what could not be done before, then this, and send what waits."""
        late, self._late = self._late, []
        for one in (*late, task):
            if not self._could_be_done(one.do) and one.is_lasting:
                self._late.append(one)
        self._could_be_done(self._send)

    def _could_be_done(self, do: Action) -> bool:
        try:
            do(ConfigurationFile(self._home).read())
        except GdpError as error:
            self._complain(error)
            return False
        return True

    def _silences(self, day: date) -> list[Silence]:
        """Return which sets did not run on a day, of those of which somebody gets a summary. Raises JournalError."""
        facts, found = self._journal.facts(), []
        for one in self._settings.sets.values():
            if any(recipient.mode is ReportMode.DAILY for recipient in one.report):
                since = facts.get((one.name, Kind.BACKUP), Facts()).served_until
                runs = self._journal.runs(most=MOST_OF_A_DAY, set_name=one.name, kind=Kind.BACKUP)
                silence = why_silent(one, day, runs, since, self._diary.diary, self._settings.zone)
                found += [silence] if silence is not None else []
        return found

    def _post(self, run: Run, one: BackupSet, background: Background, configuration: Configuration) -> None:
        log = self._home / run.log if run.log else self._home / "no log"
        record = make_record(run, log, host=one.snapshot.host, background=background)
        name = f"{run.set_name}-{run.id}.log"
        self._take(self._box(configuration).post_run(record, one.report, self._clock(), log=log_to_attach(log), log_name=name))

    def _make_summaries(self, yesterday: date, silences: Sequence[Silence] | None, configuration: Configuration) -> None:
        box = self._box(configuration)
        for silence in silences or ():
            daily = [recipient for recipient in silence.one.report if recipient.mode is ReportMode.DAILY]
            self._take(box.post_run(record_of_silence(silence), daily, self._clock()))
        if silences is not None:
            self._diary.note_told(yesterday)
        self._take(box.post_summaries(self._clock()))

    def _box(self, configuration: Configuration) -> Post:
        return Post(self._home, sender=sender_of(configuration.mail), language=configuration.language)

    def _send(self, configuration: Configuration) -> None:
        box = self._box(configuration)
        due = box.queue.next_due(self._clock())
        if due is None or due > self._clock():
            return
        delivery = box.queue.send_due(partial(smtp.send, configured_server(configuration.mail)), self._clock)
        if delivery.delayed or delivery.refused:
            for failure in [entry.state.failure for entry in box.queue.entries() if entry.state.failure][-1:]:
                self._complain(error_of(failure))
        elif delivery.sent:
            self._complaint = None

    def _take(self, posted: Posted) -> None:
        """Say who will not hear of something. Raises GdpError where that may be mended."""
        for failure in posted.failures:
            self._complain(failure)
        if not posted.is_kept:
            raise posted.failures[-1]

    def _complain(self, error: GdpError) -> None:
        if self._complaint is None or str(error) != str(self._complaint):  # once, not once a minute
            self._complaint = error
            self._emit(Problem(error.template, error.facts, hint=error.hint_template))
