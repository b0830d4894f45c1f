"""The bank of a creditor: files that go out, files that come in, what waits for a person."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from server.domain.errors import RuleBroken
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import hint_of, say, sentence_of, translate
from server.services import bank_desk, collect, unmatched
from server.services.statements import Imported
from server.web import visit
from server.web.days import today
from server.web.lists import list_view, wish_of_request

pages = Blueprint("bank", __name__, url_prefix="/bank")
Answer = str | tuple[str, int]
MOST_FILES = 50  # at once
LONGEST_NUMBER = 60


@pages.get("")
def show() -> str:
    """Show what went to the bank, and where its answers are brought in."""
    return _desk()


@pages.post("/statements")
def take_in() -> Answer:
    """Carry out what files from the bank say; one that is refused does not hold up the others."""
    visit.actor().need(Right.MANAGE_MONEY)
    done: list[str] = []
    refused: list[str] = []
    for sent in request.files.getlist("files")[:MOST_FILES]:
        if not sent.filename:
            continue
        name = sent.filename[-100:]
        try:
            done += _said(name, bank_desk.take_in(visit.actor(), name, sent.read(), now=visit.now()))
        except RuleBroken as error:
            refused.append(f"{name}: {sentence_of(error)} {hint_of(error)}".strip())
    if not done and not refused:
        refused.append(translate(N_("No file was chosen.")))
    return _desk(tuple(done), tuple(refused)), 200 if done else 422


@pages.post("/undecided/<id:part_id>")
def give(part_id: int) -> Answer | Redirect:
    """Give a payment to what it pays, by the number of that."""
    try:
        unmatched.assign_by_number(visit.actor(), part_id, request.form.get("number", "")[:LONGEST_NUMBER], now=visit.now())
    except RuleBroken as error:
        return _desk(refused=(f"{sentence_of(error)} {hint_of(error)}".strip(),)), error.http_status
    flash(translate(N_("The payment was assigned.")), "good")
    return redirect(url_for("bank.show"), 303)


@pages.get("/files/<id:file_id>")
def fetch(file_id: int) -> Response:
    """Send a file for the bank, as it was made."""
    name, data = bank_desk.file_bytes(visit.actor(), file_id, visit.files())
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(data, mimetype="application/xml", headers=headers)


@pages.get("/plan")
def plan() -> str:
    """Show what would be collected today."""
    visit.actor().need(Right.MANAGE_MONEY)
    planned = collect.plan(visit.actor().party_id, today())
    return render_template("bank/plan.html", sentences=[say(text, **facts) for text, facts in planned.sentences()])


def _desk(done: tuple[str, ...] = (), refused: tuple[str, ...] = ()) -> str:
    found = bank_desk.files_out(visit.actor(), page=wish_of_request("").page)
    return render_template(
        "bank/show.html",
        list=list_view(wish_of_request(""), found),
        undecided=bank_desk.undecided(visit.actor()),
        done=done,
        refused=refused,
        may_act=visit.may(Right.MANAGE_MONEY),
    )


def _said(name: str, found: Imported) -> list[str]:
    if found.is_known:
        return [say(N_("{name} was read before. Nothing was changed."), name=name)]
    told = [
        say(
            N_("{name}: {bookings:booking|bookings}; {decided} decided, {queued} wait for you; {rejected} rejected by the bank."),
            name=name,
            bookings=found.bookings,
            decided=found.decided,
            queued=found.queued,
            rejected=found.rejected,
        )
    ]
    return told + [
        say(N_("A statement before number {number} is missing. Ask the bank for it."), number=one) for one in found.missing
    ]
