"""What the database itself holds to."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from peewee import Database, DatabaseError, IntegrityError

from server.domain.actions import Action
from server.domain.party import PartyKind
from server.models.audit import AuditEntry
from server.models.party import Party
from server.services import audit
from tests.server.family import NOW, Family

EAST = timezone(timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, 0, 1, tzinfo=EAST),
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_a_moment_comes_back_to_the_microsecond_in_utc(database: Database, moment: datetime) -> None:
    """Whatever zone it was said in."""
    del database
    Party.create(kind=PartyKind.OPERATOR, legal_name="GDP", created_at=moment)

    found = Party.get().created_at
    assert found == moment
    assert found.tzinfo is UTC


def test_moments_sort_and_compare_as_time_does(database: Database, family: Family) -> None:
    """Also where one has microseconds and the other has none."""
    del database
    party = family["anna"]
    for seconds in (0.5, 0, 1, 0.000001):
        audit.record(None, Action.PARTY_CHANGED, now=NOW + timedelta(seconds=seconds), party_id=party, subject=("party", party))

    rows = [row.at - NOW for row in AuditEntry.select().order_by(AuditEntry.at)]
    assert [gap.total_seconds() for gap in rows] == [0, 0.000001, 0.5, 1]
    assert AuditEntry.select().where(AuditEntry.at > NOW).count() == 3


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    """It would mean another time elsewhere."""
    del database
    with pytest.raises(ValueError, match="time zone"):
        Party.create(kind=PartyKind.OPERATOR, legal_name="GDP", created_at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_there_is_one_operator_and_it_alone_has_nobody_above(family: Family) -> None:
    """The tree cannot fall apart."""
    with pytest.raises(IntegrityError):
        Party.create(kind=PartyKind.OPERATOR, legal_name="Second", created_at=NOW)
    with pytest.raises(IntegrityError):
        Party.create(kind=PartyKind.RESELLER, legal_name="Nobody's", created_at=NOW)
    with pytest.raises(IntegrityError):
        Party.delete().where(Party.id == family["alpha"]).execute()


def test_the_audit_log_can_only_grow(family: Family) -> None:
    """Not even a program that went wrong rewrites it; details of persons can be erased."""
    party = family["anna"]
    audit.record(None, Action.PARTY_CHANGED, now=NOW, party_id=party, subject=("party", party), details={"phone": ["1", "2"]})

    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.update(action="party.created").execute()
    with pytest.raises(DatabaseError, match="append-only"):
        AuditEntry.delete().execute()
    AuditEntry.update(details="{}").execute()
    assert [(row.action, row.details) for row in AuditEntry.select()] == [("party.changed", "{}")]
