"""Forms: what fields a page asks for, what was typed, and what is wrong with it. Knows no business.

A form is read, then handed to a service; what the service refuses is shown beside the field that it names.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from server.domain.errors import ServerError
from server.domain.sentence import N_
from server.language import hint_of, say, sentence_of

LONGEST = 200  # characters, where a field says nothing else
DIGITS = 9  # of a number that every database holds
_NEW_LINES = {ord(sign): None for sign in "\r\n"}
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a form asks for."""

    name: str
    label: str
    kind: str = "text"
    """of HTML's: text, email, password, tel, color, date ...; or choice, check, lines"""
    required: bool = False
    maximum: int = LONGEST
    """characters"""
    choices: tuple[tuple[str, str], ...] = ()
    """what may be chosen: code and label"""
    hint: str = ""
    autocomplete: str = ""
    inputmode: str = ""
    short: bool = False
    depends: bool = False
    """whether something else decides that it must be filled in"""


class Form:
    """The fields of a page with what stands in them.

    ``errors`` says per field what is wrong; ``refusal`` and ``advice`` what is wrong with the whole; ``theirs`` what
    somebody else saved meanwhile in a field where it differs.
    """

    def __init__(self, fields: Iterable[Field], values: Mapping[str, str] | None = None) -> None:
        self._specs = {field.name: field for field in fields}
        self.values: dict[str, str] = dict.fromkeys(self._specs, "")
        self.values.update(values or {})
        self.errors: dict[str, str] = {}
        self.theirs: dict[str, str] = {}
        self.refusal = ""
        self.advice = ""

    def spec(self, name: str) -> Field:
        """Return what a field asks for."""
        return self._specs[name]

    def has(self, name: str) -> bool:
        """Say whether the form asks for this."""
        return name in self._specs

    def read(self, sent: Mapping[str, str]) -> bool:
        """Take what was sent. Returns whether every field is filled as it must be."""
        for name, field in self._specs.items():
            typed = sent.get(name, "")
            value = typed if field.kind == "password" else typed.strip()
            self.values[name] = value[: field.maximum]
            if wrong := _what_is_wrong(field, value):
                self.errors[name] = wrong
        return not self.errors

    def refuse(self, *errors: ServerError) -> None:
        """Show what a service or a rule refuses, beside its field or above the form."""
        for error in errors:
            if error.field in self._specs:
                self.errors.setdefault(error.field, f"{sentence_of(error)} {hint_of(error)}".strip())
            else:
                self.refusal, self.advice = sentence_of(error), hint_of(error)

    def show_theirs(self, saved: Mapping[str, str]) -> None:
        """Show beside each field what somebody else saved there, where it is not what was typed."""
        for name, value in saved.items():
            if name in self._specs and self.values[name] != value:
                label = dict(self._specs[name].choices).get(value)
                self.theirs[name] = value if label is None else say(label)


def number_sent(sent: Mapping[str, str], name: str) -> int:
    """Return the number in a hidden field; 0 where none stands in it, or one that no row has."""
    text = sent.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 0


def _what_is_wrong(field: Field, value: str) -> str:
    if field.kind == "check":
        return ""
    if field.kind == "choice":
        known = {code for code, _label in field.choices}
        return "" if value in known else say(N_("Please choose one of the list."))
    if field.required and not value.strip():
        return say(N_("Please fill in this field."))
    if len(value) > field.maximum:
        return say(N_("At most {maximum} characters fit here; these are {length}."), maximum=field.maximum, length=len(value))
    if _UNPRINTABLE.search(value.translate(_NEW_LINES) if field.kind == "lines" else value):
        return say(N_("This contains characters that cannot be printed. Please type it anew."))
    return ""
