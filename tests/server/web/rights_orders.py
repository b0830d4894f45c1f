"""Who may do what with orders, signed sheets and the bank: rows of the rights table, each with ids that nobody has."""

from server.domain.party import PartyKind
from server.domain.rights import Role

_EVERYBODY, _ALL = frozenset(Role), frozenset(PartyKind)
_MANAGERS = frozenset({Role.OWNER, Role.SALES})
_READERS = frozenset({Role.OWNER, Role.BILLING, Role.READ_ONLY})
_KEEPERS = frozenset({Role.OWNER, Role.BILLING})
_SELLERS = _ALL - {PartyKind.CUSTOMER}
_RESELLERS, _DISTRIBUTORS = frozenset({PartyKind.RESELLER}), frozenset({PartyKind.DISTRIBUTOR})
_SHOWN, _REFUSED, _UNKNOWN = frozenset({200}), frozenset({422}), frozenset({404})
ORDERS_OF_TRADE = {
    "orders.show": (_EVERYBODY, _ALL, False, _SHOWN),
    "orders.look": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "orders.paper": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "orders.edit": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "orders.save": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "orders.withdraw": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "orders.print_order": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "scans.show": (_MANAGERS, _RESELLERS | _DISTRIBUTORS, False, _SHOWN),
    "scans.upload": (_MANAGERS, _RESELLERS | _DISTRIBUTORS, False, _REFUSED),
    "scans.picture": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "scans.match": (_MANAGERS, _RESELLERS | _DISTRIBUTORS, False, _UNKNOWN),
    "scans.dismiss": (_MANAGERS, _RESELLERS | _DISTRIBUTORS, False, _UNKNOWN),
    "scans.receive_paper": (_EVERYBODY, _ALL, False, _UNKNOWN),
    "releases.show": (_MANAGERS, _DISTRIBUTORS, False, _SHOWN),
    "releases.look": (_MANAGERS, _DISTRIBUTORS, False, _UNKNOWN),
    "releases.release": (_MANAGERS, _DISTRIBUTORS, False, _UNKNOWN),
    "releases.reject": (_MANAGERS, _DISTRIBUTORS, False, _UNKNOWN),
    "bank.show": (_READERS, _SELLERS, True, _SHOWN),
    "bank.plan": (_KEEPERS, _SELLERS, True, _SHOWN),
    "bank.take_in": (_KEEPERS, _SELLERS, True, _REFUSED),
    "bank.give": (_KEEPERS, _SELLERS, True, _UNKNOWN),
    "bank.fetch": (_KEEPERS, _SELLERS, True, _UNKNOWN),
}
