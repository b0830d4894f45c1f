"""A seller's books: a month for its tax adviser, a quarter for the tax office, and the accounts that bookings go to."""

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from server.domain.datev import Difference
from server.domain.datev_chart import AccountRole, Accounts, Chart, default_account, read_accounts
from server.domain.errors import Conflict, RuleBroken
from server.domain.month import Month
from server.domain.sentence import N_
from server.domain.summary_declaration import Span
from server.language import hint_of, say, sentence_of, translate
from server.services import books, summary_declaration
from server.services.books import AccountsPage, File
from server.web import visit
from server.web.days import today
from server.web.forms import Field, Form

pages = Blueprint("books", __name__, url_prefix="/books")
Answer = str | AnyResponse | tuple[str, int]
_KEYS = {
    "revenue_key": N_("Tax key of revenue with VAT"),
    "commission_key": N_("Tax key of commission with VAT"),
}


@pages.get("")
def show() -> Answer:
    """Show what a month comes to."""
    return _show(_month(Month.of(today()).before))


@pages.post("/datev")
def datev() -> Answer:
    """Send the books of a month as a file; where they may not leave, show why."""
    books.need_books(visit.actor())
    month = Month.parse(request.form.get("month", ""))
    try:
        return _send(books.export(visit.actor(), month, now=visit.now()))
    except RuleBroken as error:
        refusal = error
    try:
        differences = books.compare(visit.actor(), month)
    except RuleBroken:
        differences = ()
    return _show(month, refusal, differences), 422


@pages.get("/declaration")
def declare() -> Answer:
    """Show the summary declaration of a month or a quarter."""
    spans = _spans()
    span = _span(spans[0])
    made, refusal = None, None
    try:
        made = summary_declaration.declaration(visit.actor(), span)
    except RuleBroken as error:
        refusal = error
    return render_template("books/declaration.html", span=span, spans=spans, declaration=made, **_told(refusal))


@pages.get("/declaration.csv")
def declaration_file() -> Answer:
    """Send the summary declaration as the file that Mein ELSTER imports."""
    books.need_books(visit.actor())
    span = Span.parse(request.args.get("period", ""))
    return _send(summary_declaration.declaration_file(visit.actor(), span))


@pages.get("/accounts")
def accounts() -> Answer:
    """Show the form of the accounts."""
    known = books.accounts_page(visit.actor())
    return _page(_form(known.accounts), known)


@pages.post("/accounts")
def set_accounts() -> Answer:
    """Book to the accounts that the form says."""
    known = books.accounts_page(visit.actor())
    form = _form(known.accounts)
    form.read(request.form)
    wanted, broken = read_accounts(form.values)
    form.refuse(*broken)
    if form.errors or form.refusal:
        return _page(form, known, request.form.get("seen", "")), 422
    try:
        books.set_accounts(visit.actor(), wanted, seen=request.form.get("seen", ""), now=visit.now())
    except Conflict as error:
        latest = books.accounts_page(visit.actor())
        form.refuse(error)
        form.show_theirs(_texts(latest.accounts))
        return _page(form, latest), 409
    flash(translate(N_("Saved.")), "good")
    return redirect(url_for("books.show"), 303)


def _show(month: Month, refusal: RuleBroken | None = None, differences: tuple[Difference, ...] = ()) -> str:
    looked = books.look(visit.actor(), month)
    known = books.months(visit.actor(), today_month=Month.of(today()))
    told = {} if differences else _told(refusal)
    page = {"refusal": "", "advice": ""} | told
    return render_template("books/show.html", month=month, months=known, books=looked, differences=differences, **page)


def _told(refusal: RuleBroken | None) -> dict[str, str]:
    return {"refusal": sentence_of(refusal) if refusal else "", "advice": hint_of(refusal) if refusal else ""}


def _send(file: File) -> Response:
    disposition = f'attachment; filename="{file.name}"'
    return Response(file.content, content_type="text/csv", headers={"Content-Disposition": disposition})


def _month(otherwise: Month) -> Month:
    """Return the month that the address asks for; whatever makes no sense counts as not said."""
    try:
        return Month.parse(request.args.get("month", ""))
    except RuleBroken:
        return otherwise


def _span(otherwise: Span) -> Span:
    try:
        return Span.parse(request.args.get("period", ""))
    except RuleBroken:
        return otherwise


def _spans() -> tuple[Span, ...]:
    """Return what may be declared: the quarters of a year back from the last whole one, then the months."""
    month = Month.of(today()).before
    months: list[Month] = []
    while len(months) < 12:
        months.append(month)
        month = month.before
    quarters = [Span(one, 3) for one in months if one.number in {1, 4, 7, 10} and one.next.next in months]
    return (*quarters, *(Span(one, 1) for one in months))


def _form(known: Accounts) -> Form:
    charts = tuple((str(one), one.label) for one in Chart)
    fields = [Field("chart", N_("Chart of accounts"), kind="choice", choices=charts, required=True)]
    fields += [
        Field(
            str(role), role.label, maximum=4, short=True, inputmode="numeric", autocomplete="off", depends=True,
            hint=say(N_("else {account}"), account=default_account(known.chart, role)),
        )
        for role in AccountRole
    ]  # fmt: skip
    for name, label in _KEYS.items():
        fields.append(Field(name, label, maximum=4, short=True, inputmode="numeric", autocomplete="off", depends=True))
    return Form(fields, _texts(known))


def _texts(known: Accounts) -> dict[str, str]:
    chosen = {str(role): account for role, account in (known.chosen or {}).items()}
    empty = {str(role): "" for role in AccountRole}
    keys = {"revenue_key": known.revenue_key, "commission_key": known.commission_key}
    return {"chart": str(known.chart), **empty, **chosen, **keys}


def _page(form: Form, known: AccountsPage, seen: str = "") -> str:
    roles = [str(role) for role in AccountRole]
    return render_template("books/accounts.html", form=form, roles=roles, keys=list(_KEYS), seen=seen or known.seen)
