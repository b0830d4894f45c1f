"""The catalogue: the operator makes packages, whose versions never change."""

from datetime import date

import pytest
from peewee import Database, DatabaseError

from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.packages import Contents, read_code
from server.domain.rights import Role
from server.domain.seats import Seats
from server.models.catalogue import PackageVersion
from server.services import catalogue
from tests.server.family import NOW, Family
from tests.server.services.shop import NEXT_YEAR, TODAY, open_shop

LARGER = Contents(250, Seats.of(5, 2, {"postgresql": 1}))


def test_a_package_gets_another_content_from_a_day_on(family: Family) -> None:
    """What can be ordered before is what it was."""
    shop = open_shop(family)
    operator = family.actor("operator")
    catalogue.add_version(operator, shop.package_id, contents=LARGER, starts=NEXT_YEAR, today=TODAY, now=NOW)

    sheet = catalogue.package(family.actor("alpha"), shop.package_id)
    before, after = sheet.current(date(2026, 12, 31)), sheet.current(NEXT_YEAR)
    assert before is not None
    assert after is not None
    assert (before.number, before.contents) == (1, Contents(100, Seats(3, 1)))
    assert (after.number, after.contents) == (2, LARGER)
    assert sheet.current(date(2026, 1, 1)) is None
    assert not sheet.may_change


def test_the_database_itself_refuses_to_rewrite_a_version(family: Family, database: Database) -> None:
    """What was agreed refers to it."""
    open_shop(family)
    with pytest.raises(DatabaseError), database.atomic():
        PackageVersion.update(included_gb=1).execute()

    assert PackageVersion.get().included_gb == 100


@pytest.mark.parametrize(
    ("who", "role"), [("north", Role.OWNER), ("alpha", Role.OWNER), ("anna", Role.OWNER), ("operator", Role.READ_ONLY)]
)
def test_only_the_operator_makes_packages(family: Family, who: str, role: Role) -> None:
    """And there only who sets prices."""
    shop = open_shop(family)
    actor = family.actor(who, role)
    with pytest.raises(NotAllowed):
        catalogue.create_package(actor, code="M", name="M", contents=LARGER, starts=TODAY, today=TODAY, now=NOW)
    with pytest.raises(NotAllowed):
        catalogue.rename_package(actor, shop.package_id, "Other", now=NOW)
    with pytest.raises(NotAllowed):
        catalogue.add_version(actor, shop.package_id, contents=LARGER, starts=NEXT_YEAR, today=TODAY, now=NOW)


def test_who_is_not_offered_a_package_does_not_know_it(family: Family) -> None:
    """To change it as well."""
    shop = open_shop(family)

    with pytest.raises(NotFound):
        catalogue.rename_package(family.actor("gamma"), shop.package_id, "Other", now=NOW)


def test_what_makes_no_sense_is_refused_with_its_field(family: Family) -> None:
    """A code twice, a day that has gone, two versions on one day, no name, more than there is."""
    shop = open_shop(family)
    operator = family.actor("operator")
    yesterday = date(2026, 11, 23)
    for code, name, starts, field in (
        ("S", "S", TODAY, "code"),
        ("S M", "S", TODAY, "code"),
        ("M", " ", TODAY, "name"),
        ("M", "M", yesterday, "valid_from"),
    ):
        with pytest.raises(RuleBroken) as caught:
            catalogue.create_package(operator, code=code, name=name, contents=LARGER, starts=starts, today=TODAY, now=NOW)
        assert caught.value.field == field
    with pytest.raises(RuleBroken) as caught:
        catalogue.add_version(operator, shop.package_id, contents=LARGER, starts=TODAY, today=TODAY, now=NOW)
    assert caught.value.field == "valid_from"
    with pytest.raises(RuleBroken):
        Contents(-1, Seats())

    assert [sheet.code for sheet in catalogue.packages(operator)] == ["S"]
    assert read_code(" m-100 ") == "M-100"


def test_a_package_is_renamed(family: Family) -> None:
    """Its code stays."""
    shop = open_shop(family)
    catalogue.rename_package(family.actor("operator"), shop.package_id, " Small ", now=NOW)

    assert catalogue.package(family.actor("anna"), shop.package_id).name == "Small"
