"""What mails say, in their recipient's language. They name what was done and what to do; never a password."""

from datetime import date, datetime

from server.domain.rights import Role
from server.domain.sentence import N_
from server.language import say, speaking, translate
from server.services import links, mails

_GREETING = N_("Hello,")
_SIGNED = N_("This mail was written by GlobalDataProtect. Nobody reads answers to it.")


def send_invitation(
    *, to: str, language: str, party: tuple[int, str], role: Role, inviter: str, token: str, expires: datetime, now: datetime
) -> None:
    """Queue the link by which somebody comes into a party, given by its number and name."""
    with speaking(language):
        subject = say(N_("Your access to {party} at GlobalDataProtect"), party=party[1])
        opening = (
            say(N_("{inviter} has invited you to work for {party} as “{role}”."), inviter=inviter, party=party[1], role=role)
            if inviter
            else say(N_("You have been invited to work for {party} as “{role}”."), party=party[1], role=role)
        )
        text = whole(
            opening,
            translate(N_("Open this page to come in. The link works once:")),
            links.invitation_link(token),
            say(N_("It works until {moment}."), moment=expires),
            translate(N_("If you do not know what this is about, do nothing.")),
        )
    mails.queue(to=to, subject=subject, text=text, language=language, party_id=party[0], now=now)


def send_reset(*, to: str, language: str, token: str, expires: datetime, now: datetime) -> None:
    """Queue the link by which somebody chooses a new password."""
    with speaking(language):
        text = whole(
            translate(N_("Somebody, probably you, has asked for a new password for this address.")),
            translate(N_("Choose it on this page. The link works once:")),
            links.invitation_link(token),
            say(N_("It works until {moment}."), moment=expires),
            translate(N_("If it was not you, do nothing: the old password stays.")),
        )
        subject = translate(N_("A new password for GlobalDataProtect"))
    mails.queue(to=to, subject=subject, text=text, language=language, now=now)


def send_notice(*, to: str, language: str, what: str, now: datetime) -> None:
    """Tell somebody of a change to his access; ``what`` is a sentence marked with ``N_``."""
    with speaking(language):
        text = whole(
            translate(what),
            translate(N_("If it was you, there is nothing to do. If not, choose a new password at once:")),
            links.login_link(),
        )
        subject = translate(N_("Your access to GlobalDataProtect was changed"))
    mails.queue(to=to, subject=subject, text=text, language=language, now=now)


def send_price_news(*, to: str, language: str, party_id: int, what: str, package: str, day: date, now: datetime) -> None:
    """Tell somebody what becomes of a price; ``what`` is a sentence about package and day, marked with ``N_``.

    The price itself is read after logging in, where nobody else reads it.
    """
    with speaking(language):
        text = whole(
            say(what, day=day, package=package),
            translate(N_("What you agreed on before stays as it is. You find all your prices under “Packages”:")),
            links.login_link(),
        )
        subject = say(N_("The price of {package}, {day}"), package=package, day=day)
    mails.queue(to=to, subject=subject, text=text, language=language, party_id=party_id, now=now)


def whole(*paragraphs: str) -> str:
    """Return the text of a mail: a greeting, what it says, who wrote it; in the language spoken now."""
    return "\n\n".join((translate(_GREETING), *paragraphs, "-- \n" + translate(_SIGNED))) + "\n"
