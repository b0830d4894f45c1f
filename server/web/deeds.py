"""Entries of the audit log in words."""

from collections.abc import Mapping
from typing import Final

from server.domain.party import PartyKind, SalesMode, TaxStatus
from server.domain.rights import Role
from server.domain.seats import AgentKind
from server.domain.sentence import N_, Word
from server.language import translate
from server.services.audit import Entry
from server.web.phrases import LANGUAGE

TERMS: Final = {
    "legal_notice": N_("At the foot of letters"),
    "contact_name": N_("Contact for invoices"),
    "invoice_prefix": N_("Letters before invoice numbers"),
    "prenotification_days": N_("Days of notice before a debit"),
    "payment_days": N_("Days to pay"),
    "notice_months": N_("Months of notice"),
    "trial_days": N_("Days of a trial"),
    "reminder_days": N_("Reminder after"),
    "blocked_days": N_("No new orders after"),
    "paused_days": N_("Backup paused after"),
    "ended_days": N_("Contract ends after"),
    "kept_days": N_("Data is kept after the end of a contract"),
    "commission_percent": N_("Commission in percent"),
    "datev_consultant": N_("Number of the tax consultant at DATEV"),
    "datev_client": N_("Number of the client at DATEV"),
}
LABELS: Final = {
    **TERMS,
    "legal_name": N_("Name"),
    "name": N_("Name"),
    "is_person": N_("This is a person, no company"),
    "street": N_("Street"),
    "house_number": N_("House number"),
    "postal_code": N_("Postal code"),
    "city": N_("Town"),
    "country": N_("Country"),
    "email": N_("E-mail"),
    "phone": N_("Telephone"),
    "tax_status": N_("Tax status"),
    "tax_number": N_("Tax number"),
    "vat_id": N_("VAT id"),
    "mode": N_("How it sells"),
    "creditor_id": N_("Creditor identifier"),
    "brand_name": N_("Name on the pages below"),
    "brand_colour": N_("Colour on the pages below"),
    "requires_two_factor": N_("Second factor required"),
    "role": N_("Role"),
    "language": N_("Language"),
    "iban": "IBAN",
    "workstations": N_("Workstations"),
    "servers": N_("Servers"),
    "postgresql": AgentKind.POSTGRESQL.label,
    "mysql": AgentKind.MYSQL.label,
}
_WORDS: Final[Mapping[str, type[Word]]] = {"role": Role, "tax_status": TaxStatus, "mode": SalesMode, "kind": PartyKind}
_TOLD_OF_NEW = ("legal_name", "name", "email", "role")
"""what is told of something new; the rest stands on its own page"""


def deed(entry: Entry) -> str:
    """Return what was done, in a few words."""
    return translate(entry.action.label)


def details(entry: Entry) -> list[str]:
    """Return what was changed, a line each: ``Town: Köln > Bonn``."""
    lines = []
    for name, value in entry.details.items():
        if name not in LABELS:
            continue
        label = translate(LABELS[name])
        if isinstance(value, list) and len(value) == 2:
            lines.append(f"{label}: {_in_words(name, value[0])} → {_in_words(name, value[1])}")
        elif name in _TOLD_OF_NEW and value:
            lines.append(_in_words(name, value))
    return lines


def _in_words(name: str, value: object) -> str:
    text = "" if value is None else str(value)
    words = _WORDS.get(name)
    if words is not None and text in list(words):
        return translate(words(text).label)
    if name == "language":
        return LANGUAGE.get(text, text)
    if text == "yes":
        return translate(N_("yes"))
    return text or "–"
