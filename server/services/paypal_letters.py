"""What a debtor is told who pays by PayPal, in its language."""

from dataclasses import dataclass
from datetime import date, datetime

from server.domain.sentence import N_
from server.language import money, say, speaking, translate
from server.services import mails
from server.services.letters import whole


@dataclass(frozen=True, slots=True)
class Due:
    """Something that is to be paid."""

    seller_id: int
    debtor_id: int
    seller: str
    number: str
    cents: int
    due: date
    link: str
    """the address of its page"""


def send_pay_link(owed: Due, *, to: str, language: str, now: datetime) -> None:
    """Queue the mail with the page on which something is paid."""
    with speaking(language):
        facts = {"number": owed.number, "amount": money(owed.cents), "seller": owed.seller, "day": owed.due}
        text = whole(
            say(N_("{amount} of {number} is open and due on {day}. You pay it to {seller} by PayPal on this page:"), **facts),
            owed.link,
            translate(N_("Whoever has this address can pay there, and nothing else.")),
        )
        subject = say(N_("{number}: please pay {amount} by PayPal"), **facts)
    mails.queue(to=to, subject=subject, text=text, language=language, party_id=owed.seller_id, reader_id=owed.debtor_id, now=now)
