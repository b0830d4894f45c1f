"""Every mail has a page, with the brand that its reader meets, and loses both once it was sent."""

import pytest

from server.gateways.mail import Letter, as_message
from server.gateways.outbox import OutboxFolder
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.services import letters, mails
from tests.server.family import NOW, Family


@pytest.fixture
def branded(family: Family) -> Family:
    """North and alpha have brands of their own."""
    Party.update(brand_name="Nord IT", brand_colour="#113355").where(Party.id == family["north"]).execute()
    Party.update(brand_name="Alpha Systeme").where(Party.id == family["alpha"]).execute()
    return family


def queued(**facts: object) -> OutgoingMail:
    """Queue a mail and return its row."""
    text = "Hello,\n\nnews.\n\n-- \nWritten by GlobalDataProtect."
    mails.queue(**({"to": "x@anna.example", "subject": "News", "text": text, "language": "en", "now": NOW} | facts))  # type: ignore[arg-type]
    return OutgoingMail.select().order_by(OutgoingMail.id.desc()).get()


@pytest.mark.parametrize(
    ("party", "house"), [("anna", "Alpha Systeme"), ("alpha", "Nord IT"), ("berta", "Nord IT"), ("greta", "GlobalDataProtect")]
)
def test_a_mail_bears_the_brand_above_its_reader(branded: Family, party: str, house: str) -> None:
    """The nearest one; ours where there is none."""
    row = queued(party_id=branded[party])

    assert row.html is not None
    assert f">{house}<" in row.html
    assert row.text.endswith(f"Written by {house}.")


def test_the_reader_counts_not_whom_it_is_about(branded: Family) -> None:
    """A mail about the seller, to its customer."""
    assert "Alpha Systeme" in str(queued(party_id=branded["alpha"], reader_id=branded["anna"]).html)


def test_a_mail_about_no_party_goes_by_the_readers_own(branded: Family) -> None:
    """A new password, asked for by a customer's user; and by nobody we know."""
    email = branded.user("anna").email
    letters.send_reset(to=email, language="de", token="t", expires=NOW, now=NOW)
    row = OutgoingMail.get(OutgoingMail.recipient == email)

    assert "Alpha Systeme" in str(row.html)
    assert "Seite öffnen" in str(row.html)
    assert ">GlobalDataProtect<" in str(queued(to="stranger@example.com").html)


def test_both_parts_travel_and_both_are_forgotten(branded: Family, tmp_path: object) -> None:
    """The page holds the link that opens a door just as the text does."""
    sent = []

    class Office(OutboxFolder):
        keeps_mails = False

        def post(self, letter: Letter) -> None:
            sent.append(as_message(letter, self.sender))

    queued(party_id=branded["anna"])
    while mails.send_next(Office(tmp_path, "GDP <gdp@example.com>"), now=NOW):  # type: ignore[arg-type]
        pass

    assert [part.get_content_type() for part in sent[-1].iter_parts()] == ["text/plain", "text/html"]
    assert {(row.text, row.html) for row in OutgoingMail.select()} == {("", None)}
