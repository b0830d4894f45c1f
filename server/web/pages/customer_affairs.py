"""What happens to a customer once in a while: transfer, end, its data as a file, erasure. Each asks before it does anything."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.domain.errors import Conflict, NotAllowed, RuleBroken
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import say, translate
from server.services import customers, hierarchy
from server.services.customer_privacy import erase_customer, export_customer
from server.services.customer_transfer import targets, transfer_customer
from server.services.customers import CustomerPage
from server.web import visit
from server.web.days import today
from server.web.forms import Field, Form

pages = Blueprint("affairs", __name__, url_prefix="/parties/<id:party_id>")
Answer = str | AnyResponse | tuple[str, int]
MOST_TARGETS = 500  # resellers in one choice; beyond that the search narrows it


@pages.get("/transfer")
def transfer(party_id: int) -> Answer:
    """Show to which resellers the customer may go."""
    return _transfer(customers.customer_page(visit.actor(), party_id), _transfer_form(party_id))


@pages.post("/transfer")
def do_transfer(party_id: int) -> Answer:
    """Let the customer belong to another reseller."""
    customer = customers.customer_page(visit.actor(), party_id)
    form = _transfer_form(party_id)
    if not form.read(request.form):
        return _transfer(customer, form), 422
    try:
        transfer_customer(
            visit.actor(), party_id, int(form.values["reseller"]), version=_version(), today=today(), now=visit.now()
        )
    except (RuleBroken, Conflict) as error:
        form.refuse(error)
        return _transfer(customer, form), error.http_status
    flash(say(N_("{name} was transferred."), name=customer.legal_name), "good")
    return redirect(url_for("parties.show", party_id=party_id), 303)


@pages.get("/end")
def end(party_id: int) -> Answer:
    """Ask whether the customer is to end."""
    customer = _of_seller(party_id)
    return _question(
        customer,
        heading=say(N_("End the business with {name}?"), name=customer.legal_name),
        text=translate(N_("Everything stays readable, and can be taken up again. Nothing can be changed meanwhile.")),
        button=translate(N_("End the business")),
    )


@pages.post("/end")
def do_end(party_id: int) -> Answer:
    """Let the customer end."""
    customers.end_customer(visit.actor(), party_id, version=_version(), now=visit.now())
    return _back(party_id, translate(N_("The business with this customer has ended.")))


@pages.post("/resume")
def resume(party_id: int) -> Answer:
    """Take the customer up again."""
    customers.resume_customer(visit.actor(), party_id, version=_version(), now=visit.now())
    return _back(party_id, translate(N_("The customer was taken up again.")))


@pages.post("/export")
def export(party_id: int) -> Answer:
    """Send everything that is known of the customer."""
    body = export_customer(visit.actor(), party_id, now=visit.now())
    name = f"customer-{party_id}-{today().isoformat()}.json"
    return Response(body, mimetype="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'})


@pages.get("/erase")
def erase(party_id: int) -> Answer:
    """Ask whether the customer is to be erased."""
    customer = _of_seller(party_id)
    visit.actor().need(Right.MANAGE_PARTIES)
    return _question(
        customer,
        heading=say(N_("Erase everything that is known of {name}?"), name=customer.legal_name),
        text=translate(
            N_(
                "Name, address, contacts, accounts and people are removed for good. The list of changes keeps what was done"
                " and when, without a word about persons. Invoices, signed orders and mandates are kept as long as the law"
                " demands."
            )
        ),
        button=translate(N_("Erase for good")),
    )


@pages.post("/erase")
def do_erase(party_id: int) -> Answer:
    """Erase the customer."""
    erase_customer(visit.actor(), party_id, version=_version(), now=visit.now())
    return _back(party_id, translate(N_("The customer was erased.")))


def _transfer_form(party_id: int) -> Form:
    found = targets(visit.actor(), party_id, most=MOST_TARGETS)
    choices = tuple((str(one.id), f"{one.legal_name} · {one.city}" if one.city else one.legal_name) for one in found)
    return Form((Field("reseller", N_("New reseller"), kind="choice", choices=choices),))


def _transfer(customer: CustomerPage, form: Form) -> str:
    return render_template(
        "customers/transfer.html", customer=customer, form=form, path=hierarchy.path(visit.actor(), customer.id)
    )


def _of_seller(party_id: int) -> CustomerPage:
    customer = customers.customer_page(visit.actor(), party_id)
    if not customer.may_confirm:
        raise NotAllowed(N_("Only the customer's reseller does this."), N_("Work as the reseller if you may."))
    return customer


def _question(customer: CustomerPage, *, heading: str, text: str, button: str) -> str:
    return render_template(
        "customers/question.html",
        customer=customer,
        heading=heading,
        text=text,
        button=button,
        path=hierarchy.path(visit.actor(), customer.id),
    )


def _back(party_id: int, text: str) -> AnyResponse:
    flash(text, "good")
    return redirect(url_for("parties.show", party_id=party_id), 303)


def _version() -> int:
    return request.form.get("version", type=int, default=0)
