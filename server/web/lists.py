"""A list's place in its address: what is searched, how it is sorted, which page. Reads it from the request, writes the links."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar
from urllib.parse import urlencode

from flask import request

from server.domain.listing import ListWish
from server.services.paging import Page

LONGEST_SEARCH = 100  # characters; what is longer finds nothing that a person looks for
LAST_PAGE = 1_000_000  # beyond it nobody turns pages; a database must not be asked to skip more
Row = TypeVar("Row")


def wish_of_request(default_sort: str, *, is_descending: bool = False) -> ListWish:
    """Return what the address asks for; whatever it holds that makes no sense counts as not said."""
    sort = request.args.get("sort", "")
    wanted = request.args.get("page", "1")
    return ListWish(
        search="".join(filter(str.isprintable, request.args.get("search", ""))).strip()[:LONGEST_SEARCH],
        sort=sort.removeprefix("-") or default_sort,
        is_descending=sort.startswith("-") if sort else is_descending,
        page=min(max(int(wanted), 1), LAST_PAGE) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 1,
    )


@dataclass(frozen=True, slots=True)
class ListView(Generic[Row]):
    """One page of a list with the links to its other pages and orders."""

    wish: ListWish
    part: Page[Row]
    path: str
    kept: tuple[tuple[str, str], ...] = ()
    """filters of the list's own that its links must keep"""

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.part.items

    @property
    def total(self) -> int:
        return self.part.total

    @property
    def search(self) -> str:
        return self.wish.search

    @property
    def sort(self) -> str:
        return self.wish.sort

    @property
    def is_descending(self) -> bool:
        return self.wish.is_descending

    @property
    def page(self) -> int:
        return self.part.number

    @property
    def first(self) -> int:
        """The number of the first row shown, counted from 1."""
        return (self.page - 1) * self.part.size + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def has_previous(self) -> bool:
        return self.page > 1

    @property
    def has_next(self) -> bool:
        return self.page < self.part.last

    def at(self, page: int) -> str:
        """Return the address of another page of the same list."""
        return self._address(replace(self.wish, page=page))

    def sorted_by(self, key: str) -> str:
        """Return the address of the list sorted by a column; by the same one again turns it round."""
        turned = key == self.wish.sort and not self.wish.is_descending
        return self._address(replace(self.wish, sort=key, is_descending=turned, page=1))

    def _address(self, wish: ListWish) -> str:
        said = list(self.kept)
        if wish.search:
            said.append(("search", wish.search))
        if wish.sort:
            said.append(("sort", "-" * wish.is_descending + wish.sort))
        if wish.page > 1:
            said.append(("page", str(wish.page)))
        return self.path + ("?" + urlencode(said) if said else "")


def list_view(wish: ListWish, part: Page[Row], **filters: str) -> ListView[Row]:
    """Return the list for its template; ``filters`` are further words of the address that its links keep."""
    return ListView(wish, part, request.path, tuple((name, value) for name, value in filters.items() if value))
