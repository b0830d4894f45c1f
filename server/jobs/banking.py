"""What happens by itself with the bank: debits are collected each day, files are laid out for the bank and read from it."""

import logging
from collections.abc import Callable
from datetime import datetime

from server.domain.errors import RuleBroken
from server.gateways.bank.folders import BankFolders
from server.gateways.files import FileStore
from server.language import ZONE, hint_of, sentence_of
from server.models.bank import BankFile
from server.services import collect, statements, work

_log = logging.getLogger("gdpac.bank")


def collect_daily(files: FileStore, *, now: datetime) -> None:
    """Announce and export for each creditor, once a day. One that cannot is told in the log, and keeps nobody else from it."""
    day = now.astimezone(ZONE).date()
    for creditor_id in collect.creditors():
        work.do_once(f"collect-{creditor_id}", str(day), _collecting(creditor_id, files, now), now=now)


def _collecting(creditor_id: int, files: FileStore, now: datetime) -> Callable[[], None]:
    def collecting() -> None:
        try:
            collect.collect(creditor_id, files, day=now.astimezone(ZONE).date(), now=now)
        except RuleBroken as error:
            _log.error("nothing is collected for party %d: %s %s", creditor_id, sentence_of(error), hint_of(error))

    return collecting


def exchange(folders: BankFolders, files: FileStore, *, now: datetime) -> None:
    """Lay out what was made for the bank, and read what it has sent."""
    for row in list(BankFile.select().where(~BankFile.laid_out).order_by(BankFile.id)):
        folders.lay_out(str(row.creditor_id), f"{row.message_id}.xml", files.get(row.file))
        BankFile.update(laid_out=True).where(BankFile.id == row.id).execute()
    for name, data in folders.incoming():
        try:
            statements.import_file(name, data, now=now)
        except RuleBroken as error:
            folders.refuse(name, f"{sentence_of(error)} {hint_of(error)}".strip())
        else:
            folders.done(name)
