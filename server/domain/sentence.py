"""Sentences for people: marked where they are written, filled where they are shown. Pure; translates nothing.

A template names its facts in braces. What it counts names both forms: ``{files:file|files}`` becomes ``1 file`` or
``1,204 files``, so that a template can travel with its facts and is one sentence to the translator.
"""

import string
from collections.abc import Mapping
from enum import StrEnum
from typing import Self


def N_(text: str) -> str:
    """Mark ``text`` for translation where it is written, and return it unchanged."""
    return text


class Word(StrEnum):
    """One of a few values that a row keeps and a page names: written ``NAME = "value", N_("label")``."""

    label: str
    """in English, to be translated"""

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


def complete(template: str, facts: Mapping[str, object], language: str) -> str:
    """Return a template with its facts; what it counts in the way of ``language``, which the template must be in."""
    return _Sentence(language).vformat(template, (), facts)


def grouped(number: int, language: str) -> str:
    """Return ``1,204``, German ``1.204``."""
    return f"{number:,}".replace(",", ".") if language == "de" else f"{number:,}"


class _Sentence(string.Formatter):
    """Fills a template; knows the format ``one|many``, both forms of what is counted: for 1, and for anything else."""

    def __init__(self, language: str) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        one, bar, many = format_spec.partition("|")
        if not bar:
            return value.label if isinstance(value, Word) else format(value, format_spec)
        number = grouped(value, self._language) if isinstance(value, int) else str(value)
        return f"{number} {one if value == 1 else many}"
