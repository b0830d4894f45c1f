"""Who may do what with a seller's books: rows of the rights table."""

from server.domain.party import PartyKind
from server.domain.rights import Role

_KEEPERS = frozenset({Role.OWNER, Role.BILLING})
_SELLERS = frozenset(PartyKind) - {PartyKind.CUSTOMER}
_SHOWN, _REFUSED = frozenset({200}), frozenset({422})  # what those get who may, and say no month, no quarter, no chart
_ANSWERS = {
    "books.show": _SHOWN,
    "books.datev": _REFUSED,
    "books.declare": _SHOWN,
    "books.declaration_file": _REFUSED,
    "books.accounts": _SHOWN,
    "books.set_accounts": _REFUSED,
}
BOOKS_OF_TRADE = {name: (_KEEPERS, _SELLERS, True, answers) for name, answers in _ANSWERS.items()}
