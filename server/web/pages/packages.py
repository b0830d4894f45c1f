"""The catalogue: what is sold, what each version includes, and its prices on both edges of the reader's party."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import NotAllowed, RuleBroken
from server.domain.packages import Contents
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.seats import AgentKind, Seats, read_count
from server.domain.sentence import N_
from server.language import say, translate
from server.services import catalogue, prices
from server.services.catalogue import PackageSheet
from server.web import visit
from server.web.days import read_day, today
from server.web.deeds import LABELS
from server.web.forms import Field, Form

pages = Blueprint("packages", __name__, url_prefix="/packages")
Answer = str | Response | tuple[str, int]


@pages.get("")
def show() -> Answer:
    """Show all packages that the reader's party knows, with today's prices."""
    known = {offer.version.id: offer for offer in prices.offers(visit.actor())} if visit.may(Right.SEE_PRICES) else {}
    return render_template(
        "packages/show.html",
        sheets=catalogue.packages(visit.actor()),
        offers=known,
        today=today(),
        may_create=_may_create(),
        kind=visit.actor().kind,
    )


@pages.get("/new")
def create() -> Answer:
    """Show the empty form of a package."""
    _need_creation()
    return _sheet(N_("New package"), _form(with_code=True))


@pages.post("/new")
def save_new() -> Answer:
    """Create a package."""
    _need_creation()
    form = _form(with_code=True)
    if not form.read(request.form):
        return _sheet(N_("New package"), form), 422
    sent = form.values
    try:
        package_id = catalogue.create_package(
            visit.actor(),
            code=sent["code"],
            name=sent["name"],
            contents=_contents(sent),
            starts=read_day(sent["valid_from"], field="valid_from"),
            today=today(),
            now=visit.now(),
        )
    except RuleBroken as error:
        form.refuse(error)
        return _sheet(N_("New package"), form), 422
    flash(say(N_("{name} was created. Set its price now."), name=sent["name"]), "good")
    return redirect(url_for("packages.look", package_id=package_id), 303)


@pages.get("/<id:package_id>")
def look(package_id: int) -> Answer:
    """Show a package, its versions and their prices."""
    sheet = catalogue.package(visit.actor(), package_id)
    sees = visit.may(Right.SEE_PRICES)
    return render_template(
        "packages/look.html",
        sheet=sheet,
        offers={one.id: prices.offer(visit.actor(), one.id) for one in sheet.versions} if sees else {},
        today=today(),
        may_set=visit.may(Right.SET_PRICES) and visit.actor().kind.below is not None,
        kind=visit.actor().kind,
    )


@pages.post("/<id:package_id>/name")
def rename(package_id: int) -> Answer:
    """Call a package otherwise."""
    catalogue.rename_package(visit.actor(), package_id, request.form.get("name", ""), now=visit.now())
    flash(translate(N_("Saved.")), "good")
    return redirect(url_for("packages.look", package_id=package_id), 303)


@pages.get("/<id:package_id>/versions/new")
def new_version(package_id: int) -> Answer:
    """Show the form of other contents, filled with those of now."""
    sheet = _to_change(package_id)
    return _sheet(N_("Other contents of {name}"), _form(_values(sheet)), sheet)


@pages.post("/<id:package_id>/versions/new")
def add_version(package_id: int) -> Answer:
    """Let a package include something else from a day on."""
    sheet = _to_change(package_id)
    form = _form(_values(sheet))
    if not form.read(request.form):
        return _sheet(N_("Other contents of {name}"), form, sheet), 422
    try:
        catalogue.add_version(
            visit.actor(),
            package_id,
            contents=_contents(form.values),
            starts=read_day(form.values["valid_from"], field="valid_from"),
            today=today(),
            now=visit.now(),
        )
    except RuleBroken as error:
        form.refuse(error)
        return _sheet(N_("Other contents of {name}"), form, sheet), 422
    flash(translate(N_("Saved. It has no price yet.")), "good")
    return redirect(url_for("packages.look", package_id=package_id), 303)


def _form(known: Mapping[str, str] | None = None, *, with_code: bool = False) -> Form:
    named = (
        Field("code", N_("Short name"), required=True, maximum=12, autocomplete="off", short=True, hint=N_("such as S or M-100")),
        Field("name", LABELS["name"], required=True, maximum=70, autocomplete="off"),
    )
    counted = {"included_gb": N_("Storage included, in GB"), "workstations": N_("Workstations"), "servers": N_("Servers")}
    counted |= {str(kind): say(N_("Agents: {kind}"), kind=kind) for kind in AgentKind}
    fields = [
        Field(name, label, required=name == "included_gb", maximum=7, inputmode="numeric", short=True)
        for name, label in counted.items()
    ]
    begins = Field("valid_from", N_("Valid from"), kind="date", required=True, short=True)
    return Form([*(named if with_code else ()), *fields, begins], {"valid_from": today().isoformat(), **(known or {})})


def _contents(sent: Mapping[str, str]) -> Contents:
    included = read_count(sent["included_gb"], field="included_gb")
    workstations, servers = (read_count(sent[name], field=name) for name in ("workstations", "servers"))
    agents = {str(kind): read_count(sent[kind], field=kind) for kind in AgentKind}
    return Contents(included, Seats.of(workstations, servers, agents))


def _values(sheet: PackageSheet) -> dict[str, str]:
    contents = sheet.versions[0].contents
    counts = {"included_gb": contents.included_gb, "workstations": contents.seats.workstations, "servers": contents.seats.servers}
    counts |= {str(kind): contents.seats.agent_count(kind) for kind in AgentKind}
    return {name: str(count) for name, count in counts.items()}


def _sheet(heading: str, form: Form, sheet: PackageSheet | None = None) -> str:
    return render_template(
        "packages/form.html",
        heading=say(heading, name=sheet.name if sheet else ""),
        form=form,
        back_url=url_for("packages.look", package_id=sheet.id) if sheet else url_for("packages.show"),
        note=say(N_("What was agreed before stays as it is. The new contents get prices of their own.")) if sheet else "",
    )


def _may_create() -> bool:
    return visit.may(Right.SET_PRICES) and visit.actor().kind is PartyKind.OPERATOR


def _need_creation() -> None:
    visit.actor().need(Right.SET_PRICES)
    if not _may_create():
        raise NotAllowed(N_("Only the operator makes packages."))


def _to_change(package_id: int) -> PackageSheet:
    sheet = catalogue.package(visit.actor(), package_id)
    _need_creation()
    return sheet
