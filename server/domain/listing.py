"""Lists that are too long for one page: which part of one somebody wants to see. Pure; the database does the work."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ListWish:
    """What is searched for, how it is sorted, which page of it."""

    search: str = ""
    """what every row must contain; empty: all rows"""
    sort: str = ""
    """a column's name; a service falls back to its own order where it does not know it"""
    is_descending: bool = False
    page: int = 1
    """counted from 1"""
