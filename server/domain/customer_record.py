"""What is recorded of a customer when it is created: the same from a form and from a line of a CSV file. Pure."""

from dataclasses import dataclass, field

from server.domain.addresses import Address, clean_text
from server.domain.bank_account import Account
from server.domain.contacts import NAME_LENGTH, ContactDetails, read_email, read_phone
from server.domain.errors import RuleBroken
from server.domain.seats import Seats
from server.domain.sentence import N_
from server.domain.vat_id import read_vat_id

TAX_NUMBER_LENGTH = 30


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """A customer, cleaned and checked. Raises RuleBroken, which names its ``field``."""

    is_person: bool
    legal_name: str
    address: Address
    email: str = ""
    phone: str = ""
    tax_number: str = ""
    vat_id: str = ""
    account: Account | None = None
    contacts: tuple[ContactDetails, ...] = ()
    seats: Seats = field(default_factory=Seats)

    def __post_init__(self) -> None:
        cleaned = {
            "legal_name": read_name(self.legal_name),
            "email": read_email(self.email),
            "phone": read_phone(self.phone),
            "tax_number": read_tax_number(self.tax_number),
            "vat_id": read_vat_id(self.vat_id),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @property
    def likeness(self) -> tuple[str, str, str, str]:
        """What two records of the same customer have in common: name, postal code, street and number, whatever their case."""
        place = self.address
        return (
            self.legal_name.casefold(),
            place.postal_code.casefold(),
            place.street.casefold(),
            place.house_number.casefold(),
        )


def read_name(text: str) -> str:
    """Return the name of a company or a person. Raises RuleBroken."""
    if not (clean := clean_text(text, field="legal_name", longest=NAME_LENGTH)):
        raise RuleBroken(N_("The name is missing."), field="legal_name")
    return clean


def read_tax_number(text: str) -> str:
    """Return a national tax number, of which only the length is known; nothing stays nothing. Raises RuleBroken."""
    return clean_text(text, field="tax_number", longest=TAX_NUMBER_LENGTH)
