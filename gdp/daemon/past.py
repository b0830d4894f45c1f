"""Runs that are over, as their reports tell them: read from the journal and the logs, whether a daemon is at work or not."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, tzinfo
from pathlib import Path

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.daemon.journal import Journal, read_journal
from gdp.daemon.record import background_of, is_told, log_to_attach, make_record
from gdp.daemon.service import JOURNAL
from gdp.jobs.agenda import Situation, look
from gdp.model.backup_set import BackupSet
from gdp.model.run import RunRecord
from gdp.model.runs import Facts, Kind, Run, State
from gdp.settings.sets import SetFiles
from gdp.settings.zone import local_zone

LATEST = "latest"
_MOST_LOOKED_AT = 100  # backups of a set, for the newest that was begun
_MOST_LISTED = 1000  # for 'latest'
_LISTED = N_("Say its number, as 'gdp report list' shows it, or 'latest'.")


class PastRuns:
    """The runs of one home folder."""

    def __init__(self, home: Path, journal: Journal) -> None:
        self._home, self._journal = home, journal

    def newest(self, most: int, set_name: str | None = None) -> list[Run]:
        """Return the newest runs, the oldest of them first."""
        return self._journal.runs(most=most, set_name=set_name)[::-1]

    def find(self, which: str, set_name: str | None = None) -> Run:
        """Return a run that is over.

        Args:
            which: its number, or ``latest``: the newest that recipients would hear of.
            set_name: the run is one of this set.

        Raises:
            BadInput: there is none, or it is still at work.
        """
        if which == LATEST:
            return self._latest(set_name)
        run = self._journal.run(int(which)) if which.isascii() and which.isdigit() and len(which) < 19 else None
        if run is None or set_name not in {None, run.set_name}:
            raise BadInput(N_("there is no run {run!r}"), _LISTED, run=which)
        if run.state is State.RUNNING:
            raise BadInput(N_("run {number} is not over yet"), N_("'gdp status' shows how far it is."), number=run.id)
        return run

    def record(self, run: Run) -> RunRecord:
        """Return what its report is made from. Raises GdpError when its log is gone."""
        log = self.log_file(run)
        if run.exit_code is not None and not log.exists():
            hint = N_("Logs are kept for 90 days. 'gdp report list' shows what the journal knows of the run.")
            raise GdpError(N_("the log of run {number} is gone: {path}"), hint, number=run.id, path=log)
        one = self.set_of(run)
        backups = self._journal.runs(most=_MOST_LOOKED_AT, set_name=run.set_name, kind=Kind.BACKUP, before=run.id + 1)
        backup = next((other for other in backups if other.attempt), None)
        next_run = next_backup(run, one, backup, local_zone()) if one else None
        background = background_of(run, self._journal, one, self._sets(), next_run=next_run)
        return make_record(run, log, host=one.snapshot.host if one else None, background=background)

    def log(self, run: Run) -> bytes | None:
        """Return what is attached to its report."""
        return log_to_attach(self.log_file(run))

    def log_file(self, run: Run) -> Path:
        """Return where its log is, if it has one."""
        return self._home / (run.log or "no log")

    def set_of(self, run: Run) -> BackupSet | None:
        """Return its set as it is now; None when it is gone, or its file is wrong."""
        try:
            return SetFiles(self._home).read(run.set_name)
        except GdpError:
            return None

    def _sets(self) -> list[BackupSet]:
        """Return all sets whose files are right."""
        files, found = SetFiles(self._home), []
        with suppress(GdpError):
            for name in files.names():
                with suppress(GdpError):
                    found.append(files.read(name))
        return found

    def _latest(self, set_name: str | None) -> Run:
        found = next(filter(is_told, self._journal.runs(most=_MOST_LISTED, set_name=set_name)), None)
        if found is None:
            raise BadInput(N_("there is no run to report yet"), N_("'gdp run SET' makes one, where the daemon is at work."))
        return found


@contextmanager
def past_runs(home: Path) -> Iterator[PastRuns]:
    """Read the journal while the block runs. Raises JournalError, BadInput when there is none."""
    path = home / JOURNAL
    if not path.exists():
        raise BadInput(N_("the daemon has made no run yet"), N_("'gdp daemon' runs the sets as they are due."))
    journal = read_journal(path)
    try:
        yield PastRuns(home, journal)
    finally:
        journal.close()


def next_backup(run: Run, one: BackupSet, backup: Run | None, zone: tzinfo) -> datetime | None:
    """Return when the set was to be backed up next as a run ended, by what it says now.

    Args:
        run: the run that ended.
        backup: the newest backup at that time, which may be the run itself.
    """
    if run.ended is None or backup is None or backup.ended is None:
        return None
    facts = {(one.name, Kind.BACKUP): Facts(served_until=max(backup.due, run.due), last=backup)}
    return look(Situation(now=run.ended, zone=zone, sets=[one], facts=facts)).next_backup(one.name)
