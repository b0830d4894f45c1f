"""The pages on top: which ones somebody sees."""

from dataclasses import dataclass

from flask import request, url_for

from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import translate
from server.services.who import Viewer
from server.web import phrases

_SAME = {
    "prices": "packages",
    "customers": "parties",
    "affairs": "parties",
    "customer_files": "parties",
    "terms": "parties",
    "brand": "parties",
    "scans": "orders",
}
"""pages that stand under another's link"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A link on top."""

    label: str
    url: str
    is_current: bool


def entries(viewer: Viewer) -> tuple[Entry, ...]:
    """Return the links for somebody, in their order."""
    own = viewer.party_id
    below = viewer.party_kind.below
    links = [(N_("Overview"), url_for("dashboard.home"), "dashboard", True)]
    home = phrases.KINDS[below] if below is not None else N_("Your data")
    links.append((home, url_for("parties.show", party_id=own), "parties", True))
    links.append((N_("Orders"), url_for("orders.show"), "orders", True))
    links.append((N_("Releases"), url_for("releases.show"), "releases", Right.RELEASE_ORDERS in viewer.rights))
    links.append((N_("Packages"), url_for("packages.show"), "packages", True))
    links.append((N_("Invoices"), url_for("invoices.show"), "invoices", Right.SEE_MONEY in viewer.rights))
    is_seller = below is not None
    links.append((N_("Bank"), url_for("bank.show"), "bank", is_seller and Right.SEE_MONEY in viewer.rights))
    links.append(("PayPal", url_for("paypal.payments"), "paypal", is_seller and Right.SEE_MONEY in viewer.rights))
    links.append((N_("Books"), url_for("books.show"), "books", Right.MANAGE_MONEY in viewer.rights))
    links.append((N_("People"), url_for("team.show", party_id=own), "team", True))
    links.append((N_("Changes"), url_for("audit.show", party_id=own), "audit", Right.SEE_AUDIT in viewer.rights))
    links.append((N_("Mail"), url_for("outbox.show"), "outbox", Right.RUN_SERVER in viewer.rights))
    here = _page_of_request(own)
    return tuple(Entry(translate(label), url, page == here) for label, url, page, is_seen in links if is_seen)


def _page_of_request(own: int) -> str | None:
    """Return under which link the page stands; whatever belongs to a party below stands under the hierarchy."""
    of_another = (request.view_args or {}).get("party_id", own) != own
    return "parties" if of_another else _SAME.get(str(request.blueprint), request.blueprint)
