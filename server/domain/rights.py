"""What a user may do, by the kind of the party and the role in it. Pure: one table."""

from enum import StrEnum

from server.domain.party import PartyKind
from server.domain.sentence import N_, Word


class Role(Word):
    """What a user is in a party."""

    OWNER = "owner", N_("Owner")
    SALES = "sales", N_("Sales")
    BILLING = "billing", N_("Billing")
    SUPPORT = "support", N_("Support")
    READ_ONLY = "read_only", N_("Read only")


class Right(StrEnum):
    """One thing that a role may do within its party's subtree."""

    SEE = "see"
    """parties, contacts, seats"""
    MANAGE_PARTIES = "manage_parties"
    """create and change the parties directly below, and change one's own"""
    MANAGE_CUSTOMERS = "manage_customers"
    """contacts, bank accounts, seats of a customer, and what of it is imported"""
    MANAGE_USERS = "manage_users"
    """invite, change roles, remove; demand a second factor"""
    SEE_PRICES = "see_prices"
    SET_PRICES = "set_prices"
    """packages and sale prices of one's own party"""
    MANAGE_ORDERS = "manage_orders"
    """draw up, print, take back signed, withdraw: a reseller's"""
    RELEASE_ORDERS = "release_orders"
    """release or reject what is signed: a distributor's"""
    SEE_MONEY = "see_money"
    """invoices and what is open, on the two edges of one's own party"""
    MANAGE_MONEY = "manage_money"
    """issue, cancel, collect, book, remind: as a creditor"""
    SUPPORT = "support"
    """log in as a party below"""
    SEE_AUDIT = "see_audit"
    RUN_SERVER = "run_server"
    """mails that wait, and what else only the operator sees"""


_EVERYTHING = frozenset(Right)
_BY_ROLE: dict[Role, frozenset[Right]] = {
    Role.OWNER: _EVERYTHING,
    Role.SALES: frozenset(
        {Right.SEE, Right.MANAGE_PARTIES, Right.MANAGE_CUSTOMERS, Right.SEE_PRICES, Right.SET_PRICES, Right.SUPPORT}
        | {Right.MANAGE_ORDERS, Right.RELEASE_ORDERS}
    ),
    Role.BILLING: frozenset(
        {Right.SEE, Right.MANAGE_CUSTOMERS, Right.SEE_PRICES, Right.SET_PRICES, Right.SEE_AUDIT}
        | {Right.SEE_MONEY, Right.MANAGE_MONEY}
    ),
    Role.SUPPORT: frozenset({Right.SEE, Right.SUPPORT, Right.SEE_AUDIT}),
    Role.READ_ONLY: frozenset({Right.SEE, Right.SEE_PRICES, Right.SEE_MONEY}),
}
_NEVER: dict[PartyKind, frozenset[Right]] = {
    PartyKind.OPERATOR: frozenset({Right.MANAGE_ORDERS, Right.RELEASE_ORDERS}),
    PartyKind.DISTRIBUTOR: frozenset({Right.RUN_SERVER, Right.MANAGE_ORDERS}),
    PartyKind.RESELLER: frozenset({Right.RUN_SERVER, Right.RELEASE_ORDERS}),
    PartyKind.CUSTOMER: frozenset(
        {Right.RUN_SERVER, Right.SUPPORT, Right.SET_PRICES, Right.MANAGE_ORDERS, Right.RELEASE_ORDERS, Right.MANAGE_MONEY}
    ),
}
PRIVATE_TO_A_PARTY = frozenset({Right.SEE_PRICES, Right.SET_PRICES, Right.SEE_MONEY, Right.MANAGE_MONEY, Right.RUN_SERVER})
"""not for somebody from above who is logged in as the party: prices are known to the two ends of an edge only"""


def rights_of(kind: PartyKind, role: Role, *, on_behalf: bool = False) -> frozenset[Right]:
    """Return what a role may do in a party of a kind; ``on_behalf``: by somebody from above who is logged in as the party."""
    rights = _BY_ROLE[role] - _NEVER[kind]
    return rights - PRIVATE_TO_A_PARTY if on_behalf else rights
