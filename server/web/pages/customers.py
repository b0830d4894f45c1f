"""The record of a customer: contacts, bank account, clients and agents, the tax office's answer."""

from collections.abc import Callable, Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.domain.bank_account import read_account
from server.domain.contacts import ContactDetails
from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken
from server.domain.seats import AgentKind, Seats, read_count
from server.domain.sentence import N_
from server.language import say, translate
from server.services import customer_changes, customers, hierarchy
from server.services.customers import CustomerPage
from server.web import visit
from server.web.days import read_day, today
from server.web.deeds import LABELS
from server.web.forms import Field, Form

pages = Blueprint("customers", __name__, url_prefix="/parties/<id:party_id>")
Answer = str | Response | tuple[str, int]
Sent = Mapping[str, str]
_NOT_TO_CHANGE = (N_("Only the customer and its reseller change this."), N_("Work as the reseller if you may."))


@pages.get("/contacts/new")
def new_contact(party_id: int) -> Answer:
    """Show the empty form of a contact."""
    return _sheet(_to_change(party_id), N_("New contact of {name}"), _contact_form({}))


@pages.post("/contacts/new")
def add_contact(party_id: int) -> Answer:
    """Add a contact."""
    customer, form = _to_change(party_id), _contact_form({})

    def save(sent: Sent) -> None:
        customer_changes.add_contact(visit.actor(), party_id, ContactDetails(**sent), now=visit.now())

    return _saved(customer, N_("New contact of {name}"), form, save)


@pages.get("/contacts/<id:contact_id>")
def contact(party_id: int, contact_id: int) -> Answer:
    """Show the form of a contact."""
    customer = _to_change(party_id)
    return _sheet(customer, N_("Contact of {name}"), _contact_form(_contact(customer, contact_id)), contact_id=contact_id)


@pages.post("/contacts/<id:contact_id>")
def change_contact(party_id: int, contact_id: int) -> Answer:
    """Change a contact, unless somebody else has changed the customer meanwhile."""
    customer = _to_change(party_id)
    form = _contact_form(_contact(customer, contact_id))

    def save(sent: Sent) -> None:
        customer_changes.change_contact(
            visit.actor(), party_id, contact_id, ContactDetails(**sent), version=_version(), now=visit.now()
        )

    def theirs(latest: CustomerPage) -> Mapping[str, str]:
        return _contact(latest, contact_id)

    return _saved(customer, N_("Contact of {name}"), form, save, theirs, contact_id=contact_id)


@pages.post("/contacts/<id:contact_id>/remove")
def remove_contact(party_id: int, contact_id: int) -> Answer:
    """Remove a contact."""
    customer_changes.remove_contact(visit.actor(), party_id, contact_id, now=visit.now())
    flash(translate(N_("The contact was removed.")), "good")
    return redirect(url_for("parties.show", party_id=party_id), 303)


@pages.get("/account")
def account(party_id: int) -> Answer:
    """Show the form of the bank account."""
    customer = _to_change(party_id)
    return _sheet(customer, N_("Bank account of {name}"), _account_form(_account(customer)))


@pages.post("/account")
def set_account(party_id: int) -> Answer:
    """Let another account be the one in use."""
    customer = _to_change(party_id)
    form = _account_form(_account(customer))

    def save(sent: Sent) -> None:
        chosen = read_account(sent["iban"], sent["holder"])
        customer_changes.set_account(visit.actor(), party_id, chosen, version=_version(), now=visit.now())

    return _saved(customer, N_("Bank account of {name}"), form, save, _account)


@pages.get("/seats")
def seats(party_id: int) -> Answer:
    """Show the form of the clients and agents that are agreed."""
    customer = _to_change(party_id)
    return _sheet(customer, N_("Clients and agents of {name}"), _seats_form(_seats(customer)))


@pages.post("/seats")
def set_seats(party_id: int) -> Answer:
    """Let other numbers be agreed."""
    customer = _to_change(party_id)
    form = _seats_form(_seats(customer))

    def save(sent: Sent) -> None:
        counts = {name: read_count(text, field=name) for name, text in sent.items()}
        agreed = Seats.of(counts.pop("workstations"), counts.pop("servers"), counts)
        customer_changes.set_seats(visit.actor(), party_id, agreed, version=_version(), now=visit.now())

    return _saved(customer, N_("Clients and agents of {name}"), form, save, _seats)


@pages.get("/vat-confirmation")
def vat_confirmation(party_id: int) -> Answer:
    """Show the form of the tax office's answer."""
    customer = _to_confirm(party_id)
    return _sheet(customer, N_("Is the VAT id of {name} confirmed?"), _vat_form())


@pages.post("/vat-confirmation")
def confirm_vat_id(party_id: int) -> Answer:
    """Record the tax office's answer."""
    customer, form = _to_confirm(party_id), _vat_form()

    def save(sent: Sent) -> None:
        day = read_day(sent["confirmed_on"], field="confirmed_on")
        customer_changes.confirm_vat_id(
            visit.actor(),
            party_id,
            confirmed_on=day,
            reference=sent["reference"],
            version=_version(),
            today=today(),
            now=visit.now(),
        )

    return _saved(customer, N_("Is the VAT id of {name} confirmed?"), form, save)


def _contact_form(known: Mapping[str, str]) -> Form:
    fields = (
        Field("name", LABELS["name"], required=True, maximum=70, autocomplete="off"),
        Field("role", N_("What for"), maximum=70, autocomplete="off", hint=N_("such as purchasing, or computers")),
        Field("email", LABELS["email"], kind="email", maximum=254, autocomplete="off"),
        Field("phone", LABELS["phone"], kind="tel", maximum=40, autocomplete="off"),
    )
    return Form(fields, known)


def _account_form(known: Mapping[str, str]) -> Form:
    fields = (
        Field("iban", "IBAN", required=True, maximum=50, autocomplete="off", hint=N_("bank and BIC are found by themselves")),
        Field("holder", N_("Account holder"), required=True, maximum=70, autocomplete="off"),
    )
    return Form(fields, known)


def _seats_form(known: Mapping[str, str]) -> Form:
    labels = {"workstations": N_("Workstations"), "servers": N_("Servers")}
    labels |= {str(kind): say(N_("Agents: {kind}"), kind=kind) for kind in AgentKind}
    return Form((Field(name, label, maximum=6, inputmode="numeric", short=True) for name, label in labels.items()), known)


def _vat_form() -> Form:
    fields = (
        Field("confirmed_on", N_("Confirmed on"), kind="date", required=True, short=True),
        Field("reference", N_("Number of the answer"), maximum=60, autocomplete="off"),
    )
    return Form(fields, {"confirmed_on": today().isoformat()})


def _contact(customer: CustomerPage, contact_id: int) -> dict[str, str]:
    known = next((one for one in customer.contacts if one.id == contact_id), None)
    if known is None:
        raise NotFound(N_("There is no such contact."))
    details = known.details
    return {"name": details.name, "role": details.role, "email": details.email, "phone": details.phone}


def _account(customer: CustomerPage) -> dict[str, str]:
    known = customer.account
    return {"iban": known.iban, "holder": known.holder} if known else {"holder": customer.legal_name}


def _seats(customer: CustomerPage) -> dict[str, str]:
    known = customer.seats
    counts = {"workstations": known.workstations, "servers": known.servers}
    counts |= {str(kind): known.agent_count(kind) for kind in AgentKind}
    return {name: str(count) for name, count in counts.items()}


def _to_change(party_id: int) -> CustomerPage:
    customer = customers.customer_page(visit.actor(), party_id)
    if not customer.may_change:
        raise NotAllowed(*_NOT_TO_CHANGE)
    return customer


def _to_confirm(party_id: int) -> CustomerPage:
    customer = customers.customer_page(visit.actor(), party_id)
    if not customer.may_confirm:
        raise NotAllowed(N_("Only the customer's reseller does this."), N_("Work as the reseller if you may."))
    return customer


def _version() -> int:
    return request.form.get("version", type=int, default=0)


def _saved(
    customer: CustomerPage,
    heading: str,
    form: Form,
    save: Callable[[Sent], None],
    theirs: Callable[[CustomerPage], Mapping[str, str]] = lambda _latest: {},
    contact_id: int = 0,
) -> Answer:
    """Save what was sent and go back to the customer's page; or show the form with what is wrong, and what others saved."""
    if not form.read(request.form):
        return _sheet(customer, heading, form, contact_id=contact_id, version=_version()), 422
    try:
        save(form.values)
    except RuleBroken as error:
        form.refuse(error)
        return _sheet(customer, heading, form, contact_id=contact_id, version=_version()), 422
    except Conflict as error:
        latest = customers.customer_page(visit.actor(), customer.id)
        form.refuse(error)
        form.show_theirs(theirs(latest))
        return _sheet(latest, heading, form, contact_id=contact_id), 409
    flash(translate(N_("Saved.")), "good")
    return redirect(url_for("parties.show", party_id=customer.id), 303)


def _sheet(customer: CustomerPage, heading: str, form: Form, *, contact_id: int = 0, version: int | None = None) -> str:
    return render_template(
        "customers/form.html",
        form=form,
        heading=say(heading, name=customer.legal_name),
        path=hierarchy.path(visit.actor(), customer.id),
        version=customer.version if version is None else version,
        back_url=url_for("parties.show", party_id=customer.id),
        remove_url=url_for("customers.remove_contact", party_id=customer.id, contact_id=contact_id) if contact_id else "",
    )
