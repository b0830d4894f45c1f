"""What the pages do with good and with bad input, through the app as a browser uses it."""

import re
from datetime import UTC, datetime

import pytest
from flask import Flask

from server.domain.rights import Role
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.models.people import Invitation, Membership, User
from server.models.sessions import Session
from server.services.passwords import hash_password
from tests.server.family import NOW, Family
from tests.server.web.visitor import Visitor, Visitors

PASSWORD = "korrekt pferd batterie heft"
FORM = {
    "legal_name": "Datenhaus GmbH", "street": "Hafenstraße", "house_number": "7", "postal_code": "20457", "city": "Hamburg",
    "country": "DE", "email": "post@datenhaus.example", "tax_status": "standard", "mode": "resale",
}  # fmt: skip


def create(visitor: Visitor, family: Family, **changes: str) -> int:
    """Send the form of a new reseller below north; returns the status."""
    page = f"/parties/{family['north']}/new"
    return visitor.send(page, **(FORM | changes)).status_code


def test_a_reseller_is_created_and_shown(visitors: Visitors, family: Family) -> None:
    """The way that everybody goes: form, people, list."""
    visitor = visitors.of("north")
    answer = visitor.send(f"/parties/{family['north']}/new", **FORM)
    created = Party.get(Party.legal_name == "Datenhaus GmbH").id

    assert answer.status_code == 303
    assert answer.location == f"/parties/{created}/people"
    assert "Datenhaus GmbH was created" in visitor.text(answer.location)
    assert "20457 Hamburg" in visitor.text(f"/parties/{family['north']}?search=datenhaus")


def test_a_form_sent_twice_creates_one(visitors: Visitors, family: Family) -> None:
    """A double click is no second company, and its sender lands where the first one did."""
    visitor = visitors.of("north")
    page = f"/parties/{family['north']}/new"
    key = re.search(r'name="submission" value="([^"]+)"', visitor.text(page))
    assert key is not None
    answers = [visitor.send(page, submission=key[1], **FORM) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {303}
    assert answers[0].location == answers[1].location
    assert Party.select().where(Party.legal_name == "Datenhaus GmbH").count() == 1


@pytest.mark.parametrize(
    ("field", "value", "complaint"),
    [
        ("legal_name", "", "Please fill in this field."),
        ("legal_name", "x" * 71, "At most 70 characters fit here; these are 71."),
        ("city", "Ham\x00burg", "characters that cannot be printed"),
        ("country", "XX", "Please choose one of the list."),
        ("tax_status", "none", "Please choose one of the list."),
        ("postal_code", "2045", "no postal code of DE"),
        ("email", "nobody", "is no mail address"),
        ("brand_colour", "red", "is no colour"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    field: str, value: str, complaint: str, visitors: Visitors, family: Family
) -> None:
    """Nothing is saved, what was typed stays, and the field is named above and marked below."""
    visitor = visitors.of("north")
    answer = visitor.send(f"/parties/{family['north']}/new", **(FORM | {field: value}))

    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert complaint in answer.text
    assert f'href="#{field}"' in answer.text
    assert 'value="Hafenstraße"' in answer.text
    assert not Party.select().where(Party.street == "Hafenstraße").exists()


def test_markup_is_shown_never_obeyed(visitors: Visitors, family: Family) -> None:
    """A name is a name."""
    visitor = visitors.of("north")
    assert create(visitor, family, legal_name="<script>alert(1)</script> {name} {{7*7}}") == 303

    page = visitor.text(f"/parties/{family['north']}")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {name} {{7*7}}" in page


def test_two_who_change_the_same_see_both(visitors: Visitors, family: Family) -> None:
    """The second is shown what the first has saved, beside what was typed, and can save again."""
    page = f"/parties/{family['alpha']}/edit"
    first, second = visitors.of("north"), visitors.of("alpha")
    assert first.send(page, **FORM, version="1").status_code == 303
    late = second.send(page, **(FORM | {"city": "Kiel", "mode": "agency"}), version="1")

    assert late.status_code == 409
    assert 'value="Kiel"' in late.text
    assert "saved meanwhile: Hamburg" in late.text
    assert "saved meanwhile: Resale: the reseller sells and collects" in late.text
    assert Party.get_by_id(family["alpha"]).city == "Hamburg"
    assert second.send(page, **(FORM | {"city": "Kiel"}), version="2").status_code == 303
    assert Party.get_by_id(family["alpha"]).city == "Kiel"


@pytest.mark.parametrize("version", ["", "x", "-1", "99999999999999999999"])
def test_a_forged_version_is_a_conflict(version: str, visitors: Visitors, family: Family) -> None:
    """Whatever stands in the hidden field, nobody's change is overwritten."""
    answer = visitors.of("north").send(f"/parties/{family['alpha']}/edit", **FORM, version=version)

    assert answer.status_code == 409


@pytest.mark.parametrize(
    "path",
    ["/parties/0", "/parties/-1", "/parties/x", "/parties/99999999999999999999", "/parties/2147483648", "/nowhere", "/parties/"],
)
def test_what_is_not_there_is_not_found(path: str, visitors: Visitors) -> None:
    """Forged ids end on a page that says so, and so do those which no database can hold."""
    answer = visitors.of("operator").get(path)

    assert answer.status_code == 404
    assert "There is nothing at this address, or it is not yours to see." in answer.text


@pytest.mark.parametrize(
    "query", ["page=0", "page=-3", "page=x", "page=99999999999", "page=7", "sort=nonsense", "sort=-", "search=%00%ff"]
)
def test_a_list_survives_any_address(query: str, visitors: Visitors, family: Family) -> None:
    """Addresses are typed, cut off and passed on."""
    assert visitors.of("north").get(f"/parties/{family['north']}?{query}").status_code == 200


def test_a_list_keeps_its_search_when_its_pages_are_turned(visitors: Visitors, family: Family) -> None:
    """The links of a list say everything that the list was asked for."""
    for number in range(51):
        Party.create(parent=family["alpha"], kind="customer", legal_name=f"Haus {number:02}", city="Ulm", created_at=NOW)
    page = visitors.of("alpha").text(f"/parties/{family['alpha']}?search=ulm&sort=-name")

    assert f'href="/parties/{family["alpha"]}?search=ulm&amp;sort=-name&amp;page=2"' in page
    assert "1 to 50 of 51" in page
    assert page.index("Haus 50") < page.index("Haus 01")


def test_a_form_from_elsewhere_changes_nothing(visitors: Visitors, family: Family) -> None:
    """A page that lures somebody who is logged in cannot send our forms."""
    visitor = visitors.of("north")
    for token in ("", "forged"):
        answer = visitor.client.post(f"/parties/{family['alpha']}/edit", data=FORM | {"version": "1", "csrf_token": token})

        assert answer.status_code == 400
        assert "This form is no longer valid" in answer.text
        assert f'href="/parties/{family["alpha"]}/edit"' in answer.text
    assert Party.get_by_id(family["alpha"]).city == ""


def test_a_token_of_another_browser_is_forged(visitors: Visitors, family: Family) -> None:
    """Whoever has an account of his own has tokens, too."""
    other = visitors.of("south").form_token("/account")
    visitor = visitors.of("north")
    visitor.form_token("/account")
    answer = visitor.client.post(f"/parties/{family['alpha']}/edit", data=FORM | {"version": "1", "csrf_token": other})

    assert answer.status_code == 400


def test_every_answer_tells_the_browser_to_be_careful(visitors: Visitors) -> None:
    """No script, no frame, nothing from elsewhere, nothing kept; also on pages that say no."""
    for answer in (visitors.anybody().get("/login"), visitors.anybody().get("/nowhere"), visitors.of("north").get("/")):
        assert "script-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in answer.headers
        assert not re.search(r"<script|<style| style=| on\w+=", answer.text)


def test_what_is_too_large_is_refused(visitors: Visitors) -> None:
    """Nobody fills the server's memory with a form."""
    visitor = visitors.of("north")
    answer = visitor.client.post("/language", data={"language": "x" * 600_000, "csrf_token": visitor.form_token("/account")})

    assert answer.status_code == 413
    assert "larger than the server takes" in answer.text


def test_an_address_that_only_takes_forms_says_so(visitors: Visitors) -> None:
    """Reloading after a logout, say."""
    answer = visitors.of("north").get("/logout")

    assert answer.status_code == 405
    assert "only when a form is sent" in answer.text


def test_a_mistake_of_ours_is_told_under_a_number(
    app: Flask, visitors: Visitors, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The page names the number under which the log says more, and nothing of what went wrong."""
    monkeypatch.setitem(app.view_functions, "dashboard.home", lambda: 1 / 0)
    answer = visitors.of("north").get("/")
    number = re.search(r"under the number (\w{8})", answer.text)

    assert answer.status_code == 500
    assert number is not None
    assert number[1] in caplog.text
    assert "division" not in answer.text


def test_the_language_is_chosen_at_the_door_and_kept_for_the_user(visitors: Visitors, family: Family) -> None:
    """Before somebody is known the browser decides, then the person; what sends elsewhere leads home."""
    nobody = visitors.anybody()
    assert "Anmelden" in nobody.client.get("/login", headers={"Accept-Language": "fr, de;q=0.5"}).text
    assert "Log in" in nobody.client.get("/login", headers={"Accept-Language": "en-US"}).text
    nobody.send("/language", page="/login", language="de", back="/login")
    assert "Anmelden" in nobody.client.get("/login", headers={"Accept-Language": "en-US"}).text

    user = visitors.of("north")
    assert user.send("/language", page="/account", language="de", back="/account").location == "/account"
    assert "Wie kommen Sie hinein?" in user.text("/account")
    assert User.get_by_id(family.user("north").id).language == "de"
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert user.send("/language", page="/account", language="xx", back=elsewhere).location == "/"


def test_somebody_is_invited_comes_in_and_logs_in(visitors: Visitors, family: Family) -> None:
    """The link of the mail, a name, a password, the overview."""
    form = {"email": "Neu@North.example", "role": "sales", "language": "en", "name": "Nora Neu"}
    owner = visitors.of("north")
    assert owner.send(f"/parties/{family['north']}/people", **form).status_code == 303
    assert "neu@north.example" in owner.text(f"/parties/{family['north']}/people")
    link = re.search(r"http://[^/]+(/invitation/\S+)", OutgoingMail.get().text)
    assert link is not None

    newcomer = visitors.anybody()
    page = newcomer.text(link[1])
    assert "Welcome at North GmbH" in page
    assert 'value="Nora Neu"' in page
    weak = newcomer.send(link[1], name="Nora Neu", password="northnorth12")
    assert weak.status_code == 422
    assert "easy to guess" in weak.text
    assert newcomer.send(link[1], name="Nora Neu", password=PASSWORD).location == "/login"
    assert newcomer.get(link[1]).status_code == 404
    entered = newcomer.send("/login", email="neu@north.example ", password=PASSWORD, next="/account")
    assert entered.location == "/account"
    assert "Nora Neu" in newcomer.text("/account")
    assert Membership.select().where(Membership.role == Role.SALES).count() == 1


def test_a_withdrawn_invitation_opens_nothing(visitors: Visitors, family: Family) -> None:
    """The page says what to do, and not what the link was for."""
    owner = visitors.of("north")
    owner.send(f"/parties/{family['north']}/people", email="neu@north.example", role="owner", language="en", name="")
    number = Invitation.get().id
    owner.send(f"/parties/{family['north']}/people/invitations/{number}/revoke", page=f"/parties/{family['north']}/people")
    link = re.search(r"http://[^/]+(/invitation/\S+)", OutgoingMail.get().text)
    assert link is not None
    answer = visitors.anybody().get(link[1])

    assert answer.status_code == 404
    assert "This link does not work any more" in answer.text
    assert "North" not in answer.text


def test_a_wrong_login_says_the_same_whatever_is_wrong(visitors: Visitors, family: Family) -> None:
    """Whether somebody has access is told to nobody; after too many tries nobody is let in for a while."""
    User.update(password_hash=hash_password(PASSWORD)).where(User.id == family.user("north").id).execute()
    visitor = visitors.anybody()
    known = visitor.send("/login", email="owner@north.example", password="wrong")
    unknown = visitor.send("/login", email="nobody@north.example", password="wrong")

    assert known.status_code == unknown.status_code == 401
    for answer in (known, unknown):
        assert "E-mail address or password is wrong." in answer.text
        assert "wrong" not in re.findall(r'value="([^"]*)"', answer.text)


def test_a_session_ends_where_its_owner_ends_it(visitors: Visitors) -> None:
    """A browser left logged in somewhere is logged out from here."""
    here, there = visitors.of("north"), visitors.of("north")
    number = Session.select().order_by(Session.id.desc()).get().id
    assert there.get("/").status_code == 200
    here.send(f"/account/sessions/{number}/end", page="/account")

    assert there.get("/").location == "/login"
    assert here.send(f"/account/sessions/{number}/end", page="/account").status_code == 404


def test_a_demanded_second_factor_comes_before_everything(visitors: Visitors, family: Family) -> None:
    """Nothing is shown until it is set up; how to, and the way out, are."""
    Party.update(requires_two_factor=True).where(Party.id == family["operator"]).execute()
    visitor = visitors.of("alpha")

    assert visitor.get("/").location == "/account/two-factor"
    assert visitor.get(f"/parties/{family['alpha']}").location == "/account/two-factor"
    page = visitor.text("/account/two-factor")
    assert "<svg" in page
    assert "Not now" not in page
    assert visitor.send("/logout", page="/account/two-factor").location == "/login"


def test_working_as_somebody_below_is_seen_on_every_page(visitors: Visitors, family: Family) -> None:
    """Who helps sees it, what he does stands under his own name, and one click leads back."""
    visitor = visitors.of("north", Role.SUPPORT)
    page = f"/parties/{family['alpha']}"
    assert visitor.send(f"{page}/enter", page=page).location == "/"
    assert "You are working as Alpha GmbH." in visitor.text("/")
    assert "Support of north" in visitor.text(f"{page}/changes")
    assert visitor.send("/leave").location == page
    assert "You are working as" not in visitor.text("/")


def test_those_below_see_the_name_and_colour_of_the_one_above(visitors: Visitors, family: Family) -> None:
    """A reseller's customers are its customers; the colour is a style sheet of its own, for pages hold no styles."""
    Party.update(brand_name="Alpha Backup", brand_colour="#7a3e9d").where(Party.id == family["alpha"]).execute()
    visitor = visitors.of("anna")

    assert "Alpha Backup" in visitor.text("/")
    assert '<link rel="stylesheet" href="/colours/7a3e9d.css">' in visitor.text("/")
    assert visitor.text("/colours/7a3e9d.css") == ":root { --brand: #7a3e9d; }\n"
    assert visitor.get("/colours/red;}.css").status_code == 404
    assert "Alpha Backup" not in visitors.of("berta").text("/")
    assert "Alpha Backup" not in visitors.of("alpha").text("/")


def test_who_works_at_two_parties_goes_from_one_to_the_other(visitors: Visitors, family: Family) -> None:
    """Invited once more, somebody finds the second party on his own page; nobody gets anywhere where he does not work."""
    visitor = visitors.of("alpha")
    assert "Where you work" not in visitor.text("/account")
    Membership.create(user=family.user("alpha"), party=family["gamma"], role=Role.READ_ONLY)
    assert "Gamma GmbH" in visitor.text("/account")
    assert visitor.send(f"/account/workplaces/{family['gamma']}", page="/account").location == "/"

    assert "Greta GmbH" in visitor.text(f"/parties/{family['gamma']}")
    assert visitor.get(f"/parties/{family['gamma']}/edit").status_code == 403
    assert visitor.get(f"/parties/{family['alpha']}").status_code == 404
    assert visitor.send(f"/account/workplaces/{family['beta']}", page="/account").status_code == 404
    assert "Owner of alpha" in visitors.of("gamma").text(f"/parties/{family['gamma']}/changes")
    assert visitor.send(f"/account/workplaces/{family['alpha']}", page="/account").location == "/"
    assert visitor.get(f"/parties/{family['alpha']}").status_code == 200


def test_a_day_is_the_one_of_the_clock_on_the_wall(visitors: Visitors, family: Family) -> None:
    """What is created at half past midnight was not created yesterday."""
    Party.update(created_at=datetime(2026, 11, 24, 23, 30, tzinfo=UTC)).where(Party.id == family["alpha"]).execute()

    assert "<dd>25 Nov 2026</dd>" in visitors.of("alpha").text(f"/parties/{family['alpha']}")
