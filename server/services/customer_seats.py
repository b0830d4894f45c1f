"""The clients and agents that a customer agreed on, as rows."""

from server.domain.seats import SeatKind, Seats
from server.models.customer import Seat


def seats_of(customer_id: int) -> Seats:
    """Return how many of each kind a customer agreed on."""
    rows = list(Seat.select().where(Seat.customer == customer_id))
    counts = {row.kind: row.count for row in rows}
    agents = {str(row.agent_kind): row.count for row in rows if row.kind is SeatKind.AGENT}
    return Seats.of(counts.get(SeatKind.WORKSTATION, 0), counts.get(SeatKind.SERVER, 0), agents)


def keep_seats(customer_id: int, seats: Seats) -> None:
    """Let these be a customer's seats. To be called inside a transaction."""
    Seat.delete().where(Seat.customer == customer_id).execute()
    for kind, count in ((SeatKind.WORKSTATION, seats.workstations), (SeatKind.SERVER, seats.servers)):
        if count:
            Seat.create(customer=customer_id, kind=kind, count=count)
    for agent_kind, count in seats.agents:
        Seat.create(customer=customer_id, kind=SeatKind.AGENT, agent_kind=agent_kind, count=count)
