"""Every route asked as every role of every neighbouring party. What is foreign answers as what does not exist.

The table says who may; it is written by hand, from the words of the roles, not read from the code that decides.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast

import pytest
from flask import Flask

from server.domain.party import PartyKind
from server.domain.rights import Role
from tests.server.family import TREE, Family
from tests.server.services.shop import open_shop
from tests.server.web.rights_books import BOOKS_OF_TRADE
from tests.server.web.rights_invoices import INVOICES_OF_TRADE
from tests.server.web.rights_orders import ORDERS_OF_TRADE
from tests.server.web.rights_pages import PAGES_AT_THE_DOOR, PAGES_OF_TRADE
from tests.server.web.rights_paypal import PAYPAL_AT_THE_DOOR, PAYPAL_OF_TRADE
from tests.server.web.visitor import Visitor, Visitors

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""once: what differs between databases is tested below the web, and this asks thousands of times"""
OWNER, SALES, BILLING, SUPPORT, READ_ONLY = Role
EVERYBODY = frozenset(Role)
FORM = {
    "legal_name": "Neu GmbH", "street": "Weg", "house_number": "1", "postal_code": "20457", "city": "Hamburg", "country": "DE",
    "email": "neu@neu.example", "tax_status": "standard", "mode": "resale", "version": "1",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who asks: a role in a party, perhaps at work as one below."""

    home: str
    role: Role
    acting: str

    @property
    def kind(self) -> PartyKind:
        return TREE[self.acting][1]


def reaches(asker: Asker, target: str) -> bool:
    """Say whether a party is the asker's own, or below it."""
    step: str | None = target
    while step is not None:
        if step == asker.acting:
            return True
        step = TREE[step][0]
    return False


def own(asker: Asker, target: str) -> bool:
    """Say whether a party is the one as which the asker works."""
    return asker.acting == target


def own_or_below(asker: Asker, target: str) -> bool:
    """Say whether a party is the asker's, or stands directly below it."""
    return asker.acting in {target, TREE[target][0]}


def directly_below(asker: Asker, target: str) -> bool:
    """Say whether a party stands directly below the asker's."""
    return asker.acting == TREE[target][0]


def far_above(asker: Asker, target: str) -> bool:
    """Say whether the asker works above resellers."""
    del target
    return asker.kind.height > PartyKind.RESELLER.height


def below(asker: Asker, target: str) -> bool:
    """Say whether a party stands somewhere below the asker's."""
    return not own(asker, target)


def has_level_below(asker: Asker, target: str) -> bool:
    """Say whether something can be created at the asker's own party."""
    return own(asker, target) and TREE[target][1].below is not None


@dataclass(frozen=True, slots=True)
class OfParty:
    """A route about one party: who may, where. Whoever cannot see the party gets 404, who may not, 403."""

    roles: frozenset[Role] = EVERYBODY
    where: Callable[[Asker, str], bool] = reaches
    kinds: frozenset[PartyKind] = frozenset(PartyKind)
    """as which a party the asker must work"""
    form: tuple[tuple[str, str], ...] = ()
    targets: frozenset[PartyKind] = frozenset(PartyKind)
    """about which parties the route is; about another, it does not exist"""
    may_be_refused: bool = False
    """whether what is asked may make no sense just now (422), as who may learns"""


MANAGERS = frozenset({OWNER, SALES})
KEEPERS = frozenset({OWNER, SALES, BILLING})
CUSTOMERS = frozenset({PartyKind.CUSTOMER})
RESELLERS = frozenset({PartyKind.RESELLER})
ACCOUNT_FORM = (("iban", "DE89370400440532013000"), ("holder", "Neu GmbH"), ("version", "1"))
HELPERS = frozenset({OWNER, SALES, SUPPORT})
READERS_OF_THE_LOG = frozenset({OWNER, BILLING, SUPPORT})
OWNERS = frozenset({OWNER})
SELLERS = frozenset(PartyKind) - {PartyKind.CUSTOMER}
PARTY_FORM = tuple(FORM.items())
ABOUT_A_PARTY: dict[str, OfParty] = {
    "parties.show": OfParty(),
    "parties.create": OfParty(MANAGERS, has_level_below),
    "parties.save_new": OfParty(MANAGERS, has_level_below, form=PARTY_FORM),
    "parties.edit": OfParty(MANAGERS, own_or_below),
    "parties.save": OfParty(MANAGERS, own_or_below, form=PARTY_FORM),
    "team.show": OfParty(),
    "team.invite": OfParty(
        OWNERS, own_or_below, form=(("email", "a@neu.example"), ("role", "sales"), ("language", "de"), ("name", ""))
    ),
    "audit.show": OfParty(READERS_OF_THE_LOG),
    "customers.new_contact": OfParty(KEEPERS, own_or_below, targets=CUSTOMERS),
    "customers.add_contact": OfParty(KEEPERS, own_or_below, form=(("name", "Anna"),), targets=CUSTOMERS),
    "customers.account": OfParty(KEEPERS, own_or_below, targets=CUSTOMERS),
    "customers.set_account": OfParty(KEEPERS, own_or_below, form=ACCOUNT_FORM, targets=CUSTOMERS),
    "customers.seats": OfParty(KEEPERS, own_or_below, targets=CUSTOMERS),
    "customers.set_seats": OfParty(KEEPERS, own_or_below, form=(("workstations", "1"), ("version", "1")), targets=CUSTOMERS),
    "customers.vat_confirmation": OfParty(KEEPERS, directly_below, targets=CUSTOMERS),
    "customers.confirm_vat_id": OfParty(
        KEEPERS, directly_below, form=(("confirmed_on", "2026-11-24"),), targets=CUSTOMERS, may_be_refused=True
    ),
    "orders.new": OfParty(MANAGERS, directly_below, RESELLERS, targets=CUSTOMERS),
    "orders.draw_up": OfParty(MANAGERS, directly_below, RESELLERS, targets=CUSTOMERS, may_be_refused=True),
    "affairs.transfer": OfParty(MANAGERS, far_above, targets=CUSTOMERS),
    "affairs.do_transfer": OfParty(MANAGERS, far_above, targets=CUSTOMERS, may_be_refused=True),
    "affairs.export": OfParty(KEEPERS, own_or_below, targets=CUSTOMERS),
    "affairs.end": OfParty(KEEPERS, directly_below, targets=CUSTOMERS),
    "affairs.do_end": OfParty(KEEPERS, directly_below, form=(("version", "99"),), targets=CUSTOMERS),
    "affairs.resume": OfParty(KEEPERS, directly_below, targets=CUSTOMERS, may_be_refused=True),
    "affairs.erase": OfParty(MANAGERS, directly_below, targets=CUSTOMERS),
    "affairs.do_erase": OfParty(MANAGERS, directly_below, targets=CUSTOMERS, may_be_refused=True),
    "support.enter": OfParty(HELPERS, below, SELLERS),
}
OF_SOMEBODY_IN_A_PARTY: dict[str, OfParty] = {
    "team.confirm_removal": OfParty(OWNERS, own_or_below),
    "team.remove": OfParty(OWNERS, own_or_below),
    "team.change_role": OfParty(OWNERS, own_or_below, form=(("role", "sales"),)),
    "team.revoke": OfParty(OWNERS, own_or_below),
    "customers.contact": OfParty(KEEPERS, own_or_below, targets=CUSTOMERS),
    "customers.change_contact": OfParty(KEEPERS, own_or_below, form=(("name", "Anna"),), targets=CUSTOMERS),
    "customers.remove_contact": OfParty(KEEPERS, own_or_below, targets=CUSTOMERS),
}
"""with an id that does not exist: who may learns so (404), who may not, that (403)"""
OF_THE_OPERATOR = {"outbox.show": 200, "outbox.read": 404}
"""for its owners alone, and never while they work as somebody else; what they get"""
OF_ONESELF = {
    "dashboard.home", "support.leave", "account.show", "account.change_password", "account.two_factor", "account.switch_on",
    "account.disable_two_factor", "account.renew_codes", "account.end_session", "account.work_at",
}  # fmt: skip
"""everybody who is logged in, about nobody but oneself"""


@dataclass(frozen=True, slots=True)
class OfTrade:
    """A route about what the asker's own party sells, buys or is given as a file: who gets no 403."""

    roles: frozenset[Role] = EVERYBODY
    kinds: frozenset[PartyKind] = frozenset(PartyKind)
    is_private: bool = False
    """not for somebody from above who is logged in as the party"""
    answers: frozenset[int] = frozenset({200, 303, 409, 422})


OPERATOR = frozenset({PartyKind.OPERATOR})
OF_TRADE = {
    "packages.show": OfTrade(),
    "packages.look": OfTrade(),
    "packages.create": OfTrade(KEEPERS, OPERATOR, is_private=True),
    "packages.save_new": OfTrade(KEEPERS, OPERATOR, is_private=True),
    "packages.rename": OfTrade(KEEPERS, OPERATOR, is_private=True),
    "packages.new_version": OfTrade(KEEPERS, OPERATOR, is_private=True),
    "packages.add_version": OfTrade(KEEPERS, OPERATOR, is_private=True),
    "prices.ask": OfTrade(KEEPERS, SELLERS, is_private=True),
    "prices.save": OfTrade(KEEPERS, SELLERS, is_private=True),
    "prices.ending": OfTrade(KEEPERS, SELLERS, is_private=True),
    "prices.end": OfTrade(KEEPERS, SELLERS, is_private=True),
    "prices.withdraw": OfTrade(KEEPERS, SELLERS, is_private=True, answers=frozenset({404})),
    "customer_files.choose": OfTrade(MANAGERS, RESELLERS),
    "customer_files.take_in": OfTrade(MANAGERS, RESELLERS),
    "customer_files.export": OfTrade(KEEPERS, RESELLERS),
}
OF_TRADE |= {
    name: OfTrade(*row)
    for name, row in (PAGES_OF_TRADE | PAYPAL_OF_TRADE | BOOKS_OF_TRADE | INVOICES_OF_TRADE | ORDERS_OF_TRADE).items()
}
AT_THE_DOOR = PAGES_AT_THE_DOOR | PAYPAL_AT_THE_DOOR | {
    "static", "appearance.colours", "download.show", "download.fetch",
    "invitation.look", "invitation.accept", "language.choose", "login.log_in", "login.try_log_in",
    "login.code", "login.try_code", "login.log_out", "login.forgotten", "login.send_link",
}  # fmt: skip
"""nobody is asked who he is"""


def askers() -> Iterator[Asker]:
    """Everybody on one way down, and two at work as somebody below."""
    for home in ("operator", "north", "alpha", "anna"):
        for role in Role:
            yield Asker(home, role, home)
    yield Asker("north", OWNER, "alpha")
    yield Asker("operator", SUPPORT, "north")


@pytest.fixture
def app(app: Flask) -> Flask:
    """The app, which takes forms from anywhere: what is asked here is who may, not from where."""
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def ask(app: Flask, visitor: Visitor, endpoint: str, form: tuple[tuple[str, str], ...], **ids: int) -> int:
    """Ask a route, and return the status of its answer."""
    with app.test_request_context():
        path = app.url_for(endpoint, **cast("dict[str, Any]", ids))
    methods = next(rule.methods or set() for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
    sent = dict(form) | {"submission": ""}
    answer = visitor.client.post(path, data=sent) if "POST" in methods else visitor.client.get(path)
    return answer.status_code


def test_every_route_stands_in_the_table(app: Flask) -> None:
    """Who adds a page says who may see it."""
    known = {*ABOUT_A_PARTY, *OF_SOMEBODY_IN_A_PARTY, *OF_THE_OPERATOR, *OF_ONESELF, *OF_TRADE, *AT_THE_DOOR}

    assert {rule.endpoint for rule in app.url_map.iter_rules()} == known


@pytest.mark.parametrize("target", TREE)
def test_every_route_about_a_party_asked_by_everybody(target: str, app: Flask, family: Family, visitors: Visitors) -> None:
    """Own party, child, grandchild, parent, sibling, nephew: each gets what the table says."""
    wrong = []
    for asker in askers():
        visitor = visitors.of(asker.home, asker.role, on_behalf_of=asker.acting if asker.acting != asker.home else "")
        for endpoint, rule in (OF_SOMEBODY_IN_A_PARTY | ABOUT_A_PARTY).items():  # which ends with working as somebody else
            nobodys = dict.fromkeys(_ids_of(app, endpoint) - {"party_id"}, 999)
            status = ask(app, visitor, endpoint, rule.form, party_id=family[target], **nobodys)
            wanted = _wanted(asker, target, endpoint, rule)
            if status not in wanted:
                wrong.append((asker, endpoint, status, wanted))
            if endpoint == "support.enter" and status == 303:
                visitor.client.post("/leave")

    assert not wrong, wrong


def test_the_operators_pages_are_the_operators(app: Flask, visitors: Visitors) -> None:
    """Mails hold one-time links of everybody."""
    for asker in askers():
        visitor = visitors.of(asker.home, asker.role, on_behalf_of=asker.acting if asker.acting != asker.home else "")
        may = asker.home == asker.acting == "operator" and asker.role is OWNER
        for endpoint, status in OF_THE_OPERATOR.items():
            ids = dict.fromkeys(_ids_of(app, endpoint), 999)
            assert ask(app, visitor, endpoint, (), **ids) == (status if may else 403), (asker, endpoint)


def test_ones_own_pages_are_everybodys(app: Flask, visitors: Visitors) -> None:
    """No role is locked out of its own password; nobody ends another's session."""
    for asker in askers():
        visitor = visitors.of(asker.home, asker.role)
        for endpoint in sorted(OF_ONESELF):
            ids = dict.fromkeys(_ids_of(app, endpoint), 999)
            status = ask(app, visitor, endpoint, (), **ids)
            assert status in ({404} if ids else {200, 303, 422}), (asker, endpoint, status)


def test_the_pages_of_trade_are_for_who_trades(app: Flask, family: Family, visitors: Visitors) -> None:
    """A package that is offered all the way down; who is logged in as somebody below sees what it holds, and sets no price."""
    shop = open_shop(family)
    ids = {"package_id": shop.package_id, "version_id": shop.version_id, "price_id": 999}
    for asker in askers():
        is_guest = asker.acting != asker.home
        visitor = visitors.of(asker.home, asker.role, on_behalf_of=asker.acting if is_guest else "")
        for endpoint, rule in OF_TRADE.items():
            status = ask(app, visitor, endpoint, (), **{name: ids.get(name, 999) for name in _ids_of(app, endpoint)})
            may = asker.role in rule.roles and asker.kind in rule.kinds and not (rule.is_private and is_guest)
            assert status in (rule.answers if may else {403}), (asker, endpoint, status)


def test_a_package_that_is_not_offered_does_not_exist(app: Flask, family: Family, visitors: Visitors) -> None:
    """Nor do its prices, for whoever could set some."""
    shop = open_shop(family)
    ids = {"package_id": shop.package_id, "version_id": shop.version_id, "price_id": 1}
    for party in ("gamma", "greta", "berta"):
        for endpoint, rule in OF_TRADE.items():
            if TREE[party][1] in rule.kinds and (needed := _ids_of(app, endpoint)):
                assert ask(app, visitors.of(party), endpoint, (), **{name: ids.get(name, 999) for name in needed}) == 404, (
                    party,
                    endpoint,
                )


def test_who_is_not_logged_in_gets_no_further_than_the_door(app: Flask, visitors: Visitors) -> None:
    """Pages lead to the login, forms are refused: whether something exists is not told."""
    nobody = visitors.anybody()
    for endpoint in {*ABOUT_A_PARTY, *OF_SOMEBODY_IN_A_PARTY, *OF_THE_OPERATOR, *OF_ONESELF, *OF_TRADE}:
        rule = (ABOUT_A_PARTY | OF_SOMEBODY_IN_A_PARTY).get(endpoint, OfParty())
        status = ask(app, nobody, endpoint, rule.form, **dict.fromkeys(_ids_of(app, endpoint), 1))

        assert status in {302, 401}, endpoint


def _wanted(asker: Asker, target: str, endpoint: str, rule: OfParty) -> set[int]:
    if not reaches(asker, target) or TREE[target][1] not in rule.targets:
        return {404}
    if asker.role not in rule.roles or asker.kind not in rule.kinds:
        return {403}
    if endpoint == "support.enter" and own(asker, target):
        return {422}  # one is there already
    if not rule.where(asker, target):
        return {403}
    if endpoint in OF_SOMEBODY_IN_A_PARTY:
        return {404}
    return {200, 303, 409} | (
        {422} if rule.may_be_refused else set()
    )  # 409: somebody before has changed the party, as the form does not know


def _ids_of(app: Flask, endpoint: str) -> set[str]:
    return next(set(rule.arguments) for rule in app.url_map.iter_rules() if rule.endpoint == endpoint)
