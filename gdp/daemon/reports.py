"""Reports of the daemon's runs by mail: one thread makes, queues and sends them, since a mail server may be slow.

A run is told again whenever a daemon begins, as far as it is of the last day: the post knows what it has told already, and
so nobody's kill loses a report.
"""

import queue
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.daemon.record import AllFacts, is_told, log_to_attach, make_record, proofs_of
from gdp.mail import smtp
from gdp.mail.post import Post, Posted
from gdp.mail.server import configured_server, sender_of
from gdp.model.backup_set import BackupSet
from gdp.model.configuration import Configuration
from gdp.model.events import Emit, Problem
from gdp.model.run import Proven
from gdp.model.runs import Run
from gdp.settings.configuration import ConfigurationFile

TOLD_AGAIN = timedelta(days=1)
END_SECONDS = 5.0  # for the report of a run that ended with the daemon; else the next one tells it

Task = Callable[[Configuration], None]


class Reports:
    """The reports of one home folder.

    Args:
        sets: who hears of a set's runs; asked when a run has ended.
        emit: is told what keeps somebody from hearing; called by a thread of its own.
    """

    def __init__(
        self, home: Path, sets: Callable[[], Mapping[str, BackupSet]], clock: Callable[[], datetime], emit: Emit
    ) -> None:
        self._home, self._sets, self._clock, self._emit = home, sets, clock, emit
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._complaint = ""
        self._thread = threading.Thread(target=self._work, name="reports", daemon=True)
        self._thread.start()

    def run_ended(self, run: Run, facts: AllFacts, next_run: datetime | None = None) -> None:
        """Have a run told to the recipients of its set."""
        one = self._sets().get(run.set_name)
        if one is not None and one.report and is_told(run):
            proofs = proofs_of(facts, one, self._sets().values())
            self._tasks.put(lambda configuration: self._post(run, one, configuration, next_run=next_run, proofs=proofs))

    def tell_again(self, runs: list[Run], facts: AllFacts) -> None:
        """Have runs of the last day told that may not have been."""
        for run in runs:
            if run.ended is not None and run.ended > self._clock() - TOLD_AGAIN:
                self.run_ended(run, facts)

    def deliver(self) -> None:
        """Have summaries of days that are over made, and send what waits."""
        self._tasks.put(self._deliver)

    def close(self) -> None:
        """Finish what is begun, for a moment."""
        self._tasks.put(None)
        self._thread.join(END_SECONDS)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task(ConfigurationFile(self._home).read())
            except GdpError as error:
                self._complain(error)

    def _post(
        self, run: Run, one: BackupSet, configuration: Configuration, *, next_run: datetime | None, proofs: tuple[Proven, ...]
    ) -> None:
        log = self._home / run.log if run.log else self._home / "no log"
        record = make_record(run, log, host=one.snapshot.host, next_run=next_run, proofs=proofs)
        name = f"{run.set_name}-{run.id}.log"
        self._take(self._box(configuration).post_run(record, one.report, self._clock(), log=log_to_attach(log), log_name=name))
        self._send(configuration)

    def _deliver(self, configuration: Configuration) -> None:
        self._take(self._box(configuration).post_summaries(self._clock()))
        self._send(configuration)

    def _box(self, configuration: Configuration) -> Post:
        return Post(self._home, sender=sender_of(configuration.mail), language=configuration.language)

    def _send(self, configuration: Configuration) -> None:
        box = self._box(configuration)
        due = box.queue.next_due(self._clock())
        if due is not None and due <= self._clock():
            box.queue.send_due(partial(smtp.send, configured_server(configuration.mail)), self._clock)

    def _take(self, posted: Posted) -> None:
        for failure in posted.failures:
            self._complain(failure)

    def _complain(self, error: GdpError) -> None:
        if str(error) != self._complaint:  # once, not once a minute
            self._complaint = str(error)
            self._emit(Problem(error.template, error.facts, hint=error.hint_template))
