"""One line of a CSV file of customers: which columns there are, and how their cells become a record and back. Pure."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial
from typing import TypeVar

from server.domain.addresses import ADDRESS_PARTS, Address, read_country, read_part
from server.domain.bank_account import Account, read_account
from server.domain.contacts import ContactDetails, read_email, read_phone
from server.domain.customer_record import CustomerRecord, read_name, read_tax_number
from server.domain.errors import RuleBroken
from server.domain.seats import AgentKind, Seats, read_count
from server.domain.sentence import N_
from server.domain.vat_id import read_vat_id

Result = TypeVar("Result")


class Column(StrEnum):
    """What a cell holds."""

    KIND = "kind"
    NAME = "name"
    STREET = "street"
    HOUSE_NUMBER = "house_number"
    POSTAL_CODE = "postal_code"
    CITY = "city"
    COUNTRY = "country"
    EMAIL = "email"
    PHONE = "phone"
    TAX_NUMBER = "tax_number"
    VAT_ID = "vat_id"
    IBAN = "iban"
    HOLDER = "holder"
    CONTACT = "contact"
    CONTACT_ROLE = "contact_role"
    CONTACT_EMAIL = "contact_email"
    CONTACT_PHONE = "contact_phone"
    WORKSTATIONS = "workstations"
    SERVERS = "servers"
    POSTGRESQL = "postgresql"
    MYSQL = "mysql"

    @property
    def is_needed(self) -> bool:
        """Say whether a file must have it."""
        return self in {Column.NAME, Column.STREET, Column.POSTAL_CODE, Column.CITY}


COLUMNS: dict[Column, tuple[str, str]] = {
    Column.KIND: ("Art", "Kind"),
    Column.NAME: ("Name", "Name"),
    Column.STREET: ("Straße", "Street"),
    Column.HOUSE_NUMBER: ("Hausnummer", "House number"),
    Column.POSTAL_CODE: ("PLZ", "Postal code"),
    Column.CITY: ("Ort", "Town"),
    Column.COUNTRY: ("Land", "Country"),
    Column.EMAIL: ("E-Mail", "Mail address"),
    Column.PHONE: ("Telefon", "Telephone"),
    Column.TAX_NUMBER: ("Steuernummer", "Tax number"),
    Column.VAT_ID: ("USt-IdNr.", "VAT id"),
    Column.IBAN: ("IBAN", "IBAN"),
    Column.HOLDER: ("Kontoinhaber", "Account holder"),
    Column.CONTACT: ("Ansprechpartner", "Contact"),
    Column.CONTACT_ROLE: ("Funktion", "Role"),
    Column.CONTACT_EMAIL: ("E-Mail Ansprechpartner", "Mail address of contact"),
    Column.CONTACT_PHONE: ("Telefon Ansprechpartner", "Telephone of contact"),
    Column.WORKSTATIONS: ("Arbeitsplätze", "Workstations"),
    Column.SERVERS: ("Server", "Servers"),
    Column.POSTGRESQL: ("PostgreSQL", "PostgreSQL"),
    Column.MYSQL: ("MySQL", "MySQL"),
}
"""how the file calls it, in German and in English"""

_KINDS = {"": False, "firma": False, "company": False, "person": True, "privatperson": True, "privat": True}
_AGENTS = {Column.POSTGRESQL: AgentKind.POSTGRESQL, Column.MYSQL: AgentKind.MYSQL}
_COUNTED = (Column.WORKSTATIONS, Column.SERVERS, *_AGENTS)
_FIELDS = {"legal_name": Column.NAME}  # where a field is not called as its column
_CONTACT_FIELDS = {
    "name": Column.CONTACT,
    "role": Column.CONTACT_ROLE,
    "email": Column.CONTACT_EMAIL,
    "phone": Column.CONTACT_PHONE,
}


def read_row(cells: Mapping[Column, str]) -> tuple[CustomerRecord | None, list[tuple[Column, RuleBroken]]]:
    """Return the record of a line, or None and each cell that is wrong with its cause."""
    wrong: list[tuple[Column, RuleBroken]] = []

    def attempt(column: Column, read: Callable[[], Result], names: Mapping[str, Column] = _FIELDS) -> Result | None:
        try:
            return read()
        except RuleBroken as error:
            found = names.get(error.field) or (Column(error.field) if error.field in set(Column) else column)
            wrong.append((found, error))
            return None

    def cell(column: Column) -> str:
        return cells.get(column, "")

    is_person = attempt(Column.KIND, lambda: _is_person(cell(Column.KIND)))
    name = attempt(Column.NAME, lambda: read_name(cell(Column.NAME)))
    country = attempt(Column.COUNTRY, lambda: read_country(cell(Column.COUNTRY) or "DE"))
    place = {
        part: attempt(Column(part), partial(read_part, part, cell(Column(part)), country=country or "")) or ""
        for part in ADDRESS_PARTS
    }
    email = attempt(Column.EMAIL, lambda: read_email(cell(Column.EMAIL)))
    phone = attempt(Column.PHONE, lambda: read_phone(cell(Column.PHONE)))
    tax_number = attempt(Column.TAX_NUMBER, lambda: read_tax_number(cell(Column.TAX_NUMBER)))
    vat_id = attempt(Column.VAT_ID, lambda: read_vat_id(cell(Column.VAT_ID)))
    account = attempt(Column.IBAN, lambda: _account(cell))
    contact = attempt(Column.CONTACT, lambda: _contact(cell), _CONTACT_FIELDS)
    counts = {column: attempt(column, partial(read_count, cell(column), field=column)) or 0 for column in _COUNTED}
    if wrong:
        return None, sorted(wrong, key=lambda one: list(Column).index(one[0]))
    address = Address(**place, country=country or "")
    contacts = (contact,) if contact else ()
    return (
        CustomerRecord(
            bool(is_person),
            name or "",
            address,
            email or "",
            phone or "",
            tax_number or "",
            vat_id or "",
            account,
            contacts,
            _seats(counts),
        ),
        [],
    )


def record_cells(record: CustomerRecord) -> dict[Column, str]:
    """Return the cells of a record. Of several contacts the first."""
    place = record.address
    cells = {
        Column.KIND: "Person" if record.is_person else "",
        Column.NAME: record.legal_name,
        Column.STREET: place.street,
        Column.HOUSE_NUMBER: place.house_number,
        Column.POSTAL_CODE: place.postal_code,
        Column.CITY: place.city,
        Column.COUNTRY: place.country,
        Column.EMAIL: record.email,
        Column.PHONE: record.phone,
        Column.TAX_NUMBER: record.tax_number,
        Column.VAT_ID: record.vat_id,
        Column.WORKSTATIONS: str(record.seats.workstations or ""),
        Column.SERVERS: str(record.seats.servers or ""),
    }
    cells |= {column: str(record.seats.agent_count(kind) or "") for column, kind in _AGENTS.items()}
    if record.account:
        cells |= {Column.IBAN: record.account.iban, Column.HOLDER: record.account.holder}
    for contact in record.contacts[:1]:
        cells |= {column: str(getattr(contact, name)) for name, column in _CONTACT_FIELDS.items()}
    return cells


def _is_person(text: str) -> bool:
    found = _KINDS.get(text.casefold())
    if found is None:
        raise RuleBroken(N_("“{text}” is no kind of customer."), N_("There are: company, person."), field="kind", text=text)
    return found


def _account(cell: Callable[[Column], str]) -> Account | None:
    """Return the account, held by the customer itself unless the file says otherwise."""
    if not cell(Column.IBAN):
        if cell(Column.HOLDER):
            raise RuleBroken(N_("A holder without an IBAN."), field="iban")
        return None
    return read_account(cell(Column.IBAN), cell(Column.HOLDER) or cell(Column.NAME) or "-")


def _contact(cell: Callable[[Column], str]) -> ContactDetails | None:
    parts = [cell(column) for column in _CONTACT_FIELDS.values()]
    return ContactDetails(*parts) if any(parts) else None


def _seats(counts: Mapping[Column, int]) -> Seats:
    agents = {str(kind): counts[column] for column, kind in _AGENTS.items()}
    return Seats.of(counts[Column.WORKSTATIONS], counts[Column.SERVERS], agents)
