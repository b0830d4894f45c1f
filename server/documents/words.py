"""Facts in the words of a letter, in the language spoken now."""

from decimal import Decimal

from babel import Locale
from babel.numbers import format_decimal

from server.domain.paper import Account, Address, OrderedPackage, PaperParty
from server.domain.tax import TaxCategory, TaxGroup, TaxRule
from server.language import a_number, a_price, current_language, say
from server.language import money as plain_money

_MINUS = "\N{MINUS SIGN}"


def street(address: Address) -> str:
    """Return the line with the street."""
    return f"{address.street} {address.house_number}".strip()


def town(address: Address) -> str:
    """Return the line with the town."""
    return f"{address.postal_code} {address.city}".strip()


def country(code: str) -> str:
    """Return the name of a country."""
    return str(Locale.parse(current_language()).territories.get(code, code))


def money(cents: int) -> str:
    """Return an amount with a minus that is as wide as a figure."""
    return plain_money(cents).replace("-", _MINUS)


def price(euros: Decimal) -> str:
    """Return a price with at least two and at most six places."""
    return a_price(euros)


def number(value: int | Decimal, places: int = 0) -> str:
    """Return a number with all its decimals; with so many places where they are given, of which it may not have more."""
    exact = Decimal(f"{Decimal(value).normalize():f}")
    shown = format_decimal(exact, f"#,##0.{'0' * places}", current_language()) if places else a_number(exact)
    return shown.replace("-", _MINUS)


def reached(party: PaperParty) -> list[str]:
    """Return how a party is reached, one way a line."""
    return [one for one in (party.phone, party.email) if one]


def registered(party: PaperParty) -> list[str]:
    """Return what the law wants of a party on its letters."""
    tax_number = party.tax_number and say("Tax number {number}", number=party.tax_number)
    vat_id = party.vat_id and say("VAT id {number}", number=party.vat_id)
    return [one for one in (*party.legal_notice, vat_id, tax_number) if one]


def banked(account: Account) -> list[str]:
    """Return an account, one fact a line."""
    return [one for one in (account.bank, account.grouped_iban, account.bic and f"BIC {account.bic}") if one]


def agents(package: OrderedPackage) -> str:
    """Return the agents of a package."""
    return ", ".join(f"{number(count)} × {kind}" for kind, count in package.agents) or "–"


def tax_name(rule: TaxRule) -> str:
    """Return what stands before an amount of VAT."""
    return say("VAT {percent} %", percent=rule.percent)


def group_name(group: TaxGroup) -> str:
    """Return the same, with what it is worked out from."""
    return say("VAT {percent} % on {net}", percent=group.rule.percent, net=money(group.net))


def tax_note(rule: TaxRule) -> str:
    """Return what has to be said where no VAT is charged; empty where it is."""
    match rule.category:
        case TaxCategory.REVERSE_CHARGE:
            return say("The recipient owes the VAT (reverse charge, article 196 of the VAT directive).")
        case TaxCategory.EXEMPT:
            return say("No VAT is charged: the supplier is a small business (§ 19 UStG).")
        case TaxCategory.OUTSIDE:
            return say("No German VAT: the service is not taxable in Germany (§ 3a UStG).")
    return ""
