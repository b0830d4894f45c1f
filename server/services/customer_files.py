"""Customers in and out as CSV: a file is taken in whole or not at all, and twice never."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.customer_sheet import Complaint, read_sheet, write_sheet
from server.domain.errors import RuleBroken
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.services.customers import likenesses, need_reseller, record_of, store_customer
from server.services.scope import Actor, hold


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a file."""

    lines: int
    """how many customers it names that are right by themselves"""
    created: int
    """all of them, or none"""
    complaints: tuple[Complaint, ...]
    """everything that is wrong, in the file's order"""


def need_import(actor: Actor) -> None:
    """Raise NotAllowed unless the actor may import customers."""
    actor.need(Right.MANAGE_PARTIES)
    need_reseller(actor)


def import_customers(actor: Actor, data: bytes, *, check_only: bool, now: datetime) -> ImportReport:
    """Create the customers of a CSV file below the actor's own party, a reseller: all of them, or none if a line is wrong.

    Args:
        actor: somebody of a reseller.
        data: the file.
        check_only: look at every line, and create nothing.
        now: when.

    Raises: NotAllowed; RuleBroken when it is no file of customers at all.
    """
    with database.atomic():
        need_import(actor)
        hold(actor.party_id)
        sheet = read_sheet(data)
        there = RuleBroken(N_("There is a customer of this name and address already."))
        customers = likenesses(actor.party_id)
        known = [Complaint(line, "", there) for line, record in sheet.records if record.likeness in customers]
        complaints = tuple(sorted((*sheet.complaints, *known), key=lambda one: one.line))
        if complaints or check_only:
            return ImportReport(len(sheet.records), 0, complaints)
        for _line, record in sheet.records:
            store_customer(actor, record, now=now)
        return ImportReport(len(sheet.records), len(sheet.records), ())


def customers_as_csv(actor: Actor, *, language: str) -> bytes:
    """Return the actor's customers, but for those that have ended, as a file that can be read again. Raises NotAllowed."""
    with database.atomic():
        actor.need(Right.MANAGE_CUSTOMERS)
        need_reseller(actor)
        own = (Party.parent == actor.party_id) & Party.ended_at.is_null()
        return write_sheet(map(record_of, Party.select().where(own).order_by(Party.legal_name, Party.id)), language=language)
