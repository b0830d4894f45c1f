"""Parties and users for tests: two of each level below the operator, so that everybody has a neighbour.

::

    operator
    ├── north (distributor)
    │   ├── alpha (reseller)
    │   │   ├── anna (customer)
    │   │   └── axel (customer)
    │   └── beta (reseller)
    │       └── berta (customer)
    └── south (distributor)
        └── gamma (reseller)
            └── greta (customer)
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from server.domain.party import PartyKind, SalesMode
from server.domain.rights import Role
from server.models.party import Party
from server.models.people import Membership, User
from server.services.scope import Actor

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
TREE: dict[str, tuple[str | None, PartyKind]] = {
    "operator": (None, PartyKind.OPERATOR),
    "north": ("operator", PartyKind.DISTRIBUTOR),
    "south": ("operator", PartyKind.DISTRIBUTOR),
    "alpha": ("north", PartyKind.RESELLER),
    "beta": ("north", PartyKind.RESELLER),
    "gamma": ("south", PartyKind.RESELLER),
    "anna": ("alpha", PartyKind.CUSTOMER),
    "axel": ("alpha", PartyKind.CUSTOMER),
    "berta": ("beta", PartyKind.CUSTOMER),
    "greta": ("gamma", PartyKind.CUSTOMER),
}


@dataclass(frozen=True, slots=True)
class Family:
    """The numbers of the parties by their names."""

    ids: dict[str, int]

    def __getitem__(self, name: str) -> int:
        return self.ids[name]

    def user(self, party: str, role: Role = Role.OWNER) -> User:
        """Return the user of a role in a party, made where there is none yet; without a password."""
        email = f"{role}@{party}.example"
        user = User.get_or_none(User.email == email)
        if user is None:
            user = User.create(email=email, name=f"{role.label} of {party}", language="en", created_at=NOW)
            Membership.create(user=user, party=self[party], role=role)
        return user

    def actor(self, party: str, role: Role = Role.OWNER, *, on_behalf_of: str | None = None) -> Actor:
        """Return somebody who is logged in: as the own party, or as one below."""
        acting = on_behalf_of or party
        return Actor(
            user_id=self.user(party, role).id,
            party_id=self[acting],
            kind=TREE[acting][1],
            role=role,
            session_id=0,
            home_party_id=self[party],
        )


def make_family() -> Family:
    """Create the parties in the database that is bound."""
    ids: dict[str, int] = {}
    for name, (parent, kind) in TREE.items():
        ids[name] = Party.create(
            parent=ids[parent] if parent else None,
            kind=kind,
            mode=SalesMode.RESALE if kind is PartyKind.RESELLER else None,
            legal_name=f"{name.capitalize()} GmbH",
            created_at=NOW,
        ).id
    return Family(ids)
