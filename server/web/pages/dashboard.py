"""The first page: what is waiting for whom."""

from dataclasses import dataclass

from flask import Blueprint, render_template, url_for

from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import say, translate
from server.services import audit, hierarchy, orders, overview, prices, twofactor
from server.web import phrases, visit
from server.web.days import today

pages = Blueprint("dashboard", __name__)
LAST_CHANGES = 5


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for the reader, and where it is done."""

    text: str
    step: str
    url: str


@pages.get("/")
def home() -> str:
    """Show what is waiting, what lies below, and what was changed last."""
    actor = visit.actor()
    changes = audit.latest(actor, most=LAST_CHANGES) if visit.may(Right.SEE_AUDIT) else ()
    return render_template(
        "dashboard.html",
        tasks=_tasks(),
        counts=hierarchy.count_below(actor),
        supplier=hierarchy.supplier(actor),
        changes=changes,
    )


def _tasks() -> list[Task]:
    actor = visit.actor()
    waiting = overview.waiting(actor, now=visit.now())
    own = actor.party_id
    tasks = []
    if waiting.address_missing:
        text = N_("Your own address is missing. It stands on everything that is printed.")
        tasks.append(_task(text, N_("Fill it in"), url_for("parties.edit", party_id=own)))
    if waiting.is_first:
        kind = str(actor.kind.below)
        tasks.append(_task(phrases.NONE_YET[kind], phrases.NEW[kind], url_for("parties.create", party_id=own)))
    tasks += [
        Task(
            say(N_("Nobody has access at {party} yet."), party=party.legal_name),
            translate(N_("Invite somebody")),
            url_for("team.show", party_id=party.id),
        )
        for party in waiting.without_people
    ]
    if waiting.expired_invitations:
        text = say(N_("{count:invitation has|invitations have} expired without an answer."), count=waiting.expired_invitations)
        tasks.append(Task(text, translate(N_("Look at them")), url_for("team.show", party_id=own)))
    if waiting_orders := orders.count_waiting(actor):
        text = say(N_("{count:order waits|orders wait} for you."), count=waiting_orders)
        where = "releases.show" if visit.may(Right.RELEASE_ORDERS) else "orders.show"
        tasks.append(Task(text, translate(N_("Look at them")), url_for(where)))
    if waiting.troubled_mails:
        text = say(N_("{count:mail|mails} could not be sent."), count=waiting.troubled_mails)
        tasks.append(Task(text, translate(N_("Look at them")), url_for("outbox.show")))
    tasks += _losses()
    if not visit.viewer().on_behalf and not twofactor.standing(actor).is_on:
        text = N_("You log in without a second factor: whoever gets hold of your password is in.")
        tasks.append(_task(text, N_("Switch it on"), url_for("account.two_factor")))
    return tasks


def _losses() -> list[Task]:
    if not visit.may(Right.SET_PRICES):
        return []
    found = prices.losses(visit.actor(), today=today())
    now, later = (
        N_("You sell {package} for less than you pay for it."),
        N_("From {day} on you pay more for {package} than you ask."),
    )
    return [
        Task(
            say(now if one.since <= today() else later, package=one.package, day=one.since),
            translate(N_("Look at its prices")),
            url_for("packages.look", package_id=one.package_id),
        )
        for one in found
    ]


def _task(text: str, step: str, url: str) -> Task:
    return Task(translate(text), translate(step), url)
