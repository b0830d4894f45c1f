"""Who may open which page about PayPal; read by ``test_rights``. Rows: roles, kinds of parties, whether private, answers."""

from server.domain.party import PartyKind
from server.domain.rights import Role

READERS = frozenset({Role.OWNER, Role.BILLING, Role.READ_ONLY})
KEEPERS = frozenset({Role.OWNER, Role.BILLING})
SELLERS = frozenset(PartyKind) - {PartyKind.CUSTOMER}
PAYPAL_OF_TRADE = {
    "paypal.payments": (READERS, SELLERS, True, frozenset({200})),
    "paypal.account": (KEEPERS, SELLERS, True, frozenset({200})),
    "paypal.set_account": (KEEPERS, SELLERS, True, frozenset({422})),
    "paypal.nothing_came": (KEEPERS, SELLERS, True, frozenset({404})),
    "paypal.refund": (KEEPERS, SELLERS, True, frozenset({404})),
    "paypal.do_refund": (KEEPERS, SELLERS, True, frozenset({404})),
}
PAYPAL_AT_THE_DOOR = {"pay.show", "pay.begin", "pay.come_back", "paypal_hook.receive"}
