"""Fields of rows that peewee has not: moments in UTC, and words of the domain."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from peewee import DateTimeField, Field, TextField

from server.domain.sentence import Word

AnyWord = TypeVar("AnyWord", bound=Word)
_STORED = "%Y-%m-%d %H:%M:%S.%f+00:00"  # of one width, so that SQLite's text sorts as time does


class _UtcDateTimeField(Field):
    """A moment: an aware datetime goes in, one in UTC comes out. Exact to the microsecond in either database."""

    field_type = "TIMESTAMPTZ"

    def db_value(self, value: datetime | str | None) -> str | None:
        if value is None or isinstance(value, str):
            return value
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone is no moment")
        return value.astimezone(UTC).strftime(_STORED)

    def python_value(self, value: datetime | str | None) -> datetime | None:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return None if value is None else value.astimezone(UTC)


if TYPE_CHECKING:
    UtcDateTimeField = DateTimeField  # whose types say what goes in and comes out, and whether it may be None
else:
    UtcDateTimeField = _UtcDateTimeField


class _WordField(TextField[Any] if TYPE_CHECKING else TextField):  # type: ignore[misc]
    """One of a few values of the domain, kept as its text."""

    def __init__(self, words: type[Word], **settings: Any) -> None:
        self._words = words
        super().__init__(**settings)

    def db_value(self, value: str | None) -> str | None:
        return None if value is None else str(value)

    def python_value(self, value: str | None) -> Word | None:
        return None if value is None else self._words(value)


@overload
def word_field(words: type[AnyWord], *, null: Literal[False] = ..., **settings: Any) -> "Field[AnyWord]": ...
@overload
def word_field(words: type[AnyWord], *, null: Literal[True], **settings: Any) -> "Field[AnyWord | None]": ...
def word_field(words: type[AnyWord], **settings: Any) -> "Field[Any]":
    """Return a field for one of ``words``."""
    return _WordField(words, **settings)
