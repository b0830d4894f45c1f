"""A party as it is named on paper: who writes, who receives."""

from server.domain.paper import Account, Address, Brand, PaperParty
from server.gateways.files import FileStore
from server.models.customer import BankAccount
from server.models.party import Party
from server.services.terms import terms_of

_COLOUR = "#0B5D6B"


def account_of(party_id: int) -> Account | None:
    """Return the bank account that a party uses; None where it has none."""
    row = BankAccount.get_or_none((BankAccount.party == party_id) & BankAccount.replaced_at.is_null())
    return None if row is None else Account(row.holder, row.iban, row.bic, row.bank_name)


def writer(party: Party, files: FileStore, *, number: str = "") -> PaperParty:
    """Return a party as it writes letters: with its brand, its account and what the law wants on them."""
    return party_on_paper(party, number=number, logo=files.get(party.brand_logo) if party.brand_logo else None)


def party_on_paper(party: Party, *, number: str = "", logo: bytes | None = None) -> PaperParty:
    """Return a party as it writes letters; a logo that is not given is put in when the letter is drawn."""
    terms = terms_of(party.id)
    return _named(
        party,
        number=number,
        contact=terms.contact_name,
        legal_notice=tuple(line for line in terms.legal_notice.splitlines() if line.strip()),
        account=account_of(party.id),
        brand=Brand(party.brand_name, party.brand_colour or _COLOUR, logo),
    )


def reader(party: Party, *, number: str = "") -> PaperParty:
    """Return a party as letters are written to it. Its account is no business of the letter, unless a debit names it."""
    return _named(party, number=number or f"K-{party.id:05}")


def _named(
    party: Party,
    *,
    number: str,
    contact: str = "",
    legal_notice: tuple[str, ...] = (),
    account: Account | None = None,
    brand: Brand | None = None,
) -> PaperParty:
    return PaperParty(
        name=party.legal_name,
        address=Address(party.street, party.house_number, party.postal_code, party.city, party.country),
        number=number,
        is_person=party.is_person,
        contact=contact,
        email=party.email,
        phone=party.phone,
        tax_number=party.tax_number,
        vat_id=party.vat_id,
        creditor_id=party.creditor_id,
        account=account,
        legal_notice=legal_notice,
        brand=brand or Brand(),
    )
