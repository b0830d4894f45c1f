"""The people of a party: who works there as what, who is invited."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.rights import Right, Role
from server.domain.sentence import N_
from server.language import LANGUAGES, say, translate
from server.services import hierarchy, people
from server.services.hierarchy import Step
from server.web import phrases, visit
from server.web.deeds import LABELS
from server.web.forms import Field, Form

pages = Blueprint("team", __name__, url_prefix="/parties/<id:party_id>/people")
OWN_AND_BELOW = 2  # parties on the way, both ends counted
Answer = str | Response | tuple[str, int]


@pages.get("")
def show(party_id: int) -> Answer:
    """Show who works at a party, and the form of an invitation."""
    return _team(party_id, _form())


@pages.post("")
def invite(party_id: int) -> Answer:
    """Send an invitation."""
    form = _form()
    _managed(party_id)
    if not form.read(request.form):
        return _team(party_id, form), 422
    sent = form.values
    try:
        people.invite(
            visit.actor(),
            party_id,
            email=sent["email"],
            role=Role(sent["role"]),
            name=sent["name"],
            language=sent["language"],
            now=visit.now(),
        )
    except RuleBroken as error:
        form.refuse(error)
        return _team(party_id, form), 422
    flash(say(N_("The invitation for {email} is on its way."), email=sent["email"]), "good")
    return _back(party_id)


@pages.post("/invitations/<id:invitation_id>/revoke")
def revoke(party_id: int, invitation_id: int) -> Answer:
    """Withdraw an invitation."""
    people.revoke_invitation(visit.actor(), party_id, invitation_id, now=visit.now())
    flash(translate(N_("The invitation was withdrawn. Its link does not work any more.")), "good")
    return _back(party_id)


@pages.post("/<id:user_id>/role")
def change_role(party_id: int, user_id: int) -> Answer:
    """Give somebody another role."""
    role = request.form.get("role", "")
    if role not in list(Role):
        raise RuleBroken(N_("Please choose one of the list."), field="role")
    people.change_role(visit.actor(), party_id, user_id, Role(role), now=visit.now())
    flash(translate(N_("Saved.")), "good")
    return _back(party_id)


@pages.get("/<id:user_id>/remove")
def confirm_removal(party_id: int, user_id: int) -> Answer:
    """Ask whether somebody is really to be removed."""
    path = _managed(party_id)
    members = people.list_members(visit.actor(), party_id)
    member = next((member for member in members if member.user_id == user_id), None)
    if member is None:
        raise NotFound(N_("There is no such person."))
    return render_template("team/remove.html", member=member, party_id=party_id, party_name=path[-1].legal_name)


@pages.post("/<id:user_id>/remove")
def remove(party_id: int, user_id: int) -> Answer:
    """Take somebody's access away."""
    people.remove_member(visit.actor(), party_id, user_id, now=visit.now())
    flash(translate(N_("The access was taken away.")), "good")
    return _back(party_id)


def _form() -> Form:
    roles = tuple((role, role.label) for role in Role)
    return Form(
        (
            Field("name", N_("Name"), maximum=70, autocomplete="off"),
            Field("email", LABELS["email"], kind="email", required=True, maximum=254, autocomplete="off"),
            Field("role", LABELS["role"], kind="choice", choices=roles),
            Field("language", LABELS["language"], kind="choice", choices=tuple(phrases.LANGUAGE.items())),
        ),
        {"role": Role.OWNER, "language": LANGUAGES[0]},
    )


def _team(party_id: int, form: Form) -> str:
    path = hierarchy.path(visit.actor(), party_id)
    return render_template(
        "team/show.html",
        party_id=party_id,
        party_name=path[-1].legal_name,
        path=path,
        members=people.list_members(visit.actor(), party_id),
        invitations=people.list_invitations(visit.actor(), party_id),
        may_manage=_may_manage(path),
        roles=tuple(Role),
        form=form,
        now=visit.now(),
    )


def _managed(party_id: int) -> tuple[Step, ...]:
    """Return the way to a party whose people the reader may change. Raises NotFound, NotAllowed."""
    path = hierarchy.path(visit.actor(), party_id)
    if not _may_manage(path):
        raise NotAllowed(N_("Your role does not permit to change the people of this party."))
    return path


def _may_manage(path: tuple[Step, ...]) -> bool:
    """Say whether the form is of use here: at the own party, and directly below it. The service decides."""
    return visit.may(Right.MANAGE_USERS) and len(path) <= OWN_AND_BELOW


def _back(party_id: int) -> Response:
    return redirect(url_for("team.show", party_id=party_id), 303)
