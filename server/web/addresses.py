"""Addresses: of parties, as they are read on a page, and of pages, where one is sent back to."""

from urllib.parse import urlsplit

from babel import Locale
from markupsafe import Markup

from server.domain.party_sheet import PartyFacts
from server.language import current_language


def address_lines(facts: PartyFacts) -> Markup:
    """Return street, town and country, a line each; nothing where no street is known."""
    if not facts.street:
        return Markup("")
    lines = [f"{facts.street} {facts.house_number}".strip(), f"{facts.postal_code} {facts.city}".strip()]
    if facts.country != "DE":
        lines.append(Locale(current_language()).territories.get(facts.country, facts.country))
    return Markup("<br>").join(lines)


def own_address(wanted: str) -> str:
    """Return an address of our own to go back to; the overview where somebody else's, or none, is asked for."""
    parts = urlsplit(wanted)
    is_ours = wanted.startswith("/") and not parts.scheme and not parts.netloc and "\\" not in wanted and wanted.isprintable()
    return wanted if is_ours and not wanted.startswith("//") else "/"
