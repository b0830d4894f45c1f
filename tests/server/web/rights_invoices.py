"""Who may do what with invoices: rows of the rights table. There is no invoice 999, as only who may learns."""

from server.domain.party import PartyKind
from server.domain.rights import Role

_READERS = frozenset({Role.OWNER, Role.BILLING, Role.READ_ONLY})
_KEEPERS = frozenset({Role.OWNER, Role.BILLING})
_EVERYBODY = frozenset(PartyKind)
_SELLERS = _EVERYBODY - {PartyKind.CUSTOMER}
_SHOWN, _NOTHING = frozenset({200}), frozenset({404})
INVOICES_OF_TRADE = {
    "invoices.show": (_READERS, _EVERYBODY, True, _SHOWN),
    "invoices.look": (_READERS, _EVERYBODY, True, _NOTHING),
    "invoices.pdf": (_READERS, _EVERYBODY, True, _NOTHING),
    "invoices.xml": (_READERS, _EVERYBODY, True, _NOTHING),
    "invoices.cancel": (_KEEPERS, _SELLERS, True, _NOTHING),
    "invoices.do_cancel": (_KEEPERS, _SELLERS, True, _NOTHING),
}
