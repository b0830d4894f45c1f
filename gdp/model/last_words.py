"""What a run's process said last, in the reader's language: why it ended before it was done."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gdp.core.sentences import error_text
from gdp.model.run import Trouble, error_of


def why(summary: Mapping[str, Any]) -> str:
    """Return what ended a run before it was done, with the next step; empty where its last word was a summary."""
    if summary.get("message_type") != "exit_error":
        return ""
    return words_of(summary, str(summary.get("message", "")))


def words_of(record: Mapping[str, Any], sentence: str) -> str:
    """Return what a record ``error`` or ``exit_error`` says, in the reader's language as far as its template is known.

    Args:
        sentence: what it says otherwise.
    """
    named: dict[str, Any] = {
        "template": record.get("template"), "facts": record.get("facts", {}), "hint": record.get("hint_template", "")
    }  # fmt: skip
    try:
        return error_text(error_of(msgspec.convert(named, Trouble)))
    except (msgspec.ValidationError, LookupError, ValueError, AttributeError):
        return sentence
