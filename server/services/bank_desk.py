"""A creditor's desk for its bank: files that go out, files that come in, bookings that nothing could be decided about."""

from dataclasses import dataclass
from datetime import date, datetime

from server.domain.errors import NotAllowed, NotFound
from server.domain.mandate import Scheme
from server.domain.matching import Why
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.files import FileStore
from server.models.bank import BankFile, QueuedBooking, QueuedPart
from server.services import statements
from server.services.paging import Page, cut
from server.services.scope import Actor
from server.services.statements import Imported


@dataclass(frozen=True, slots=True)
class FileOut:
    """A file of direct debits."""

    id: int
    message_id: str
    scheme: Scheme
    count: int
    cents: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Undecided:
    """A booking, or a part of one, that a person has to look at."""

    id: int
    booked: date
    signed_cents: int
    why: Why


def files_out(actor: Actor, *, page: int = 1) -> Page[FileOut]:
    """Return the files that were made for the actor's bank, the newest first. Raises NotAllowed."""
    _need_creditor(actor)
    query = BankFile.select().where(BankFile.creditor == actor.party_id).order_by(BankFile.id.desc())
    return cut(query, _file_out, page=page)


def file_bytes(actor: Actor, file_id: int, files: FileStore) -> tuple[str, bytes]:
    """Return the name and the bytes of a file, as it was made. Raises NotFound, NotAllowed."""
    actor.need(Right.MANAGE_MONEY)
    row = BankFile.get_or_none((BankFile.id == file_id) & (BankFile.creditor == actor.party_id))
    if row is None:
        raise NotFound(N_("There is no such file."))
    return f"{row.message_id}.xml", files.get(row.file)


def take_in(actor: Actor, name: str, data: bytes, *, now: datetime) -> Imported:
    """Carry out what a file from the actor's bank says; one that came before changes nothing. Raises NotAllowed, RuleBroken."""
    actor.need(Right.MANAGE_MONEY)
    return statements.import_file(name, data, creditor_id=actor.party_id, now=now)


def undecided(actor: Actor, *, most: int = 50) -> tuple[Undecided, ...]:
    """Return the bookings that nothing could be decided about, the oldest first. Raises NotAllowed."""
    _need_creditor(actor)
    mine = QueuedBooking.creditor == actor.party_id
    rows = QueuedPart.select(QueuedPart, QueuedBooking).join(QueuedBooking).where(mine)
    ordered = rows.order_by(QueuedBooking.booked, QueuedPart.id).limit(most)
    return tuple(Undecided(row.id, row.booking.booked, row.cents, Why(row.why)) for row in ordered)


def _need_creditor(actor: Actor) -> None:
    actor.need(Right.SEE_MONEY)
    if actor.kind is PartyKind.CUSTOMER:
        raise NotAllowed(N_("Only who sells has something to collect."))


def _file_out(row: BankFile) -> FileOut:
    return FileOut(row.id, row.message_id, row.scheme, row.count, row.cents, row.created_at)
