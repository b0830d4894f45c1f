"""What must be known of a party, and what is wrong with what was typed. Pure."""

import re
from dataclasses import dataclass, fields, replace

from stdnum.eu import at_02
from stdnum.exceptions import ValidationError

from server.domain.addresses import Address, clean_text
from server.domain.contacts import NAME_LENGTH, read_email, read_phone
from server.domain.customer_record import read_name, read_tax_number
from server.domain.errors import RuleBroken
from server.domain.party import PartyKind, SalesMode, TaxStatus
from server.domain.sentence import N_
from server.domain.vat_id import read_vat_id

_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What a party's form says of it. Plain: whatever was typed; ``checked`` returns it cleaned."""

    legal_name: str = ""
    is_person: bool = False
    street: str = ""
    house_number: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "DE"
    email: str = ""
    phone: str = ""
    tax_status: str = TaxStatus.STANDARD
    tax_number: str = ""
    vat_id: str = ""
    mode: str = SalesMode.RESALE
    """of a reseller, else empty: whether it sells in its own name, or for its distributor"""
    creditor_id: str = ""
    """SEPA's, of whoever collects; empty: collects nothing"""
    brand_name: str = ""
    """what stands on the pages of the parties below; empty: the legal name"""
    brand_colour: str = ""
    """as ``#rrggbb``; empty: ours"""
    requires_two_factor: bool = False
    """whether everybody in this party and below must log in with a second factor"""

    def texts(self) -> dict[str, str]:
        """Return every fact as a form holds it; a yes is ``yes``, a no is empty."""
        return {
            field.name: ("yes" if value else "") if isinstance(value := getattr(self, field.name), bool) else str(value)
            for field in fields(self)
        }


def checked(kind: PartyKind, facts: PartyFacts) -> PartyFacts:
    """Return the facts of a party of ``kind``, cleaned. Raises the first of ``mistakes``."""
    clean, broken = _examine(kind, facts)
    if broken:
        raise broken[0]
    return clean


def mistakes(kind: PartyKind, facts: PartyFacts) -> list[RuleBroken]:
    """Return everything that is wrong with the facts of a party of ``kind``, each naming its field."""
    return _examine(kind, facts)[1]


def _examine(kind: PartyKind, facts: PartyFacts) -> tuple[PartyFacts, list[RuleBroken]]:
    clean: dict[str, object] = {}
    broken: list[RuleBroken] = []
    readers = (
        _read_name,
        _read_address,
        _read_email,
        _read_phone,
        _read_tax_number,
        _read_vat_id,
        _read_mode,
        _read_creditor_id,
        _read_brand,
    )
    for reader in readers:
        try:
            clean |= reader(kind, facts)
        except RuleBroken as error:
            broken.append(error)
    return (facts if broken else replace(facts, **clean)), broken  # type: ignore[arg-type]


def _read_name(kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    # Only customers can be people: whoever sells acts as a business.
    return {"legal_name": read_name(facts.legal_name), "is_person": facts.is_person and kind is PartyKind.CUSTOMER}


def _read_address(_kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    address = Address(facts.street, facts.house_number, facts.postal_code, facts.city, facts.country)
    return {name: getattr(address, name) for name in ("street", "house_number", "postal_code", "city", "country")}


def _read_email(_kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    if not (email := read_email(facts.email)):
        raise RuleBroken(N_("the mail address is missing"), field="email")
    return {"email": email}


def _read_phone(_kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    return {"phone": read_phone(facts.phone)}


def _read_tax_number(_kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    if facts.tax_status not in list(TaxStatus):
        raise RuleBroken(N_("Please choose one of the list."), field="tax_status")
    return {"tax_status": TaxStatus(facts.tax_status), "tax_number": read_tax_number(facts.tax_number)}


def _read_vat_id(_kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    return {"vat_id": read_vat_id(facts.vat_id)}


def _read_mode(kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    if kind is not PartyKind.RESELLER:
        return {"mode": ""}
    if facts.mode not in list(SalesMode):
        raise RuleBroken(N_("Please choose one of the list."), field="mode")
    return {"mode": SalesMode(facts.mode)}


def _read_creditor_id(kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    creditor_id = "".join(facts.creditor_id.split()).upper()
    if not creditor_id or kind is PartyKind.CUSTOMER:
        return {"creditor_id": ""}
    try:
        at_02.validate(creditor_id)
    except ValidationError as error:
        raise RuleBroken(
            N_("{creditor_id!r} is no creditor identifier."),
            N_("It has the form DE98ZZZ09999999999. Leave it empty if there is none."),
            field="creditor_id",
            creditor_id=creditor_id,
        ) from error
    return {"creditor_id": creditor_id}


def _read_brand(kind: PartyKind, facts: PartyFacts) -> dict[str, object]:
    colour = facts.brand_colour.strip().lower()
    if colour and not _COLOUR.fullmatch(colour):
        raise RuleBroken(N_("{colour!r} is no colour."), N_("Write it as #0b5d6b."), field="brand_colour", colour=colour)
    name = clean_text(facts.brand_name, field="brand_name", longest=NAME_LENGTH)
    return {"brand_name": "", "brand_colour": ""} if kind is PartyKind.CUSTOMER else {"brand_name": name, "brand_colour": colour}
