"""Turns the record of a run into mails for those who want to hear of it: at once, or in the summary of their day.

What waits for a summary lies in ``HOME/mail/daily/``, a file a run, until the day is over. Whoever is killed in the middle makes
the same summary again under the same key, so the queue holds it once.
"""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.mail.files import make_folder, sweep, write_whole
from gdp.mail.message import Mail, make_mail, pack_log
from gdp.mail.queue import MailQueue
from gdp.model.backup_set import Recipient
from gdp.model.run import RunRecord
from gdp.report.digest import Hears, decide, make_digest
from gdp.report.run_page import make_run_page

MOST_PROBLEMS = 100  # of a run, kept for a summary
_SUFFIX = ".run"


class Posted(msgspec.Struct, frozen=True):
    """What came of it."""

    queued: int
    failures: tuple[GdpError, ...] = ()
    """why somebody will not hear of it; the others do"""

    @property
    def is_kept(self) -> bool:
        """Whether nothing is lost: an address that is none stays so, while a disk may take later what it does not take now."""
        return all(isinstance(failure, BadInput) for failure in self.failures)


class _Kept(msgspec.Struct, frozen=True):
    """A run that waits for the end of its day."""

    record: RunRecord
    recipients: tuple[Recipient, ...]


class Post:
    """Reports of one installation.

    Args:
        home: its home folder.
        sender: who mails are from.
        language: of recipients that have none of their own; None: the system's.
        zone: of moments and days; None: that of this computer.
    """

    def __init__(self, home: Path, *, sender: str, language: str | None = None, zone: tzinfo | None = None) -> None:
        self.queue = MailQueue(home)
        self._daily = self.queue.folder / "daily"
        self._sender, self._language, self._zone = sender, language, zone

    def post_run(
        self,
        record: RunRecord,
        recipients: Sequence[Recipient],
        now: datetime,
        *,
        log: bytes | None = None,
        log_name: str = "gdp.log",
    ) -> Posted:
        """Queue the report of a run for those who hear of it at once, and keep it for the others' summary. Raises nothing.

        Posting the same run again, which whoever was killed has to do, changes nothing.
        """
        queued, failures = 0, []
        packed = pack_log(log)
        for_summary = tuple(one for one in recipients if decide(one.mode, record) is Hears.IN_SUMMARY)
        at_once = [one for one in recipients if decide(one.mode, record) is Hears.AT_ONCE]
        for place, one in enumerate(at_once):
            nth = sum(earlier.to == one.to for earlier in at_once[:place])  # the same address twice, in two languages perhaps
            try:
                mail = self._mail(record, one, now, packed, log_name)
                self.queue.add(mail, now, once=f"{_identity(record)} {one.to} {nth}")
                queued += 1
            except GdpError as error:
                failures.append(error)
        if for_summary:
            try:
                self._keep(record, for_summary)
            except OSError as error:
                failures.append(self._unkept(error))
        return Posted(queued, tuple(failures))

    def post_again(
        self,
        record: RunRecord,
        recipients: Sequence[Recipient],
        now: datetime,
        *,
        log: bytes | None = None,
        log_name: str = "gdp.log",
    ) -> list[str]:
        """Queue the report of a run for all of them, whatever they have had of it and want to hear. Returns the mails' ids.

        Raises GdpError, BadInput for an address that is none; nothing is queued then.
        """
        packed = pack_log(log)
        mails = [self._mail(record, one, now, packed, log_name) for one in recipients]
        return [self.queue.add(mail, now) for mail in mails]

    def post_summaries(self, now: datetime) -> Posted:
        """Queue the summaries of days that are over. Raises nothing."""
        try:
            kept = self._over(now)
        except OSError as error:
            return Posted(0, (self._unkept(error),))
        mails: dict[tuple[date, str, str | None], list[RunRecord]] = defaultdict(list)
        for run in kept.values():
            for one in run.recipients:
                mails[self._day(run.record.ended), one.to, self._language_of(one)].append(run.record)
        queued, failures = 0, []
        for (day, to, language), records in mails.items():
            try:
                page = make_digest(sorted(records, key=lambda record: record.ended), day, language=language, zone=self._zone)
                self.queue.add(make_mail(page, sender=self._sender, to=to, now=now), now, key=f"{day} {to} {language}")
                queued += 1
            except GdpError as error:
                failures.append(error)
        posted = Posted(queued, tuple(failures))
        if posted.is_kept:
            with contextlib.suppress(OSError):  # they are found again, and the queue knows the key
                for path in kept:
                    path.unlink(missing_ok=True)
        return posted

    def _mail(self, record: RunRecord, to: Recipient, now: datetime, log: bytes | None, log_name: str) -> Mail:
        page = make_run_page(record, language=self._language_of(to), zone=self._zone, has_log=log is not None)
        return make_mail(page, sender=self._sender, to=to.to, now=now, log=log, log_name=log_name)

    def _language_of(self, recipient: Recipient) -> str | None:
        return recipient.language or self._language

    def _day(self, moment: datetime) -> date:
        return moment.astimezone(self._zone).date()

    def _keep(self, record: RunRecord, recipients: tuple[Recipient, ...]) -> None:
        make_folder(self._daily)
        short = msgspec.structs.replace(record, problems=record.problems[:MOST_PROBLEMS], changes={})
        digits = hashlib.sha256(_identity(record).encode()).hexdigest()[:16]
        name = f"{self._day(record.ended):%Y%m%d}-{digits}{_SUFFIX}"  # what is told again of a day takes its own place
        if not (self._daily / name).exists():  # whoever tells it again knows less of it
            write_whole(self._daily / name, msgspec.json.encode(_Kept(short, recipients)))

    def _over(self, now: datetime) -> dict[Path, _Kept]:
        """Return the runs of days that are over. What cannot be read is left where it is."""
        found = {}
        sweep(self._daily)
        for path in sorted(self._daily.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(msgspec.DecodeError, FileNotFoundError):
                kept = msgspec.json.decode(path.read_bytes(), type=_Kept)
                if self._day(kept.record.ended) < self._day(now):
                    found[path] = kept
        return found

    def _unkept(self, error: OSError) -> GdpError:
        facts = {"path": str(error.filename or self._daily), "reason": error.strerror or str(error)}
        return GdpError(N_("the mail queue cannot be used: {path}: {reason}"), **facts)


def _identity(record: RunRecord) -> str:
    """Return what no other run of this installation has."""
    return f"{record.set_name} {record.kind} {record.began.astimezone(UTC):%Y%m%dT%H%M%S%f}"
