"""Clients and agents by kind and number: what a package includes, what a customer agreed on. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from server.domain.errors import RuleBroken
from server.domain.sentence import N_, Word

MOST = 100_000  # of one kind; more is a slip of the finger


class SeatKind(Word):
    """What a seat is for."""

    WORKSTATION = "workstation", N_("Workstation")
    SERVER = "server", N_("Server")
    AGENT = "agent", N_("Agent")


class AgentKind(Word):
    """What application data an agent saves."""

    POSTGRESQL = "postgresql", N_("PostgreSQL")
    MYSQL = "mysql", N_("MySQL or MariaDB")


@dataclass(frozen=True, slots=True)
class Seats:
    """How many of each kind."""

    workstations: int = 0
    servers: int = 0
    agents: tuple[tuple[AgentKind, int], ...] = ()
    """those of which there is at least one, by name"""

    def __post_init__(self) -> None:
        for kind, count in (("workstations", self.workstations), ("servers", self.servers), *self.agents):
            if not 0 <= count <= MOST:
                raise RuleBroken(N_("{count} is no number of clients."), field=str(kind), count=count)
        kinds = [kind for kind, _count in self.agents]
        if len(set(kinds)) != len(kinds):
            raise RuleBroken(N_("A kind of agent is named twice."), field="agents")
        object.__setattr__(self, "agents", tuple(sorted(one for one in self.agents if one[1])))

    @classmethod
    def of(cls, workstations: int, servers: int, agents: Mapping[str, int]) -> Self:
        """Return them from what a form or a row holds. Raises RuleBroken, also for an unknown kind of agent."""
        return cls(workstations, servers, tuple((read_agent_kind(kind), count) for kind, count in agents.items()))

    def agent_count(self, kind: AgentKind) -> int:
        """Return how many agents of a kind there are."""
        return dict(self.agents).get(kind, 0)

    @property
    def clients(self) -> int:
        """Workstations and servers together."""
        return self.workstations + self.servers

    def beyond(self, included: "Seats") -> "Seats":
        """Return how many more of each there are than a package includes."""
        return Seats(
            max(0, self.workstations - included.workstations),
            max(0, self.servers - included.servers),
            tuple((kind, max(0, count - included.agent_count(kind))) for kind, count in self.agents),
        )


def read_count(text: str, *, field: str) -> int:
    """Return a number as somebody types it; nothing is 0. Raises RuleBroken."""
    clean = text.strip()
    if clean and not (clean.isascii() and clean.isdigit() and len(clean) <= len(str(MOST)) and int(clean) <= MOST):
        raise RuleBroken(N_("“{text}” is no number from 0 to {most}."), field=field, text=clean, most=MOST)
    return int(clean or 0)


def read_agent_kind(text: str) -> AgentKind:
    """Return the kind of agent that is meant. Raises RuleBroken."""
    kind = next((kind for kind in AgentKind if kind == text), None)
    if kind is None:
        kinds = ", ".join(AgentKind)
        raise RuleBroken(N_("“{text}” is no kind of agent."), N_("There are: {kinds}."), field="agents", text=text, kinds=kinds)
    return kind
