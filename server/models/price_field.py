"""A field for prices: exact in either database, compared and sorted as numbers."""

from decimal import Decimal
from typing import TYPE_CHECKING

from peewee import BigIntegerField, DecimalField

from server.domain.money import PRICE_PLACES


class _PriceField(BigIntegerField):
    """A price in euro as ``Decimal``, kept as whole millionths. SQLite has no exact decimals of its own."""

    def db_value(self, value: Decimal | int | None) -> int | None:
        return int(value.scaleb(PRICE_PLACES)) if isinstance(value, Decimal) else value

    def python_value(self, value: int | None) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-PRICE_PLACES)


if TYPE_CHECKING:
    PriceField = DecimalField  # whose types say what goes in and comes out
else:
    PriceField = _PriceField
