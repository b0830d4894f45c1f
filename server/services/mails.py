"""Mails: queued in the transaction of what they tell of, sent later, each once; retried with growing pauses.

Who sends a mail claims it first: the row's next moment is moved on, in a transaction of its own. Two at once never claim the
same. Whoever is killed between handing a mail over and noting it leaves it claimed: after the pause it is handed over again, for
nobody can know whether the mail server took it. The second copy has the same Message-ID, by which mail programs know it; an
outbox folder has one file for both.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from server.documents.mail import as_page, signed_by
from server.domain.errors import NotFound
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.mail import Letter, MailDelayed, MailRefused, PostOffice
from server.language import hint_of, sentence_of, speaking
from server.models.base import database
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.models.people import Membership, User
from server.services.brand import NO_HOUSE, House, house_above
from server.services.paging import Page, cut
from server.services.scope import Actor

CLAIM = timedelta(minutes=10)  # longer than an attempt can take
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 240, 720, 720, 1440, 1440))
"""after each attempt that failed; after the last one, nobody tries again"""


@dataclass(frozen=True, slots=True)
class MailRow:
    """A mail in a list, or whole."""

    id: int
    to: str
    subject: str
    text: str
    """empty where it was sent and may hold a link that opens a door"""
    created_at: datetime
    sent_at: datetime | None
    gave_up_at: datetime | None
    attempts: int
    last_error: str


def queue(
    *,
    to: str,
    subject: str,
    text: str,
    language: str,
    now: datetime,
    party_id: int | None = None,
    reader_id: int | None = None,
) -> None:
    """Let a mail be sent, as text and as a page. To be called inside the transaction of what it tells of.

    Args:
        to: the address.
        subject: one line.
        text: paragraphs with empty lines between them; see documents/mail.py.
        language: in which it is written.
        now: when.
        party_id: whom it is about.
        reader_id: whose the reader is, where that is another. The mail bears the brand that this party meets; without a
            party, the one that a user of this address meets.
    """
    house = _house_for(to, reader_id or party_id)
    signed = signed_by(text, house.name)
    with speaking(language):
        page = as_page(subject, signed, house=house.name, colour=house.colour)
    OutgoingMail.create(
        recipient=to, subject=subject, text=signed, html=page, language=language, party=party_id, created_at=now, not_before=now
    )


def send_next(office: PostOffice, *, now: datetime) -> bool:
    """Send the mail whose turn it is. Return whether there was one; what went wrong is noted in its row."""
    mail = _claim(now)
    if mail is None:
        return False
    letter = Letter(mail.id, mail.recipient, mail.subject, mail.text, mail.html, mail.language, mail.created_at)
    try:
        office.post(letter)
    except (MailRefused, MailDelayed) as error:
        _note_failure(mail, error, now)
    else:
        _note_sent(mail, now, forget=not office.keeps_mails)
    return True


def list_mails(actor: Actor, *, page: int = 1) -> Page[MailRow]:
    """Return the mails, newest first. Raises NotAllowed."""
    actor.need(Right.RUN_SERVER)
    return cut(OutgoingMail.select().order_by(OutgoingMail.id.desc()), _row, page=page)


def read_mail(actor: Actor, mail_id: int) -> MailRow:
    """Return one mail. Raises NotAllowed, NotFound."""
    actor.need(Right.RUN_SERVER)
    mail = OutgoingMail.get_or_none(OutgoingMail.id == mail_id)
    if mail is None:
        raise NotFound(N_("There is no such mail."))
    return _row(mail)


def _house_for(to: str, party_id: int | None) -> House:
    who = User.select(User.id).where(User.email == to)
    which = (
        (Party.id == party_id) if party_id else Party.id.in_(Membership.select(Membership.party).where(Membership.user.in_(who)))
    )
    reader = Party.select().where(which).order_by(Party.id).first()
    return NO_HOUSE if reader is None else house_above(reader)


def _claim(now: datetime) -> OutgoingMail | None:
    """Return a mail that is due, whose next moment was moved on so that nobody else takes it; None where none is due."""
    waits = OutgoingMail.sent_at.is_null() & OutgoingMail.gave_up_at.is_null() & (OutgoingMail.not_before <= now)
    # Read to the end first: SQLite lets nobody write who is still reading what others have changed since.
    for mail in list(OutgoingMail.select().where(waits).order_by(OutgoingMail.not_before, OutgoingMail.id).limit(20)):
        mine = (OutgoingMail.id == mail.id) & (OutgoingMail.attempts == mail.attempts) & waits
        with database.atomic():
            claimed = OutgoingMail.update(attempts=mail.attempts + 1, not_before=now + CLAIM).where(mine).execute()
        if claimed:
            mail.attempts += 1
            return mail
    return None


def _note_sent(mail: OutgoingMail, now: datetime, *, forget: bool) -> None:
    with database.atomic():
        OutgoingMail.update(sent_at=now, last_error="").where(OutgoingMail.id == mail.id).execute()
        if forget:
            OutgoingMail.update(text="", html=None).where(OutgoingMail.id == mail.id).execute()


def _note_failure(mail: OutgoingMail, error: MailRefused | MailDelayed, now: datetime) -> None:
    with speaking("en"):
        said = " ".join(filter(None, (sentence_of(error), hint_of(error))))
    is_over = isinstance(error, MailRefused) or mail.attempts > len(PAUSES)
    next_try = {"gave_up_at": now} if is_over else {"not_before": now + PAUSES[mail.attempts - 1]}
    with database.atomic():
        OutgoingMail.update(last_error=said, **next_try).where(OutgoingMail.id == mail.id).execute()


def _row(mail: OutgoingMail) -> MailRow:
    return MailRow(
        id=mail.id,
        to=mail.recipient,
        subject=mail.subject,
        text=mail.text,
        created_at=mail.created_at,
        sent_at=mail.sent_at,
        gave_up_at=mail.gave_up_at,
        attempts=mail.attempts,
        last_error=mail.last_error,
    )
