"""Numbers without gaps: drawn in the transaction that uses them, so that one that fails gives its number back."""

from server.models.base import database
from server.models.money import NumberSeries


def draw(issuer_id: int, series: str) -> int:
    """Return the next number of an issuer's series, from 1. Who draws at the same moment waits until this transaction ends."""
    with database.atomic():
        row = NumberSeries.insert(issuer=issuer_id, series=series, last=0).on_conflict_ignore()
        row.execute()
        mine = (NumberSeries.issuer == issuer_id) & (NumberSeries.series == series)
        NumberSeries.update(last=NumberSeries.last + 1).where(mine).execute()
        return int(NumberSeries.get(mine).last)
