"""The pages of customers, packages and prices: what is typed arrives, what is wrong is said beside its field."""

import io
import json

import pytest

from server.domain.rights import Role
from server.models.customer import BankAccount, Contact
from server.models.party import Party
from tests.server.family import Family
from tests.server.services.shop import Shop, open_shop
from tests.server.web.visitor import Visitor, Visitors

FILE = """Name;Straße;Hausnummer;PLZ;Ort
Bäcker Blau;Weg;1;10115;Berlin
"""


@pytest.fixture
def shop(family: Family) -> Shop:
    return open_shop(family)


def version(family: Family) -> str:
    """Return anna's version, as a page hands it back."""
    return str(Party.get_by_id(family["anna"]).version)


def upload(visitor: Visitor, text: str, deed: str) -> tuple[int, str]:
    """Send a file of customers, and return status and page."""
    data = {
        "file": (io.BytesIO(text.encode()), "customers.csv"),
        "deed": deed,
        "csrf_token": visitor.form_token("/customers/import"),
    }
    answer = visitor.client.post("/customers/import", data=data)
    return answer.status_code, answer.text


def test_a_record_is_filled_on_its_pages(family: Family, visitors: Visitors) -> None:
    """Contact, account, seats; the page shows them, the bank is found."""
    alpha, page = visitors.of("alpha"), f"/parties/{family['anna']}"
    assert "No account is known yet." in alpha.text(page)
    for path, fields in (
        ("contacts/new", {"name": "Anna Muster", "email": "anna@muster.de", "role": "", "phone": ""}),
        ("account", {"iban": "de89 3704 0044 0532 0130 00", "holder": "Muster GmbH"}),
        ("seats", {"workstations": "3", "servers": "", "postgresql": "1", "mysql": "0"}),
    ):
        answer = alpha.send(f"{page}/{path}", **fields, version=version(family))
        assert (answer.status_code, answer.location) == (303, page)

    text = alpha.text(page)
    for told in ("Anna Muster", "DE89 3704 0044 0532 0130 00", "COBADEFFXXX", "Commerzbank", "Agents: PostgreSQL"):
        assert told in text
    assert "DE89 … 3000" in visitors.of("alpha", Role.READ_ONLY).text(page)
    above = visitors.of("north").text(page)
    assert "Anna Muster" in above
    assert "3704" not in above


@pytest.mark.parametrize(
    ("path", "fields", "wrong"),
    [
        ("contacts/new", {"name": "", "email": "anna", "role": "", "phone": ""}, ["name"]),
        ("contacts/new", {"name": "Anna", "email": "anna", "role": "", "phone": ""}, ["email"]),
        ("account", {"iban": "DE88370400440532013000", "holder": "Muster"}, ["iban"]),
        ("seats", {"workstations": "many", "servers": "", "postgresql": "", "mysql": ""}, ["workstations"]),
        ("vat-confirmation", {"confirmed_on": "yesterday", "reference": ""}, ["confirmed_on"]),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    family: Family, visitors: Visitors, path: str, fields: dict[str, str], wrong: list[str]
) -> None:
    """And what was typed is still there."""
    answer = visitors.of("alpha").send(f"/parties/{family['anna']}/{path}", **fields, version="1")

    assert answer.status_code == 422
    for name in wrong:
        assert f'id="{name}-wrong"' in answer.text
    for typed in filter(None, fields.values()):
        assert f'value="{typed}"' in answer.text


def test_who_saves_second_sees_both(family: Family, visitors: Visitors) -> None:
    """What the other saved stands beside what was typed, and nothing is lost."""
    alpha, anna, page = visitors.of("alpha"), visitors.of("anna"), f"/parties/{family['anna']}/account"
    read = version(family)
    anna.send(page, iban="DE89370400440532013000", holder="Muster GmbH", version=read)
    answer = alpha.send(page, iban="DE02120300000000202051", holder="Muster", version=read)

    assert answer.status_code == 409
    assert 'value="DE02120300000000202051"' in answer.text
    assert "saved meanwhile: DE89370400440532013000" in answer.text
    assert "saved meanwhile: Muster GmbH" in answer.text
    assert [row.iban for row in BankAccount.select()] == ["DE89370400440532013000"]
    assert alpha.send(page, iban="DE02120300000000202051", holder="Muster", version=version(family)).status_code == 303


def test_a_contact_is_changed_and_removed(family: Family, visitors: Visitors) -> None:
    """On a page of its own."""
    alpha, page = visitors.of("alpha"), f"/parties/{family['anna']}"
    alpha.send(f"{page}/contacts/new", name="Anna", email="", role="", phone="")
    number = Contact.get().id
    assert 'value="Anna"' in alpha.text(f"{page}/contacts/{number}")
    alpha.send(f"{page}/contacts/{number}", name="Anne", email="", role="", phone="", version=version(family))
    assert Contact.get().name == "Anne"
    assert alpha.send(f"{page}/contacts/{number}/remove", page=f"{page}/contacts/{number}").status_code == 303
    assert Contact.select().count() == 0
    assert alpha.get(f"{page}/contacts/{number}").status_code == 404


def test_a_vat_id_is_shown_with_what_the_tax_office_said(family: Family, visitors: Visitors) -> None:
    """A number alone is no ground for anything."""
    Party.update(vat_id="ATU13585627").where(Party.id == family["anna"]).execute()
    alpha, page = visitors.of("alpha"), f"/parties/{family['anna']}"
    assert "not confirmed" in alpha.text(page)
    alpha.send(f"{page}/vat-confirmation", confirmed_on="2026-11-24", reference="A-1", version=version(family))

    assert "confirmed by the tax office on 24 Nov 2026" in alpha.text(page)
    assert "Record an answer" not in visitors.of("anna").text(page)


def test_a_file_is_checked_then_taken_in(family: Family, visitors: Visitors) -> None:
    """A wrong line is told with its place; a right file creates its customers."""
    alpha = visitors.of("alpha")
    status, text = upload(alpha, FILE + "Dorf;;;x;\n", "create")
    assert status == 422
    assert "Nothing was created: 3 cells or lines are wrong." in text
    assert text.count('<td class="number" data-label="Line">3</td>') == 3
    assert upload(alpha, "no table", "create")[0] == 422
    status, text = upload(alpha, FILE, "check")
    assert (status, "Every line is right: 1 customer." in text) == (200, True)
    assert "Bäcker Blau" not in alpha.text(f"/parties/{family['alpha']}")
    assert upload(alpha, FILE, "create")[0] == 303

    assert "Bäcker Blau" in alpha.text(f"/parties/{family['alpha']}")


def test_customers_come_as_a_file(family: Family, visitors: Visitors) -> None:
    """With a name that says what it is."""
    Party.update(street="Weg", postal_code="10115", city="Berlin").execute()
    answer = visitors.of("alpha").get("/customers/export.csv")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="customers-2026-11-24.csv"'
    assert "Anna GmbH;Weg" in answer.text


def test_a_customer_is_transferred_ended_exported_and_erased(family: Family, visitors: Visitors) -> None:
    """Each after a question; what is erased is gone from its page."""
    page = f"/parties/{family['anna']}"
    north, beta = visitors.of("north"), visitors.of("beta")
    assert "Gamma" not in north.text(f"{page}/transfer")
    north.send(f"{page}/transfer", reseller=str(family["beta"]), version=version(family))
    assert visitors.of("alpha").get(page).status_code == 404
    told = beta.send(f"{page}/export", page=page)
    assert json.loads(told.data)["customer"]["legal_name"] == "Anna GmbH"
    assert "attachment" in told.headers["Content-Disposition"]
    assert beta.get(f"{page}/erase").status_code == 200
    assert beta.send(f"{page}/erase", version=version(family)).status_code == 422
    beta.send(f"{page}/end", version=version(family))
    assert "The business with this customer ended on 24 Nov 2026." in beta.text(page)
    assert "ended</span>" in beta.text(f"/parties/{family['beta']}")
    beta.send(f"{page}/erase", version=version(family))

    assert "Anna" not in beta.text(page)


def test_the_operator_makes_a_package_and_everybody_sets_prices(family: Family, visitors: Visitors) -> None:
    """From nothing to what a customer reads, on pages alone; a loss takes a second yes."""
    operator, north, alpha, anna = (visitors.of(who) for who in ("operator", "north", "alpha", "anna"))
    assert "Nothing is offered to you yet." in anna.text("/packages")
    fields = {
        "included_gb": "100",
        "workstations": "3",
        "servers": "1",
        "postgresql": "",
        "mysql": "",
        "valid_from": "2026-11-24",
    }
    assert operator.send("/packages/new", code="s m", name="Backup S", **fields).status_code == 422
    made = operator.send("/packages/new", code="S", name="Backup S", **fields)
    assert made.status_code == 303
    assert north.get(made.location).status_code == 404
    price = "/packages/versions/1/price"
    for visitor, base, overage in ((operator, "5,90", "0,049"), (north, "7.90", "0.069")):
        answer = visitor.send(price, buyer="", base=base, overage=overage, valid_from="2026-11-24")
        assert answer.status_code == 303, answer.text
    loss = {"buyer": str(family["anna"]), "base": "7,80", "overage": "0,119", "valid_from": "2026-11-24"}
    refused = alpha.send(price, **loss)
    assert refused.status_code == 422
    assert "you would sell this for less than you pay for it" in refused.text
    assert 'name="accept_loss"' in refused.text
    assert alpha.send(price, **loss, accept_loss="yes").status_code == 303
    alpha.send(price, buyer="", base="12,50", overage="0,119", valid_from="2026-11-24")

    assert "below what you pay" in alpha.text(made.location)
    assert "You sell Backup S for less than you pay for it." in alpha.text("/")
    assert "less than you pay" not in north.text("/") + anna.text("/")
    assert "€4.60" in alpha.text("/packages")
    told = anna.text("/packages")
    assert "€7.80" in told
    assert "€12.50" not in told
    assert "€12.50" in visitors.of("axel").text("/packages")
    assert "€7.90" not in told + visitors.of("axel").text("/packages")


def test_a_planned_price_is_withdrawn_on_its_page(shop: Shop, visitors: Visitors) -> None:
    """And one that goes on gets an end."""
    alpha, page = visitors.of("alpha"), f"/packages/{shop.package_id}"
    base = f"/packages/versions/{shop.version_id}"
    assert alpha.send(f"{base}/price", buyer="", base="13", overage="0.119", valid_from="2026-12-01").status_code == 422
    alpha.send(f"{base}/price", buyer="", base="13", overage="0.119", valid_from="2027-01-01")
    assert "until 31 Dec 2026" in alpha.text(page)
    number = alpha.text(page).partition(f"{base}/prices/")[2].partition("/")[0]
    alpha.send(f"{base}/prices/{number}/withdraw", page=page)
    assert "€13.00" not in alpha.text(page)
    assert alpha.send(f"{base}/end", buyer="", valid_to="2026-11-24").status_code == 422
    alpha.send(f"{base}/end", buyer="", valid_to="2026-12-01")

    assert "until 30 Nov 2026" in alpha.text(page)


def test_a_package_is_renamed_and_gets_other_contents(shop: Shop, visitors: Visitors) -> None:
    """Which have no price yet, so that nothing is offered by mistake."""
    operator, page = visitors.of("operator"), f"/packages/{shop.package_id}"
    operator.send(f"{page}/name", page=page, name="Small")
    fields = {
        "included_gb": "120",
        "workstations": "3",
        "servers": "1",
        "postgresql": "",
        "mysql": "",
        "valid_from": "2027-01-01",
    }
    assert 'value="100"' in operator.text(f"{page}/versions/new")
    operator.send(f"{page}/versions/new", **fields)

    text = operator.text(page)
    assert "<h1>Small</h1>" in text
    assert "120 GB of storage" in text
    assert "You ask no price for it yet" in text


def test_support_sees_what_a_package_holds_and_no_price(shop: Shop, visitors: Visitors) -> None:
    """The distributor's support as well, logged in as the reseller."""
    for visitor in (visitors.of("alpha", Role.SUPPORT), visitors.of("north", Role.SUPPORT, on_behalf_of="alpha")):
        for page in ("/packages", f"/packages/{shop.package_id}"):
            text = visitor.text(page)
            assert "100 GB of storage" in text
            assert "€" not in text
