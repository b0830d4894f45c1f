"""Sends mails that wait and does the daily chores, until it is told to stop. Any number of runners may be at work."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from peewee import PeeweeException

from server.gateways.bank.folders import BankFolders
from server.gateways.files import FileStore
from server.gateways.mail import PostOffice
from server.gateways.paypal.client import PayPal
from server.jobs import banking
from server.language import ZONE
from server.models.database import connected
from server.services import invoice_files, mails, order_expiry, tidying, work
from server.services.paypal_orders import Now
from server.services.paypal_work import work_off

PAUSE_SECONDS = 5.0  # between two looks
PAUSE_AFTER_ERROR_SECONDS = 30.0
_log = logging.getLogger("gdpac.jobs")


class Runner:
    """Looks for work again and again."""

    def __init__(
        self,
        office: PostOffice,
        files: FileStore,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        paypal: PayPal | None = None,
        folders: BankFolders | None = None,
    ) -> None:
        self._office = office
        self._files = files
        self._paypal = paypal
        self._clock = clock
        self._folders = folders

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; a mail that is being handed over is still noted. A database that is away is waited for."""
        while not stop.is_set():
            try:
                pause = 0.0 if self.work_once(stop) else PAUSE_SECONDS
            except PeeweeException as error:
                _log.error("the database failed, the work goes on in %d s: %s", PAUSE_AFTER_ERROR_SECONDS, error)
                pause = PAUSE_AFTER_ERROR_SECONDS
            except Exception:  # noqa: BLE001 goes to the log; a chore that fails must not end the mails, and is tried again
                _log.exception("a job failed, the work goes on in %d s", PAUSE_AFTER_ERROR_SECONDS)
                pause = PAUSE_AFTER_ERROR_SECONDS
            stop.wait(pause)

    def work_once(self, stop: threading.Event | None = None) -> bool:
        """Do what is due now. Return whether there was a mail, so that there may be another."""
        with connected():
            now = self._clock()
            today = now.astimezone(ZONE).date()
            work.do_once("tidy", str(today), lambda: tidying.tidy(now=now), now=now)
            work.do_once("orders", str(today), lambda: order_expiry.daily(today=today, now=now), now=now)
            banking.collect_daily(self._files, now=now)
            if self._folders is not None:
                banking.exchange(self._folders, self._files, now=now)
            found = invoice_files.draw_some(self._files, now=now)
            while (stop is None or not stop.is_set()) and mails.send_next(self._office, now=self._clock()):
                found = True
            if self._paypal is not None and (stop is None or not stop.is_set()):
                work_off(self._paypal, at=Now(now, now.astimezone(ZONE).date()))
            return found
