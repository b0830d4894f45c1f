"""Money. Prices are euro as ``Decimal`` with up to six places, quantities are exact fractions, amounts are whole cents.

There is no rounding but here: half a cent goes away from zero, so that a credit is worth what the debit was.
"""

from decimal import Decimal
from fractions import Fraction

from server.domain.errors import RuleBroken
from server.domain.sentence import N_

PRICE_PLACES = 6


def whole_cents(euros: Fraction) -> int:
    """Return an amount in whole cents."""
    cents = int(abs(euros) * 100 + Fraction(1, 2))
    return cents if euros >= 0 else -cents


def whole_euros(euros: Fraction) -> int:
    """Return an amount in whole euro, for a tax office that counts so."""
    whole = int(abs(euros) + Fraction(1, 2))
    return whole if euros >= 0 else -whole


def line_cents(quantity: Fraction, price: Decimal) -> int:
    """Return what a line of an invoice comes to, in cents. A credit is a negative quantity."""
    return whole_cents(quantity * Fraction(price))


def euros(cents: int) -> Decimal:
    """Return cents as euro with two places, for a page or a file."""
    return Decimal(cents).scaleb(-2)


def check_price(price: Decimal) -> None:
    """Raise RuleBroken unless a price is finite, not negative, and of no more than ``PRICE_PLACES`` places."""
    if not price.is_finite() or price < 0:
        raise RuleBroken(N_("{price} is no price."), field="price", price=str(price))
    if price != round(price, PRICE_PLACES):
        raise RuleBroken(
            N_("{price} has more than {places:decimal place|decimal places}."),
            field="price",
            price=str(price),
            places=PRICE_PLACES,
        )
