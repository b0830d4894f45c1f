"""A database as it is after two years: parties, contracts, invoices, payments, usage. Made by the database, within minutes.

Rows that there are millions of are one statement each, from those that there are thousands of. Indexes are made anew at the end.
Nothing of it goes through services: it is to be many, not to be proved.
"""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import Any

from peewee import Database, PostgresqlDatabase

from server.domain.invoice import Invoice, InvoiceKind, InvoiceLine, PaidBy, Payment
from server.domain.lines import Line, LineKind
from server.domain.month import Month
from server.domain.packages import Contents
from server.domain.paper import Account, Address, PaperParty
from server.domain.party import PartyKind, SalesMode
from server.domain.prices import Asked
from server.domain.rights import Role
from server.domain.seats import Seats
from server.domain.tax import TaxCategory, TaxRule
from server.models.catalogue import Price
from server.models.customer import BankAccount
from server.models.party import Party
from server.models.people import Membership, User
from server.services import catalogue
from server.services.invoice_body import encode
from server.services.scope import Actor

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
MOMENT = "2026-11-24 21:00:00.000000+00:00"
CUSTOMERS, RESELLERS, DISTRIBUTORS, MONTHS = 100_000, 2_000, 20, 24
OF_THE_FIRST = 100  # one in so many customers belongs to the first reseller: some are large
_CHUNK = 400  # rows of one statement; SQLite takes no more than 32,766 values
PDF = b"%PDF-1.7 of 100 kB" + bytes(100_000)
"""the paper of every invoice, which whoever measures must keep among the files"""
_LARGE = (
    "contract", "contract_item", "agreed_price", "mandate", "usage_day", "invoice", "invoice_line", "receivable", "ledger_entry",
    "audit_entry", "outgoing_mail",
)  # fmt: skip
_HELPING = {"bench_month": "n INTEGER, text TEXT, day DATE", "bench_day": "n INTEGER, day DATE"}
_TOWNS = ("Köln", "Hamburg", "München", "Leipzig", "Bremen", "Kiel")
_NAMES = ("Müller", "Schmidt", "Weber", "Wagner", "Becker", "Schulz", "Hoffmann", "Koch", "Bauer", "Richter", "Klein", "Wolf")
_TRADES = ("Bau", "Elektro", "Praxis", "Kanzlei", "Holz", "Metall", "Druck", "Garten", "Auto", "Licht")


@dataclass(frozen=True, slots=True)
class Crowd:
    """What was made, by name of the kind: the first of each is a parent of the first of the next."""

    firsts: dict[PartyKind, int]
    customers: int


def fill(database: Database, scale: float) -> Crowd:
    """Fill a database that has its shape and nothing in it. ``scale``: 1 is what the goals are for."""
    counts = (1, max(2, round(DISTRIBUTORS * scale)), max(2, round(RESELLERS * scale)), max(2, round(CUSTOMERS * scale)))
    with database.atomic():
        ids = _parties(counts)
        _people(ids)
        _catalogue(ids)
        _accounts(ids[PartyKind.CUSTOMER])
    _settle(database)
    with _WithoutIndexes(database):
        _months(database)
        for statement in _statements():
            with database.atomic():
                database.execute_sql(statement)
    for table in _HELPING:
        database.execute_sql(f"DROP TABLE {table}")
    database.execute_sql("ANALYZE")
    return Crowd({kind: numbers[0] for kind, numbers in ids.items()}, counts[-1])


def _parties(counts: Iterable[int]) -> dict[PartyKind, range]:
    chance = random.Random(7)
    ids: dict[PartyKind, range] = {}
    above = range(0)
    for kind, count in zip(
        (PartyKind.OPERATOR, PartyKind.DISTRIBUTOR, PartyKind.RESELLER, PartyKind.CUSTOMER), counts, strict=True
    ):
        begin = above.stop if above else 1
        numbers = range(begin, begin + count)
        _insert(Party, (_party(one, kind, above, place, chance) for place, one in enumerate(numbers)))
        ids[kind] = above = numbers
    return ids


def _party(number: int, kind: PartyKind, above: range, place: int, chance: random.Random) -> dict[str, Any]:
    parent = None
    if above:
        parent = above[0] if kind is PartyKind.CUSTOMER and place % OF_THE_FIRST == 0 else above[place % len(above)]
    name = f"{chance.choice(_NAMES)} {chance.choice(_TRADES)} {number} GmbH"
    return {
        "id": number, "parent": parent, "kind": kind, "mode": SalesMode.RESALE if kind is PartyKind.RESELLER else None,
        "legal_name": name, "street": "Hauptstraße", "house_number": str(number % 200),
        "postal_code": f"{10_000 + number % 80_000}", "city": chance.choice(_TOWNS), "country": "DE",
        "email": f"post@{number}.example",
        "tax_number": f"12/345/{number:05}", "creditor_id": "DE98ZZZ09999999999", "created_at": NOW - timedelta(days=730),
    }  # fmt: skip


def _people(ids: dict[PartyKind, range]) -> None:
    """Give the first party of each kind somebody of each role, and every other that sells an owner."""
    wanted = [(numbers[0], role) for numbers in ids.values() for role in Role]
    wanted += [(one, Role.OWNER) for kind, numbers in ids.items() if kind is not PartyKind.CUSTOMER for one in numbers[1:]]
    users = [
        {"id": place, "email": f"{role}@{party}.example", "name": f"{role.label} {party}", "language": "de", "created_at": NOW}
        for place, (party, role) in enumerate(wanted, 1)
    ]
    _insert(User, users)
    _insert(Membership, ({"user": place, "party": party, "role": role} for place, (party, role) in enumerate(wanted, 1)))


def _catalogue(ids: dict[PartyKind, range]) -> None:
    operator = ids[PartyKind.OPERATOR][0]
    actor = Actor(1, operator, PartyKind.OPERATOR, Role.OWNER, 0, operator)
    for code, gigabytes in (("s", 100), ("m", 250), ("l", 1000)):
        catalogue.create_package(
            actor,
            code=code,
            name=f"Backup {code.upper()}",
            contents=Contents(gigabytes, Seats(3, 1)),
            starts=TODAY,
            today=TODAY,
            now=NOW,
        )
    asked = {PartyKind.OPERATOR: "5.90", PartyKind.DISTRIBUTOR: "7.90", PartyKind.RESELLER: "12.50"}
    _insert(
        Price,
        (
            {"seller": seller, "version": version, "valid_from": TODAY, "created_at": NOW} | _asked(base, version)
            for kind, base in asked.items()
            for seller in ids[kind]
            for version in (1, 2, 3)
        ),
    )


def _asked(base: str, version: int) -> dict[str, Any]:
    price = Asked(Decimal(base) * version, Decimal("0.119"))
    return {"base": price.base, "overage": price.overage}


def _accounts(customers: range) -> None:
    _insert(
        BankAccount,
        (
            {
                "party": one,
                "iban": _iban(one),
                "bic": "COBADEFFXXX",
                "bank_name": "Commerzbank",
                "holder": f"Kunde {one}",
                "valid_from": NOW,
            }
            for one in customers
        ),
    )


def _iban(number: int) -> str:
    account = f"37040044{number:010}"
    return f"DE{98 - int(account + '131400') % 97:02}{account}"


def _insert(row: Any, rows: Iterable[dict[str, Any]]) -> None:
    waiting: list[dict[str, Any]] = []
    for one in rows:
        waiting.append(one)
        if len(waiting) == _CHUNK:
            row.insert_many(waiting).execute()
            waiting.clear()
    if waiting:
        row.insert_many(waiting).execute()


def _settle(database: Database) -> None:
    """Let PostgreSQL go on behind the numbers that were given here; let SQLite be fast rather than safe."""
    if isinstance(database, PostgresqlDatabase):
        for table in ("party", "users"):
            database.execute_sql(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT MAX(id) FROM {table}))")
    else:
        database.execute_sql("PRAGMA synchronous = off")
        database.execute_sql("PRAGMA foreign_keys = off")
        database.execute_sql("PRAGMA cache_size = -400000")


class _WithoutIndexes:
    """Make the indexes of the large tables anew after the block: sorted once, instead of torn at every row."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: list[tuple[str, str]] = []

    def __enter__(self) -> None:
        places = ", ".join(f"'{table}'" for table in _LARGE)
        if isinstance(self._database, PostgresqlDatabase):
            asked = f"SELECT indexname, indexdef FROM pg_indexes WHERE tablename IN ({places}) AND indexname NOT LIKE '%%_pkey'"
        else:
            asked = f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({places})"
        self._found = list(self._database.execute_sql(asked).fetchall())
        for name, _sql in self._found:
            self._database.execute_sql(f"DROP INDEX {name}")

    def __exit__(self, *_error: object) -> None:
        for _name, sql in self._found:
            self._database.execute_sql(sql)


def _months(database: Database) -> None:
    """Make two small tables to multiply with: the months, and the days of the last whole one."""
    for table, columns in _HELPING.items():
        database.execute_sql(f"CREATE TABLE {table} ({columns})")
    for place, month in enumerate(_back(MONTHS)):
        database.execute_sql(f"INSERT INTO bench_month VALUES ({place}, '{month}', '{month.end.isoformat()}')")
    last = next(_back(1))
    for place in range(last.days):
        database.execute_sql(f"INSERT INTO bench_day VALUES ({place}, '{(last.first + timedelta(days=place)).isoformat()}')")


def _back(count: int) -> Iterator[Month]:
    """Yield the last whole months, the newest first."""
    month = Month.of(TODAY).before
    for _ in range(count):
        yield month
        month = month.before


def _rest(number: str, divisor: int) -> str:
    """Return SQL for a remainder that both databases and their drivers understand."""
    return f"({number} - {number} / {divisor} * {divisor})"


def _statements() -> Iterator[str]:
    customers = "FROM party p WHERE p.kind = 'customer' ORDER BY p.id"
    yield (
        "INSERT INTO mandate (creditor_id, debtor_id, reference, scheme, holder, iban, bic, prenotification_days, signed_on,"
        " valid_from, revoked_on, is_known_to_bank, evidence, created_at)"
        " SELECT p.parent_id, p.id, 'M-' || p.id, 'CORE', p.legal_name, b.iban, b.bic, 14, '2024-11-01',"
        f" '{MOMENT}', NULL, FALSE, '', '{MOMENT}'"
        " FROM party p JOIN bank_account b ON b.party_id = p.id WHERE p.kind = 'customer' ORDER BY p.id"
    )
    yield (
        "INSERT INTO contract (customer_id, seller_id, number, repository, state, paid_by, mandate_id, buyer_reference,"
        " notice_months, starts, ends, activated_at, created_at, version)"
        " SELECT p.id, p.parent_id, 'V-' || p.id, 'r' || p.id, 'active', 'debit', m.id, '', 1, '2024-11-01', NULL,"
        f" '{MOMENT}', '{MOMENT}', 1 FROM party p JOIN mandate m ON m.debtor_id = p.id ORDER BY p.id"
    )
    yield (
        "INSERT INTO contract_item (contract_id, package_version_id, starts, ends, free_until)"
        f" SELECT c.id, 1 + {_rest('c.id', 3)}, '2024-11-01', NULL, NULL FROM contract c ORDER BY c.id"
    )
    for seller, buyer, base in (
        ("p.parent_id", "p.id", 12_500_000),
        ("r.parent_id", "r.id", 7_900_000),
        ("d.parent_id", "d.id", 5_900_000),
    ):
        yield (
            "INSERT INTO agreed_price (item_id, seller_id, buyer_id, base, overage)"
            f" SELECT i.id, {seller}, {buyer}, {base}, 119000 FROM contract_item i JOIN contract c ON"
            " c.id = i.contract_id JOIN party p ON p.id = c.customer_id JOIN party r ON r.id = p.parent_id"
            " JOIN party d ON d.id = r.parent_id"
        )
    yield (
        "INSERT INTO usage_day (contract_id, day, stored_bytes, metering, recorded_at, billed_at)"
        f" SELECT c.id, d.day, 90000000000 + {_rest('c.id', 97)} * CAST(1000000000 AS BIGINT), 'measured', '{MOMENT}', NULL"
        " FROM contract c CROSS JOIN bench_day d"
    )
    yield from _money()
    yield (
        "INSERT INTO audit_entry (at, user_id, on_behalf_of_id, party_id, action, subject_kind, subject_id, details)"
        f" SELECT '{MOMENT}', 1, NULL, p.id, 'party.changed', 'party', p.id, '{{}}' FROM party p CROSS JOIN bench_month m"
        f" WHERE m.n < 5 ORDER BY m.n, p.id"
    )
    yield (
        "INSERT INTO outgoing_mail (recipient, subject, text, html, language, party_id, created_at, not_before, attempts,"
        " sent_at, gave_up_at, last_error)"
        f" SELECT p.email, 'Rechnung', '', NULL, 'de', p.id, '{MOMENT}', '{MOMENT}', 1, '{MOMENT}', NULL, '' {customers}"
    )


def _document() -> str:
    """Return what stands on an invoice, the same for all."""
    month, rule = Month.of(TODAY), TaxRule(TaxCategory.STANDARD, 19)
    lines = (
        InvoiceLine(Line(kind, 1, "S", month, quantity, price), rule, "Backup S", month.first, TODAY, 100)
        for kind, quantity, price in (
            (LineKind.BASE, Fraction(1), Decimal("12.50")), (LineKind.OVERAGE, Fraction(7, 30), Decimal("0.119")),
        )
    )  # fmt: skip
    seller, buyer = (
        PaperParty(name, Address("Ring", "1", "50667", "Köln"), tax_number="21/815/08151") for name in ("Haus GmbH", "Kunde GmbH")
    )
    paid = Payment(PaidBy.TRANSFER, TODAY, Account("Haus GmbH", "DE89370400440532013000"))
    return encode(Invoice(InvoiceKind.INVOICE, "RE-1", TODAY, seller, buyer, tuple(lines), paid))


def _money() -> Iterator[str]:
    columns = (
        "INSERT INTO invoice (issuer_id, recipient_id, contract_id, kind, number, period, issued_on, due, paid_by, net, vat,"
        " gross, corrects_id, body, pdf, xml, created_at) "
    )
    paper = f"NULL, '{_document()}', '{sha256(PDF).hexdigest()}', 'none', '{MOMENT}'"
    yield columns + (
        "SELECT c.seller_id, c.customer_id, c.id, '380', 'RE-' || m.text || '-' || c.id, m.text, m.day, m.day, 'debit', 1250,"
        f" 238, 1488, {paper} FROM bench_month m CROSS JOIN contract c ORDER BY m.n DESC, c.id"
    )
    yield columns + (
        "SELECT p.parent_id, p.id, NULL, '380', 'RE-' || m.text || '-P' || p.id, m.text, m.day, m.day, 'debit', 40000, 7600,"
        f" 47600, {paper} FROM bench_month m CROSS JOIN party p WHERE p.kind IN ('reseller', 'distributor')"
        " ORDER BY m.n DESC, p.id"
    )
    for kind, cents in (("base", 1200), ("overage", 50)):
        yield (
            "INSERT INTO invoice_line (invoice_id, item_id, kind, month, numerator, denominator, price, cents)"
            f" SELECT v.id, v.contract_id, '{kind}', v.period, 1, 1, 12500000, {cents} FROM invoice v"
            " WHERE v.contract_id IS NOT NULL ORDER BY v.id"
        )
    unpaid = f"(v.period = '{next(_back(1))}' OR {_rest('v.id', 97)} = 0)"
    yield (
        "INSERT INTO receivable (creditor_id, debtor_id, contract_id, kind, invoice_id, number, reason, issued_on, due, cents,"
        " open_cents, is_held, overdue_since)"
        " SELECT v.issuer_id, v.recipient_id, v.contract_id, 'invoice', v.id, v.number, '', v.issued_on, v.due, v.gross,"
        f" CASE WHEN {unpaid} THEN v.gross ELSE 0 END, FALSE, NULL FROM invoice v ORDER BY v.id"
    )
    entry = "INSERT INTO ledger_entry (receivable_id, kind, cents, booked_on, source, note, at) SELECT"
    yield f"{entry} r.id, 'issued', r.cents, r.issued_on, r.number, '', '{MOMENT}' FROM receivable r ORDER BY r.id"
    paid = "FROM receivable r WHERE r.open_cents = 0 ORDER BY r.id"
    yield f"{entry} r.id, 'debit', -r.cents, r.due, 'D' || r.id, '', '{MOMENT}' {paid}"
