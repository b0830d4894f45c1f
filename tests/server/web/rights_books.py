"""Who may do what with a seller's books: rows of the rights table."""

from server.domain.rights import Role

KEEPERS_OF_BOOKS = frozenset({Role.OWNER, Role.BILLING})
SHOWN, REFUSED = frozenset({200}), frozenset({422})
OF_BOOKS = {
    "books.show": SHOWN,
    "books.datev": REFUSED,
    "books.declare": SHOWN,
    "books.declaration_file": REFUSED,
    "books.accounts": SHOWN,
    "books.set_accounts": REFUSED,
}
"""what those who may get who say no month, no quarter, no chart"""
