"""The accounts that bookings go to: two of DATEV's charts, and what a party has chosen otherwise. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.domain.errors import RuleBroken
from server.domain.sentence import N_, Word
from server.domain.tax import TaxCategory, TaxRule

STANDARD_PERCENT = 19  # what the accounts of both charts for taxed revenue and losses compute by themselves
DEBTORS = range(10_000, 70_000)
"""accounts of persons who owe something, where accounts of things have four figures"""
_ACCOUNT = re.compile(r"[1-9]\d{3}", re.ASCII)
_KEY = re.compile(r"(\d{1,4})?", re.ASCII)


class Chart(Word):
    """A chart of accounts."""

    SKR03 = "03", N_("SKR03")
    SKR04 = "04", N_("SKR04")


class AccountRole(Word):
    """What an account is for."""

    REVENUE = "revenue", N_("Revenue with VAT")
    REVENUE_EU = "revenue_eu", N_("Revenue, reverse charge")
    REVENUE_EXEMPT = "revenue_exempt", N_("Revenue of a small business")
    REVENUE_OUTSIDE = "revenue_outside", N_("Revenue not taxable here")
    BANK = "bank", N_("Bank")
    PAYPAL = "paypal", N_("PayPal")
    CHARGES = "charges", N_("Charges of bank and PayPal")
    CLAIMS = "claims", N_("Dunning fees and charges passed on")
    INTEREST = "interest", N_("Interest on arrears")
    LOSS = "loss", N_("Losses of claims with VAT")
    LOSS_UNTAXED = "loss_untaxed", N_("Losses of claims without VAT")
    COMMISSION = "commission", N_("Commission paid")
    CLEARING = "clearing", N_("Clearing")


_DEFAULTS: Mapping[AccountRole, tuple[str, str]] = {
    AccountRole.REVENUE: ("8400", "4400"),
    AccountRole.REVENUE_EU: ("8336", "4336"),
    AccountRole.REVENUE_EXEMPT: ("8195", "4185"),
    AccountRole.REVENUE_OUTSIDE: ("8338", "4338"),
    AccountRole.BANK: ("1200", "1800"),
    AccountRole.PAYPAL: ("1210", "1810"),
    AccountRole.CHARGES: ("4970", "6855"),
    AccountRole.CLAIMS: ("2709", "4839"),
    AccountRole.INTEREST: ("2650", "7100"),
    AccountRole.LOSS: ("2406", "6936"),
    AccountRole.LOSS_UNTAXED: ("2400", "6930"),
    AccountRole.COMMISSION: ("4760", "6770"),
    AccountRole.CLEARING: ("1590", "1370"),
}
_REVENUE = {
    TaxCategory.STANDARD: AccountRole.REVENUE,
    TaxCategory.REVERSE_CHARGE: AccountRole.REVENUE_EU,
    TaxCategory.EXEMPT: AccountRole.REVENUE_EXEMPT,
    TaxCategory.OUTSIDE: AccountRole.REVENUE_OUTSIDE,
}


@dataclass(frozen=True, slots=True)
class Accounts:
    """The accounts of one party."""

    chart: Chart = Chart.SKR03
    chosen: Mapping[AccountRole, str] | None = None
    """those that are not the chart's"""
    revenue_key: str = ""
    """tax key with revenue with VAT; empty: the account computes the VAT by itself"""
    commission_key: str = "9"
    """tax key with commission on which the agent asks VAT"""

    def __getitem__(self, role: AccountRole) -> str:
        return (self.chosen or {}).get(role) or default_account(self.chart, role)


def default_account(chart: Chart, role: AccountRole) -> str:
    """Return the account of a chart for something."""
    return _DEFAULTS[role][chart is Chart.SKR04]


def revenue_role(rule: TaxRule) -> AccountRole:
    """Return which revenue a sale under a rule is. Raises RuleBroken for a rate for which no account is known."""
    if rule.category is TaxCategory.STANDARD and rule.percent != STANDARD_PERCENT:
        raise RuleBroken(N_("No account is known for revenue with {percent} % VAT."), percent=rule.percent)
    return _REVENUE[rule.category]


def read_accounts(sent: Mapping[str, str]) -> tuple[Accounts, tuple[RuleBroken, ...]]:
    """Return the accounts that a form says, empty ones being the chart's, and everything that is wrong with it."""
    broken = []
    code = sent.get("chart", "")
    chart = Chart(code) if code in list(Chart) else Chart.SKR03
    if code not in list(Chart):
        broken.append(RuleBroken(N_("Choose one of the charts."), field="chart"))
    chosen: dict[AccountRole, str] = {}
    for role in AccountRole:
        account = sent.get(role, "").strip()
        if account and not _ACCOUNT.fullmatch(account):
            broken.append(RuleBroken(N_("“{text}” is no account: it has four figures."), field=str(role), text=account))
        elif account and account != default_account(chart, role):
            chosen[role] = account
    keys = {}
    for name in ("revenue_key", "commission_key"):
        keys[name] = sent.get(name, "").strip()
        if not _KEY.fullmatch(keys[name]):
            broken.append(RuleBroken(N_("“{text}” is no tax key: it has up to four figures."), field=name, text=keys[name]))
    return Accounts(chart, chosen, **keys), tuple(broken)
