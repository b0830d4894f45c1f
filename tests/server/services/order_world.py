"""The order path for tests: a family that can sell, two packages, and the steps of an order by whoever takes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
from PIL import Image

from server.domain.invoice import PaidBy
from server.domain.ledger import EntryKind
from server.domain.order import OrderKind
from server.domain.order_mark import Part
from server.domain.packages import Contents
from server.domain.party import SalesMode
from server.domain.prices import Asked
from server.domain.seats import Seats
from server.domain.settlement import Share
from server.gateways.files import FileStore
from server.models.base import database
from server.models.contract import Contract, ContractItem
from server.models.customer import BankAccount
from server.models.money import Receivable
from server.models.order import Order
from server.models.party import Party
from server.services import activation, catalogue, ledger, order_drawing, order_paper, order_release, order_signing, prices
from server.services.order_money import first_receivable
from server.services.order_rules import OrderWish
from server.services.paper_store import stored_paper
from tests.server.family import NOW, Family
from tests.server.services.shop import TODAY, euro, open_shop

IBANS = {
    "anna": "DE02120300000000202051",
    "axel": "DE02500105170137075030",
    "berta": "DE88100900001234567892",
    "alpha": "DE75512108001245126199",
    "north": "DE12500105170648489890",
}
NEW_IBAN = "DE12500105170648489890"
FIRST_DEBIT = date(2026, 12, 8)
"""fourteen days after the release"""


@dataclass(frozen=True, slots=True)
class World:
    """Parties that can sell, and what they sell: S (100 GB), M (250 GB) on every edge of alpha, S and M by the agent beta."""

    family: Family
    files: FileStore
    small: int
    medium: int

    def draw(
        self, customer: str = "anna", kind: OrderKind = OrderKind.NEW, *, version: int | None = 0, paid_by: PaidBy = PaidBy.DEBIT,
        contract: Contract | None = None, effective: date | None = None, is_trial: bool = False, today: date = TODAY,
        form_key: str = "", by: str = "",
    ) -> Order:  # fmt: skip
        """Draw up an order by the customer's reseller."""
        wish = OrderWish(self.small if version == 0 else version, paid_by, effective, is_trial)
        order_id = order_drawing.create(
            self.family.actor(by or self.reseller(customer)), self.family[customer], kind, wish,
            contract_id=None if contract is None else contract.id, form_key=form_key, today=today, now=NOW,
        )  # fmt: skip
        return fresh(order_id)

    def reseller(self, customer: str) -> str:
        """Return who sells to a customer, or is the agent."""
        return {"berta": "beta", "greta": "gamma"}.get(customer, "alpha")

    def print(self, order: Order, *, today: date = TODAY, now: datetime = NOW) -> Order:
        """Print an order."""
        actor = self.family.actor(self._name(order.reseller_id))
        order_paper.print_order(actor, order.id, self.files, revision=fresh(order.id).revision, today=today, now=now)
        return fresh(order.id)

    def sign(self, order: Order, *, now: datetime = NOW) -> Order:
        """Let the signed paper be there."""
        actor = self.family.actor(self._name(order.reseller_id))
        order_signing.receive_paper(actor, order.id, revision=fresh(order.id).revision, note="by post", now=now)
        return fresh(order.id)

    def release(self, order: Order, *, today: date = TODAY, now: datetime = NOW) -> Order:
        """Let the distributor release an order."""
        order_release.release(self.family.actor("north"), order.id, revision=fresh(order.id).revision, today=today, now=now)
        return fresh(order.id)

    def signed(self, customer: str = "anna", kind: OrderKind = OrderKind.NEW, **wish: Any) -> Order:
        """Lead an order until it is signed."""
        return self.sign(self.print(self.draw(customer, kind, **wish)))

    def contract(self, customer: str = "anna", **wish: Any) -> Contract:
        """Return a contract that is active: ordered, released, paid on the day on which the debit fell due."""
        order = self.release(self.signed(customer, **wish))
        pay(order, FIRST_DEBIT)
        return contract_of(order)

    def _name(self, party_id: int) -> str:
        return next(name for name, number in self.family.ids.items() if number == party_id)


def make_world(family: Family, folder: Path) -> World:
    """Let the family be able to sell: addresses, tax numbers, creditor identifiers, accounts, prices."""
    for number, name in enumerate(("operator", "north", "alpha", "beta", "anna", "axel", "berta"), 1):
        Party.update(
            street="Hauptstraße", house_number=str(number), postal_code="50667", city="Köln", tax_number=f"21/815/0815{number}",
            email=f"post@{name}.example",
        ).where(Party.id == family[name]).execute()  # fmt: skip
    for name, creditor_id in (("alpha", "DE98ZZZ09999999999"), ("north", "DE74ZZZ09999999998")):
        Party.update(creditor_id=creditor_id).where(Party.id == family[name]).execute()
    for name, iban in IBANS.items():
        BankAccount.create(party=family[name], iban=iban, holder=f"{name.capitalize()} GmbH", valid_from=NOW)
    Party.update(mode=SalesMode.AGENCY).where(Party.id == family["beta"]).execute()
    small = open_shop(family).version_id
    operator = family.actor("operator")
    package = catalogue.create_package(
        operator, code="m", name="Backup M", contents=Contents(250, Seats(5, 1)), starts=TODAY, today=TODAY, now=NOW
    )
    medium = catalogue.package(operator, package).versions[0].id
    asked: Iterable[tuple[str, Asked]] = (
        ("operator", euro("9.75", "0.039")), ("north", euro("13.90", "0.059")), ("alpha", euro("24.50", "0.099")),
    )  # fmt: skip
    for seller, price in asked:
        prices.set_price(family.actor(seller), medium, price, TODAY, today=TODAY, now=NOW)
    return World(family, FileStore(folder), small, medium)


def fresh(order_id: int) -> Order:
    """Return an order as it lies in the database now."""
    order: Order = Order.get_by_id(order_id)
    return order


def contract_of(order: Order) -> Contract:
    """Return the contract of an order as it lies in the database now."""
    contract: Contract = Contract.get_by_id(fresh(order.id).contract_id)
    return contract


def items_of(contract: Contract) -> list[ContractItem]:
    """Return the items of a contract in order."""
    return list(ContractItem.select().where(ContractItem.contract == contract.id).order_by(ContractItem.id))


def owed(order: Order) -> Receivable:
    """Return what is owed by the first invoice of an order."""
    receivable = first_receivable(fresh(order.id))
    assert receivable is not None
    return receivable


def pay(order: Order, day: date, kind: EntryKind = EntryKind.DEBIT, *, cents: int | None = None, source: str = "b1") -> None:
    """Let the first invoice of an order be paid: wholly, or in part."""
    receivable = owed(order)
    amount = receivable.open_cents if cents is None else cents
    with database.atomic():
        ledger.pay([Share(str(receivable.id), amount)], kind, booked_on=day, source=source, now=NOW)
        activation.payments_arrived([receivable.id], day=day, now=NOW)


def photo_of(order: Order, *parts: Part) -> bytes:
    """Return a photo of signed sheets of an order as it was printed: their QR codes on one page; of all without parts."""
    paper = stored_paper(fresh(order.id))
    assert paper is not None
    return photo(*(paper.mark(part).qr_text for part in parts or paper.parts))


def photo(*texts: str) -> bytes:
    """Return a picture with QR codes."""
    codes = []
    for text in texts:
        written = BytesIO()
        segno.make(text, error="m").save(written, kind="png", scale=4, border=6)
        codes.append(Image.open(written).convert("L"))
    page = Image.new("L", (sum(code.width for code in codes) + 40, max(code.height for code in codes) + 40), 255)
    left = 20
    for code in codes:
        page.paste(code, (left, 20))
        left += code.width
    out = BytesIO()
    page.save(out, "PNG")
    return out.getvalue()
