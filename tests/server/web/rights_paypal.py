"""Who may do what on the pages about PayPal; rows of the table in ``test_rights``."""

from server.domain.party import PartyKind
from server.domain.rights import Role

READERS = frozenset({Role.OWNER, Role.BILLING, Role.READ_ONLY})
KEEPERS = frozenset({Role.OWNER, Role.BILLING})
SELLERS = frozenset(PartyKind) - {PartyKind.CUSTOMER}
OF_MONEY = {
    "paypal.payments": (READERS, {200}),
    "paypal.account": (KEEPERS, {200}),
    "paypal.set_account": (KEEPERS, {422}),
    "paypal.refund": (KEEPERS, {404}),
    "paypal.do_refund": (KEEPERS, {404}),
}
"""of sellers, and not for somebody from above who is logged in as one: the roles, and what they get"""
PUBLIC = {"pay.show", "pay.begin", "pay.come_back", "paypal_hook.receive"}
