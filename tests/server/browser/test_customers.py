"""Customers, packages and prices in a real browser before the real server: down the tree, a record, a file, a price."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from tests.server.browser.conftest import RunningServer
from tests.server.browser.test_first_way import PASSWORD, Person

pytestmark = [pytest.mark.peer, pytest.mark.slow]
ADDRESS = {"street": "Weg", "house_number": "1", "postal_code": "10115", "city": "Berlin", "email": "post@firma.example"}
PHONE = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}


def come_in(chromium: Chrome, server: RunningServer) -> Person:
    """Return the operator's owner, logged in."""
    chromium.delete_all_cookies()
    person = Person(chromium, server.url)
    person.open(server.first_link)
    person.fill(name="Clara Chef", password=PASSWORD)
    person.click("Einladung annehmen")
    person.log_in("chef@betreiber.example", PASSWORD)
    return person


def go_down(person: Person, kind: str, name: str, list_name: str) -> None:
    """Create a party below, and work as it."""
    person.click(list_name)
    person.click(f"Neuer {kind}")
    person.fill(legal_name=name, **ADDRESS)
    person.click(f"{kind} anlegen")
    person.click(list_name)
    person.click(name)
    person.click("Als diese Partei arbeiten")


def test_a_package_gets_its_price_and_a_customer_its_record(chromium: Chrome, server: RunningServer, tmp_path: Path) -> None:
    """The operator does it all: what it sells itself, then down to a reseller, where no price is shown to it."""
    person = come_in(chromium, server)
    person.click("Pakete")
    person.click("Neues Paket")
    person.fill(code="s", name="Backup S", included_gb="100", workstations="3", servers="1")
    person.click("Speichern")
    assert "100 GB Speicher, 3 Arbeitsplätze, 1 Server" in person.text
    person.click("Preis festlegen")
    person.fill(base="5,90", overage="0,049")
    person.click("Speichern")
    assert "5,90 €" in person.text

    go_down(person, "Distributor", "Nord GmbH", "Distributoren")
    go_down(person, "Fachhändler", "Alpha GmbH", "Fachhändler")
    person.click("Endkunden")
    person.click("Kunden importieren")
    file = tmp_path / "kunden.csv"
    file.write_text("Name;Straße;PLZ;Ort;IBAN\nBäcker Blau;Weg;1011;Berlin;\n", encoding="cp1252")
    chromium.find_element(By.NAME, "file").send_keys(str(file))
    person.click("Kunden anlegen")
    assert "Nichts wurde angelegt: 1 Zelle oder Zeile ist falsch." in person.text
    assert "„1011“ ist keine Postleitzahl in DE." in person.text
    file.write_text("Name;Straße;PLZ;Ort;IBAN\nBäcker Blau;Weg;10115;Berlin;DE89370400440532013000\n", encoding="cp1252")
    chromium.find_element(By.NAME, "file").send_keys(str(file))
    person.click("Kunden anlegen")
    assert "1 Kunde wurde angelegt." in person.text
    person.click("Bäcker Blau")
    assert "Commerzbank" in person.text
    person.click("Ansprechpartner hinzufügen")
    person.fill(name="Anna Blau", email="anna@blau.example")
    person.click("Speichern")

    assert "anna@blau.example" in person.text
    person.click("Pakete")
    assert "€" not in person.text


def test_pages_of_packages_fit_a_phone(chromium: Chrome, server: RunningServer) -> None:
    """Nothing scrolls sideways at 360 pixels."""
    person = come_in(chromium, server)
    person.open("/packages/new")
    person.fill(code="s", name="Backup S", included_gb="100")
    person.click("Speichern")
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
    try:
        for path in ("/packages", "/packages/new", "/packages/1", "/packages/1/versions/new", "/packages/versions/1/price"):
            person.open(path)
            assert chromium.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]["width"] == PHONE["width"], path
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
