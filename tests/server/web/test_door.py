"""The door: two steps with a second factor, cookies as https allows, and nothing of a password in a page."""

import re

import pyotp
import pytest
from flask import Flask

from server.domain.rights import Role
from server.models.party import Party
from server.models.people import User
from server.services.passwords import hash_password
from server.web.app import WebSettings, create_app
from tests.server.family import NOW, Family
from tests.server.web.visitor import Visitor, Visitors

PASSWORD = "korrekt pferd batterie heft"


@pytest.fixture
def email(family: Family) -> str:
    """Somebody who has a password."""
    user = family.user("north")
    User.update(password_hash=hash_password(PASSWORD)).where(User.id == user.id).execute()
    return str(user.email)


def test_with_a_second_factor_the_password_alone_opens_nothing(app: Flask, visitors: Visitors, email: str) -> None:
    """Switched on with the app's code; afterwards the code is asked for, and each code and recovery code is taken once."""
    visitor = visitors.of("north")
    secret = re.search(r'class="code">([A-Z2-7 ]+)<', visitor.text("/account/two-factor"))
    assert secret is not None
    generator = pyotp.TOTP(secret[1].replace(" ", ""))
    wrong = visitor.send("/account/two-factor", code="000000")
    assert wrong.status_code == 422
    assert "not the code that the app shows" in wrong.text
    shown = visitor.send("/account/two-factor", code=generator.at(NOW))
    codes = re.findall(r"<li>([^<]+)</li>", shown.text)
    assert len(codes) == 10

    newcomer = visitors.anybody()
    assert newcomer.send("/login", email=email, password=PASSWORD).location == "/login/code?next=/"
    assert newcomer.get("/").location == "/login"
    assert newcomer.send("/login/code", code=generator.at(NOW)).status_code == 401
    assert newcomer.send("/login/code?next=/account", code=codes[0]).location == "/account"
    assert "9 recovery codes are left." in newcomer.text("/account")

    another = Visitor(app)
    another.send("/login", email=email, password=PASSWORD)
    assert another.send("/login/code", code=codes[0]).status_code == 401


def test_whoever_was_sent_to_the_door_gets_where_he_wanted(visitors: Visitors, family: Family, email: str) -> None:
    """A link of a mail leads to its page by way of the login; one that leads elsewhere leads home."""
    visitor = visitors.anybody()
    wanted = f"/parties/{family['alpha']}?search=x"
    door = visitor.get(wanted)
    page = visitor.text(door.location)
    target = re.search(r'name="next" value="([^"]+)"', page)
    assert target is not None
    assert target[1] == wanted
    assert visitor.send("/login", email=email, password=PASSWORD, next="//evil.example/").location == "/"


def test_cookies_are_for_this_server_alone(family: Family, email: str) -> None:
    """Over https no cookie travels in the open, and its name keeps other hosts from setting it; scripts never see it."""
    app = create_app(WebSettings(b"k" * 32, base_url="https://gdpac.example"), clock=lambda: NOW)
    client = app.test_client()
    page = client.get("/login", base_url="https://gdpac.example")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token is not None
    form = {"email": email, "password": PASSWORD, "csrf_token": token[1]}
    answer = client.post(
        "/login", data=form, base_url="https://gdpac.example", headers={"Referer": "https://gdpac.example/login"}
    )
    kept = next(cookie for cookie in answer.headers.getlist("Set-Cookie") if cookie.startswith("__Host-gdp_session="))

    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")
    for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert word in kept
    elsewhere = client.post("/login", data=form, base_url="https://gdpac.example", headers={"Referer": "https://evil.example/"})
    assert elsewhere.status_code == 400


def test_a_login_makes_forms_of_before_invalid(visitors: Visitors, email: str) -> None:
    """A form that a stranger opened in this browser is not sent in the name of who logs in later."""
    visitor = visitors.anybody()
    before = visitor.form_token("/login")
    visitor.send("/login", email=email, password=PASSWORD)
    answer = visitor.client.post("/account/two-factor", data={"csrf_token": before, "code": "1"})

    assert answer.status_code == 400


def test_a_password_is_never_sent_back(visitors: Visitors, email: str) -> None:
    """A page that says no does not repeat what was typed into a password field."""
    answer = visitors.anybody().send("/login", email=email, password="wrong horse battery")

    assert answer.status_code == 401
    assert "wrong horse battery" not in answer.text
    assert f'value="{email}"' in answer.text


def test_a_demand_from_above_reaches_everybody_below(visitors: Visitors, family: Family) -> None:
    """Set by its tick in the form of a party; sales, which may not set it, keeps it as it is."""
    page = f"/parties/{family['alpha']}/edit"
    form = {
        "legal_name": "Alpha GmbH", "street": "Weg", "house_number": "1", "postal_code": "20457", "city": "Hamburg",
        "country": "DE", "email": "post@alpha.example", "tax_status": "standard", "mode": "resale",
    }  # fmt: skip
    visitors.of("north").send(page, **form, version="1", requires_two_factor="yes")
    assert Party.get_by_id(family["alpha"]).requires_two_factor
    sales = visitors.of("north", Role.SALES)
    assert "requires_two_factor" not in sales.text(page)
    assert sales.send(page, **form, version="2").status_code == 303

    assert Party.get_by_id(family["alpha"]).requires_two_factor
    assert visitors.of("anna").get("/").location == "/account/two-factor"
    assert visitors.of("berta").get("/").status_code == 200
