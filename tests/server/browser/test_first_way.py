"""The first way through the real server, as people go it: no script, real pages, real mail files, a real browser."""

import email
import re
from email import policy
from pathlib import Path

import pytest
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select, WebDriverWait

from tests.server.browser.conftest import RunningServer

pytestmark = [pytest.mark.peer, pytest.mark.slow]
PASSWORD = "korrekt pferd batterie heft"
ANOTHER = "lampe ufer kreide walzer"
WAITS = 60.0  # seconds, for a page or a mail on a busy machine


class Person:
    """Somebody at the browser."""

    def __init__(self, browser: Chrome, url: str) -> None:
        self._browser, self._url = browser, url

    def open(self, path: str) -> None:
        """Go to an address, of ours or whole."""
        self._browser.get(path if path.startswith("http") else self._url + path)

    def fill(self, **fields: str) -> None:
        """Type into fields, or choose from lists."""
        for name, value in fields.items():
            element = self._browser.find_element(By.NAME, name)
            if element.tag_name == "select":
                Select(element).select_by_value(value)
            else:
                element.clear()
                element.send_keys(value)

    def click(self, text: str) -> None:
        """Click a button or a link by what stands on it."""
        path = f"//main//button[normalize-space()='{text}'] | //a[normalize-space()='{text}'] | //header//button[.='{text}']"
        before = self._browser.find_element(By.TAG_NAME, "html")
        self._browser.find_element(By.XPATH, path).click()
        WebDriverWait(self._browser, WAITS).until(lambda _: _is_gone(before))

    @property
    def heading(self) -> str:
        return self._browser.find_element(By.TAG_NAME, "h1").text

    @property
    def text(self) -> str:
        return self._browser.find_element(By.TAG_NAME, "body").text

    def log_in(self, email: str, password: str) -> None:
        """Log in at the door."""
        self.open("/login")
        self.fill(email=email, password=password)
        self.click("Anmelden")


def _is_gone(element: WebElement) -> bool:
    try:
        element.is_enabled()
    except StaleElementReferenceException:
        return True
    except WebDriverException as error:  # asked in the very moment in which one page gives way to the next
        if "does not belong to the document" not in str(error):
            raise
        return True
    return False


def mailed_link(browser: Chrome, outbox: Path, address: str) -> str:
    """Return the one-time link of the mail to an address, once the server's jobs have laid it into the outbox."""

    def find(_: Chrome) -> str:
        for path in sorted(outbox.rglob("*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            found = re.search(r"http://\S+/invitation/\S+", body.get_content() if body is not None else "")
            if address in str(mail["To"]) and found:
                return found[0]
        return ""

    return WebDriverWait(browser, WAITS).until(find)


ADDRESS = {"street": "Speicherstraße", "house_number": "12", "postal_code": "20457", "city": "Hamburg"}


def test_from_the_one_time_link_down_to_a_customer(chromium: Chrome, server: RunningServer) -> None:
    """Each level creates the next and invites somebody, who comes in by the mailed link and sees only what is its own."""
    chromium.delete_all_cookies()
    person = Person(chromium, server.url)
    person.open(server.first_link)
    assert person.heading == "Willkommen bei Betreiber GmbH"
    person.fill(name="Clara Chef", password=PASSWORD)
    person.click("Einladung annehmen")
    person.log_in("chef@betreiber.example", PASSWORD)
    assert person.heading == "Was steht an?"
    assert "Es gibt noch keinen Distributor." in person.text
    link = create_and_invite(person, chromium, server, "Neuer Distributor", "Nordbackup GmbH", "nora@nordbackup.example")
    come_in(person, link, "nora@nordbackup.example")
    assert "Es gibt noch keinen Fachhändler." in person.text
    person.open("/parties/1")
    assert person.heading == "Nicht gefunden"
    person.open(link)
    assert person.heading == "Dieser Link gilt nicht mehr"

    person.open("/")
    link = create_and_invite(person, chromium, server, "Neuer Fachhändler", "Hansa IT GmbH", "hans@hansa.example")
    come_in(person, link, "hans@hansa.example")
    person.click("Neuer Endkunde")
    person.fill(legal_name="Zimmerei Holz GbR", email="buero@holz.example", **ADDRESS)
    person.click("Endkunden anlegen")
    assert person.heading == "Zimmerei Holz GbR"
    assert "Ergänzen Sie jetzt Ansprechpartner, Clients und Bankverbindung." in person.text
    person.click("Änderungen")
    assert "Partei angelegt" in person.text
    assert "Nordbackup GmbH" not in person.text


def create_and_invite(person: Person, browser: Chrome, server: RunningServer, new: str, name: str, email: str) -> str:
    """Create a party below, invite its owner, log out; return the mailed link."""
    person.click(new)
    person.fill(legal_name=name, email=email, **ADDRESS)
    person.click(new.replace("Neuer ", "") + " anlegen")
    assert person.heading == f"Wer arbeitet bei {name}?"
    person.fill(name="Nora Nord", email=email, role="owner", language="de")
    person.click("Einladung senden")
    assert f"Die Einladung für {email} ist unterwegs." in person.text
    link = mailed_link(browser, server.data / "outbox", email)
    person.click("Abmelden")
    return link


def come_in(person: Person, link: str, email: str) -> None:
    """Choose a password on the page of a link, and log in with it."""
    person.open(link)
    person.fill(password=ANOTHER)
    person.click("Einladung annehmen")
    person.log_in(email, ANOTHER)
    assert person.heading == "Was steht an?"


def test_pages_fit_a_phone(chromium: Chrome, server: RunningServer) -> None:
    """Nothing is cut off or scrolls sideways at 360 pixels, in either language; a row of a table is a small sheet of its own."""
    chromium.delete_all_cookies()
    person = Person(chromium, server.url)
    person.open(server.first_link)
    person.fill(name="Clara Chef", password=PASSWORD)
    person.click("Einladung annehmen")
    person.log_in("chef@betreiber.example", PASSWORD)
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        for language in ("de", "en"):
            chromium.find_element(By.CSS_SELECTOR, f"footer button[value={language}]").click()
            for path in (
                "/",
                "/parties/1",
                "/parties/1/edit",
                "/parties/1/new",
                "/parties/1/people",
                "/parties/1/changes",
                "/account",
            ):
                person.open(path)
                width = chromium.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]["width"]
                assert width == 360, (path, language, width)
                shown = chromium.execute_script(
                    "return [...document.querySelectorAll('td:not(:empty)')].map(e => getComputedStyle(e).display)"
                )
                assert set(shown) <= {"block"}, (path, language)
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
