"""GDPAC with many customers: makes a database with two years of history, and measures every page as every role.

usage: python -m bench.gdpac --data FOLDER [--database postgresql://...] [--scale 1.0] [--runs 5] [--keep]

With ``--keep`` rows that are there already are measured as they are. The time is the server's: from the request to the whole
answer, without network and browser.
"""

import argparse
import json
import resource
import secrets
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from bench.gdpac_rows import NOW, PDF, fill
from server.domain.party import PartyKind
from server.domain.rights import Role
from server.gateways.files import FileStore
from server.models.database import SQLITE_FILE, disconnect, open_database
from server.models.migrations import applied_steps, migrate
from server.models.party import Party
from server.models.people import Membership
from server.models.sessions import Session
from server.services.tokens import token_hash
from server.web.app import WebSettings, create_app

GOAL_SECONDS = 0.1
SHOWN = 25  # of the slowest
_UNMEASURED = frozenset({"static"})
_ASKED: dict[str, tuple[str, ...]] = {
    "parties.show": ("", "?search=Praxis", "?sort=-city", "?page=9"),
    "audit.show": ("", "?page=50"),
}
"""what else is asked of a page than what stands on it first"""


@dataclass(frozen=True, slots=True)
class Measured:
    """One page as one role asked for it."""

    endpoint: str
    query: str
    kind: str
    role: str
    status: int
    median_seconds: float
    worst_seconds: float


def main() -> None:
    """Do what the arguments say, and print the tables."""
    wanted = _arguments()
    wanted.data.mkdir(parents=True, exist_ok=True)
    url = wanted.database or str(wanted.data / SQLITE_FILE)
    database = open_database(url, create=True)
    try:
        if not (wanted.keep and applied_steps(database)):
            began = time.perf_counter()
            migrate(database)
            crowd = fill(database, wanted.scale)
            print(f"{crowd.customers:,} customers made in {time.perf_counter() - began:.0f} s")
        else:
            migrate(database)
        disconnect(database)
        database = open_database(url)
        found = measure_pages(wanted.data / "files", runs=wanted.runs)
    finally:
        disconnect(database)
    (wanted.data / "pages.json").write_text(json.dumps([asdict(one) for one in found], indent=1), "utf-8")
    print(as_table(found))
    print(f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000:.0f} MB")


def measure_pages(files: Path, *, runs: int, roles: Sequence[Role] = tuple(Role)) -> list[Measured]:
    """Ask for every page that can be asked for, as some roles of the first party of each kind."""
    FileStore(files).put(PDF)
    app = create_app(WebSettings(secret_key=secrets.token_bytes(32), files=files), clock=lambda: NOW)
    paths = _paths(app)
    found = []
    for kind in PartyKind:
        party = _first(kind)
        for role in roles:
            client = _browser(app, party, role)
            found += [
                _measure(app, client, (endpoint, names, query), _ids(party, endpoint), (kind, role), runs)
                for endpoint, names in paths
                for query in _ASKED.get(endpoint, ("",))
            ]
    return found


def as_table(found: list[Measured]) -> str:
    """Return the slowest pages as Markdown, and whether the goal was met."""
    shown = [one for one in found if one.status == 200]
    slow = [one for one in shown if one.median_seconds > GOAL_SECONDS]
    lines = ["| page | as | median | worst |", "|---|---|---|---|"]
    for one in sorted(shown, key=lambda one: -one.median_seconds)[:SHOWN]:
        times = f"{one.median_seconds * 1000:.0f} ms | {one.worst_seconds * 1000:.0f} ms"
        lines.append(f"| {one.endpoint}{one.query} | {one.kind}, {one.role} | {times} |")
    failed = sorted({(one.endpoint, one.status) for one in found if one.status >= 500})
    lines += ["", f"{len(shown)} of {len(found)} answered with a page; {len(slow)} take over {GOAL_SECONDS * 1000:.0f} ms."]
    if failed:
        lines.append(f"Failed: {failed}")
    return "\n".join(lines)


def _paths(app: Flask) -> list[tuple[str, tuple[str, ...]]]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and rule.endpoint not in _UNMEASURED]
    return sorted((rule.endpoint, tuple(sorted(rule.arguments))) for rule in rules)


def _first(kind: PartyKind) -> Party:
    """Return the first party of a kind: the one whose own first party stands below it."""
    return Party.select().where(Party.kind == kind).order_by(Party.id).get()


def _browser(app: Flask, party: Party, role: Role) -> FlaskClient:
    token = secrets.token_urlsafe()
    member = Membership.get((Membership.party == party.id) & (Membership.role == role))
    Session.create(
        token_hash=token_hash(token), user=member.user_id, party=party.id, created_at=NOW, last_seen_at=NOW, address="127.0.0.1",
        agent="bench",
    )  # fmt: skip
    client = app.test_client()
    client.set_cookie("gdp_session", token)
    return client


def _ids(party: Party, endpoint: str) -> dict[str, Any]:
    """Return what an address may name: the asker's own party, or, of pages about customers, one of its customers."""
    about = party.id
    if endpoint.partition(".")[0] in {"customers", "affairs"} and party.kind is PartyKind.RESELLER:
        about = Party.select().where(Party.parent == party.id).order_by(Party.id).get().id
    return {"party_id": about}


def _measure(
    app: Flask,
    client: FlaskClient,
    page: tuple[str, tuple[str, ...], str],
    ids: dict[str, Any],
    who: tuple[PartyKind, Role],
    runs: int,
) -> Measured:
    endpoint, names, query = page
    with app.test_request_context():
        path = app.url_for(endpoint, **{name: ids.get(name, 1) for name in names}) + query
    times, status = [], 0
    for _ in range(runs):
        began = time.perf_counter()
        status = client.get(path).status_code
        times.append(time.perf_counter() - began)
        if status != 200:
            break
    return Measured(endpoint, query, str(who[0]), str(who[1]), status, median(times), max(times))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a folder for the database and the results")
    parser.add_argument("--database", default="", help="postgresql://... instead of SQLite in that folder")
    parser.add_argument("--scale", type=float, default=1.0, help="1: 100,000 customers")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="measure what is there already")
    return parser.parse_args()


if __name__ == "__main__":
    main()
