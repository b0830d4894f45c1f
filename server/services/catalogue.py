"""The catalogue: the operator's packages, their versions, and who is offered them. What a version includes never changes."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from peewee import Expression, IntegrityError, fn

from server.domain.actions import Action
from server.domain.addresses import clean_text
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.packages import Contents, read_code
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.seats import Seats
from server.domain.sentence import N_
from server.models.base import database
from server.models.catalogue import Package, PackageVersion, Price
from server.models.party import Party
from server.services import audit
from server.services.scope import Actor, hold

NAME_LENGTH = 70


@dataclass(frozen=True, slots=True)
class Version:
    """What a package includes from a day on."""

    id: int
    number: int
    contents: Contents
    valid_from: date


@dataclass(frozen=True, slots=True)
class PackageSheet:
    """A package with all its versions."""

    id: int
    code: str
    name: str
    versions: tuple[Version, ...]
    """the newest first; one at least"""
    may_change: bool

    def current(self, day: date) -> Version | None:
        """Return what can be ordered on a day; None: nothing yet."""
        return next((version for version in self.versions if version.valid_from <= day), None)


def create_package(actor: Actor, *, code: str, name: str, contents: Contents, starts: date, today: date, now: datetime) -> int:
    """Create a package with its first version. Returns its id. Raises NotAllowed, RuleBroken."""
    try:
        with database.atomic():
            _need_owner(actor)
            package = Package.create(owner=actor.party_id, code=read_code(code), name=_read_name(name))
            _add(package, 1, contents, starts, today=today, now=now)
            about = ("package", package.id)
            details = {"code": package.code, "name": package.name}
            audit.record(actor, Action.PACKAGE_CREATED, now=now, party_id=actor.party_id, subject=about, details=details)
            return int(package.id)
    except IntegrityError as error:
        raise RuleBroken(N_("There is a package {code} already."), field="code", code=read_code(code)) from error


def rename_package(actor: Actor, package_id: int, name: str, *, now: datetime) -> None:
    """Call a package otherwise. Raises NotFound, NotAllowed, RuleBroken."""
    with database.atomic():
        package = _own_package(actor, package_id)
        before, after = package.name, _read_name(name)
        Package.update(name=after).where(Package.id == package.id).execute()
        audit.record(
            actor, Action.PACKAGE_RENAMED, now=now, party_id=actor.party_id, subject=("package", package.id),
            details={"name": [before, after]},
        )  # fmt: skip


def add_version(actor: Actor, package_id: int, *, contents: Contents, starts: date, today: date, now: datetime) -> int:
    """Let a package include something else from a day on, for what is ordered from then on. Returns the version's id.

    Raises: NotFound, NotAllowed; RuleBroken for a day that has gone, or on which another version begins.
    """
    with database.atomic():
        package = _own_package(actor, package_id)
        hold(actor.party_id)
        versions = list(PackageVersion.select().where(PackageVersion.package == package.id))
        if any(version.valid_from == starts for version in versions):
            raise RuleBroken(N_("Another version begins on {day}."), field="valid_from", day=starts)
        row = _add(package, max(version.number for version in versions) + 1, contents, starts, today=today, now=now)
        audit.record(
            actor, Action.PACKAGE_VERSION_ADDED, now=now, party_id=actor.party_id, subject=("package", package.id),
            details={"number": row.number, "valid_from": starts},
        )  # fmt: skip
        return int(row.id)


def packages(actor: Actor) -> tuple[PackageSheet, ...]:
    """Return the packages that the actor's party owns, buys or sells, by code. Raises NotAllowed."""
    actor.need(Right.SEE)
    rows = Package.select().where(_known_to(actor)).order_by(fn.LOWER(Package.code), Package.id)
    return tuple(_sheet(actor, row) for row in rows)


def package(actor: Actor, package_id: int) -> PackageSheet:
    """Return a package that the actor's party owns, buys or sells. Raises NotFound."""
    actor.need(Right.SEE)
    row = Package.get_or_none((Package.id == package_id) & _known_to(actor))
    if row is None:
        raise NotFound(N_("There is no such package."))
    return _sheet(actor, row)


def version_of(actor: Actor, version_id: int) -> tuple[PackageSheet, Version]:
    """Return a version that the actor's party owns, buys or sells, and its package. Raises NotFound."""
    row = PackageVersion.get_or_none(PackageVersion.id == version_id)
    if row is None:
        raise NotFound(N_("There is no such package."))
    sheet = package(actor, row.package_id)
    return sheet, next(version for version in sheet.versions if version.id == version_id)


def _known_to(actor: Actor) -> Expression:
    """Return the condition on ``Package`` for what a party owns, sells, or is offered by the party above."""
    seller = Party.select(Party.parent).where(Party.id == actor.party_id)
    offered = (Price.seller.in_(seller)) & (Price.buyer.is_null() | (Price.buyer == actor.party_id))
    versions = Price.select(Price.version).where(offered | (Price.seller == actor.party_id))
    traded = PackageVersion.select(PackageVersion.package).where(PackageVersion.id.in_(versions))
    return (Package.owner == actor.party_id) | Package.id.in_(traded)


def _sheet(actor: Actor, row: Package) -> PackageSheet:
    found = PackageVersion.select().where(PackageVersion.package == row.id).order_by(PackageVersion.valid_from.desc())
    versions = tuple(Version(one.id, one.number, _contents(one), one.valid_from) for one in found)
    return PackageSheet(row.id, row.code, row.name, versions, actor.may(Right.SET_PRICES) and row.owner_id == actor.party_id)


def _contents(row: PackageVersion) -> Contents:
    return Contents(row.included_gb, Seats.of(row.workstations, row.servers, json.loads(row.agents)))


def _add(package: Package, number: int, contents: Contents, starts: date, *, today: date, now: datetime) -> PackageVersion:
    if starts < today:
        raise RuleBroken(N_("A version cannot begin in the past."), field="valid_from")
    seats = contents.seats
    agents = json.dumps({str(kind): count for kind, count in seats.agents})
    return PackageVersion.create(
        package=package.id, number=number, included_gb=contents.included_gb, valid_from=starts, created_at=now,
        workstations=seats.workstations, servers=seats.servers, agents=agents,
    )  # fmt: skip


def _read_name(text: str) -> str:
    if not (name := clean_text(text, field="name", longest=NAME_LENGTH)):
        raise RuleBroken(N_("The name is missing."), field="name")
    return name


def _need_owner(actor: Actor) -> None:
    actor.need(Right.SET_PRICES)
    if actor.kind is not PartyKind.OPERATOR:
        raise NotAllowed(N_("Only the operator makes packages."))


def _own_package(actor: Actor, package_id: int) -> Package:
    row = Package.get_or_none((Package.id == package_id) & _known_to(actor))
    if row is None:
        raise NotFound(N_("There is no such package."))
    _need_owner(actor)
    return row
