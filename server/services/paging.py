"""One page of a long list: counted and cut in SQL."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from peewee import Expression, Field, ModelSelect, fn

Item = TypeVar("Item")
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some rows of many."""

    items: tuple[Item, ...]
    total: int
    """how many there are on all pages"""
    number: int = 1
    size: int = PAGE_SIZE

    @property
    def last(self) -> int:
        """The number of the last page; 1 where there is nothing."""
        return max(1, -(-self.total // self.size))


def cut(
    query: "ModelSelect[Any]",
    shape: Callable[[Any], Item],
    *,
    page: int = 1,
    size: int = PAGE_SIZE,
    counted: "ModelSelect[Any] | None" = None,
) -> Page[Item]:
    """Return a page of an ordered query; a number beyond the ends is that of the nearest page.

    ``counted`` has as many rows and is quicker to count: without the tables that the query only takes names from.
    """
    total: int = (query if counted is None else counted).count()
    number = min(max(1, page), max(1, -(-total // size)))
    return Page(tuple(shape(row) for row in query.paginate(number, size)), total, number, size)


def holds(column: "Field[Any]", text: str) -> Expression:
    """Return the condition that a column holds a text somewhere, in whatever case, umlauts too."""
    return fn.LOWER(column).contains(text.lower())


def begins(column: "Field[Any]", text: str) -> Expression:
    """Return the condition that a column begins with a text, in whatever case."""
    return fn.LOWER(column).startswith(text.lower())
