"""Mails about money that is collected or came back, each in its recipient's language."""

from datetime import datetime

from server.domain.rights import Right, rights_of
from server.domain.sentence import N_
from server.language import LANGUAGES, money, say, speaking, translate
from server.models.bank import AnnouncedDebit
from server.models.money import Receivable
from server.models.party import Party
from server.models.people import Membership, User
from server.services import letters, links, mails


def announce_debit(debit: AnnouncedDebit, numbers: tuple[str, ...], *, now: datetime) -> None:
    """Tell a debtor what will be debited, and when: the pre-notification."""
    facts = {
        "amount": money(debit.cents), "day": debit.due, "creditor": debit.creditor.legal_name,
        "creditor_id": debit.creditor.creditor_id, "reference": debit.mandate.reference, "last": debit.mandate.iban[-4:],
        "numbers": ", ".join(numbers),
    }  # fmt: skip
    for email, language in _readers(debit.debtor):
        with speaking(language):
            facts["amount"] = money(debit.cents)
            text = letters.whole(
                say(N_("{creditor} will debit {amount} on {day} from the account ending in {last}."), **facts),
                say(N_("Creditor identifier {creditor_id}, mandate {reference}, for {numbers}."), **facts),
                translate(N_("You need not do anything. Please see to it that the account covers it.")),
            )
            subject = say(N_("Direct debit of {amount} on {day}"), **facts)
        mails.queue(to=email, subject=subject, text=text, language=language, party_id=debit.debtor_id, now=now)


def tell_returned(receivables: tuple[Receivable, ...], *, now: datetime) -> None:
    """Tell a debtor that a debit came back, and what is open now."""
    first = receivables[0]
    for email, language in _readers(first.debtor):
        with speaking(language):
            facts = {
                "creditor": first.creditor.legal_name, "numbers": ", ".join(one.number for one in receivables),
                "amount": money(sum(one.open_cents for one in receivables)),
            }  # fmt: skip
            text = letters.whole(
                say(N_("A direct debit of {creditor} came back. {amount} is open again ({numbers})."), **facts),
                translate(N_("Until it is paid nothing new can be ordered. Backups go on, and restores are always possible.")),
                say(N_("Please pay it: {link}"), link=links.login_link()),
            )
            subject = say(N_("A direct debit came back: {amount} is open"), **facts)
        mails.queue(to=email, subject=subject, text=text, language=language, party_id=first.debtor_id, now=now)


def _readers(party: Party) -> tuple[tuple[str, str], ...]:
    """Return whom mails about a party's money go to, with their language: who sees it here, else the party's own address."""
    rows = Membership.select(Membership, User).join(User).where((Membership.party == party.id) & User.disabled_at.is_null())
    people = tuple(
        (row.user.email, row.user.language)
        for row in rows.order_by(Membership.id)
        if Right.SEE_MONEY in rights_of(party.kind, row.role)
    )
    return people or (((party.email, LANGUAGES[0]),) if party.email else ())
