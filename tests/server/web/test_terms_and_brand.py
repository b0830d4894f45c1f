"""Terms of sale and the look of a house: what its pages take, refuse and show to whom."""

import io
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from server.domain.party import SalesMode
from server.domain.rights import Role
from server.models.party import Party
from server.services.terms import terms_of
from server.web.app import WebSettings, create_app
from tests.server.family import NOW, Family
from tests.server.web.visitor import Visitors

FILLED = {
    "legal_notice": "HRB 1, Hamburg\n\nGeschäftsführerin: Anna Nord", "contact_name": "Frau Nord", "invoice_prefix": "RE-",
    "prenotification_days": "5", "payment_days": "10", "notice_months": "1", "trial_days": "30", "reminder_days": "0",
    "blocked_days": "3", "paused_days": "30", "ended_days": "90", "kept_days": "60", "datev_consultant": "29098",
    "datev_client": "55003",
}  # fmt: skip


@pytest.fixture
def app(family: Family, tmp_path: Path) -> Flask:
    """The app with a folder for its files."""
    del family
    return create_app(WebSettings(secret_key=b"k" * 32, files=tmp_path / "files"), clock=lambda: NOW)


def picture(size: tuple[int, int] = (40, 20), kind: str = "PNG") -> bytes:
    """Return a picture of one colour."""
    written = io.BytesIO()
    Image.new("RGB", size, "red").save(written, kind)
    return written.getvalue()


def test_terms_are_kept_and_told(visitors: Visitors, family: Family) -> None:
    """Blank lines of a notice go; the values hold for letters and debits from then on."""
    reseller = visitors.of("alpha", Role.BILLING)

    assert reseller.send("/terms", **FILLED, version="0").status_code == 303
    known = terms_of(family["alpha"])
    assert (known.legal_notice, known.prenotification_days, known.version) == (
        "HRB 1, Hamburg\nGeschäftsführerin: Anna Nord",
        5,
        1,
    )
    assert terms_of(family["beta"]).prenotification_days == 14
    assert "Terms changed" in reseller.text(f"/parties/{family['alpha']}/changes")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prenotification_days", "0"), ("payment_days", "-1"), ("trial_days", "12x"), ("paused_days", "2"), ("ended_days", "29"),
        ("kept_days", "29"), ("invoice_prefix", "RE 1?"), ("datev_client", "abc"), ("legal_notice", "a\n" * 7),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_named_beside_its_field(field: str, value: str, visitors: Visitors, family: Family) -> None:
    """Nothing of the form is saved, and it keeps what was typed."""
    answer = visitors.of("alpha").send("/terms", **(FILLED | {field: value}), version="0")

    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text
    assert "Frau Nord" in answer.text
    assert terms_of(family["alpha"]).contact_name == ""


def test_whoever_saves_second_sees_both(visitors: Visitors, family: Family) -> None:
    """Also where both were the first to say anything."""
    reseller = visitors.of("alpha")
    reseller.send("/terms", **FILLED, version="0")
    answer = reseller.send("/terms", **(FILLED | {"contact_name": "Herr Süd"}), version="0")

    assert answer.status_code == 409
    assert "saved meanwhile: Frau Nord" in answer.text
    assert terms_of(family["alpha"]).contact_name == "Frau Nord"


def test_each_level_is_asked_for_what_it_has(visitors: Visitors, family: Family) -> None:
    """Agents get their commission from a distributor; an agency itself has no terms."""
    assert 'name="commission_percent"' in visitors.of("north").text("/terms")
    assert 'name="commission_percent"' not in visitors.of("alpha").text("/terms")
    assert 'name="trial_days"' not in visitors.of("operator").text("/terms")
    Party.update(mode=SalesMode.AGENCY).where(Party.id == family["beta"]).execute()
    assert visitors.of("beta").get("/terms").status_code == 403


def test_a_logo_is_shown_to_those_below_alone(app: Flask, visitors: Visitors, family: Family) -> None:
    """Drawn anew; on the pages of customers, and at the door that the reseller's link leads to."""
    reseller = visitors.of("alpha")
    fields = {"csrf_token": reseller.form_token("/brand"), "version": "1", "logo": (io.BytesIO(picture(kind="JPEG")), "l.jpg")}

    assert reseller.client.post("/brand/logo", data=fields, content_type="multipart/form-data").status_code == 303
    name = Party.get_by_id(family["alpha"]).brand_logo
    assert f"/logos/{name}.png" in visitors.of("anna").text("/")
    for other in ("berta", "beta", "north"):
        assert name not in visitors.of(other).text("/")
    shown = visitors.anybody().get(f"/logos/{name}.png")
    assert shown.data.startswith(b"\x89PNG")
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    assert visitors.anybody().get(f"/logos/{'0' * 64}.png").status_code == 404
    guest = visitors.anybody()
    key = Party.get_by_id(family["alpha"]).brand_key
    assert guest.get(f"/login/at/{key}").status_code == 302
    assert name in guest.text("/login")
    assert guest.get("/login/at/12345678").status_code == 404


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg/>", b"GIF89a", picture()[:60], picture((3000, 3000))],
    ids=["nothing", "SVG", "GIF", "half of one", "too many pixels"],
)
def test_what_is_no_picture_of_ours_is_refused(content: bytes, visitors: Visitors, family: Family) -> None:
    """By what it is, never by what it is called."""
    reseller = visitors.of("alpha")
    fields = {"csrf_token": reseller.form_token("/brand"), "version": "1", "logo": (io.BytesIO(content), "logo.png")}
    answer = reseller.client.post("/brand/logo", data=fields, content_type="multipart/form-data")

    assert answer.status_code == 422
    assert Party.get_by_id(family["alpha"]).brand_logo == ""
