"""What was printed of an order, as it is kept with it: JSON without the logo, which is no content."""

from dataclasses import replace

import msgspec

from server.domain.paper import PaperOrder
from server.models.order import Order


def stored_paper(order: Order) -> PaperOrder | None:
    """Return what was printed of an order in its present version; None: nothing yet."""
    return msgspec.json.decode(order.paper, type=PaperOrder) if order.paper else None


def to_store(paper: PaperOrder) -> str:
    """Return what is kept of an order that is printed."""
    seller, adviser = paper.seller, paper.adviser
    bare = replace(
        paper,
        seller=replace(seller, brand=replace(seller.brand, logo=None)),
        adviser=adviser and replace(adviser, brand=replace(adviser.brand, logo=None)),
        distributor=replace(paper.distributor, brand=replace(paper.distributor.brand, logo=None)),
        operator=replace(paper.operator, brand=replace(paper.operator.brand, logo=None)),
    )
    return msgspec.json.encode(bare).decode()
