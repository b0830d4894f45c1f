"""Who may see terms, brand and orders: rows of the table in test_rights.py."""

from server.domain.party import PartyKind
from server.domain.rights import Role

OWNER, SALES, BILLING, SUPPORT, READ_ONLY = Role
MANAGERS = frozenset({OWNER, SALES})
BOOKKEEPERS = frozenset({OWNER, BILLING})
SELLERS = frozenset(PartyKind) - {PartyKind.CUSTOMER}
PAGES_AT_THE_DOOR = {"appearance.logo", "login.log_in_at"}
PAGES_OF_TRADE: dict[str, tuple[frozenset[Role], frozenset[PartyKind], bool]] = {
    "terms.show": (BOOKKEEPERS, SELLERS, True),
    "terms.save": (BOOKKEEPERS, SELLERS, True),
    "brand.show": (MANAGERS, SELLERS, False),
    "brand.set_logo": (MANAGERS, SELLERS, False),
    "brand.make_link": (MANAGERS, SELLERS, False),
}
"""roles, kinds of parties, whether it is closed to whoever works there as somebody from above"""
