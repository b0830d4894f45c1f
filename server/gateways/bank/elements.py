"""XML from a bank, read with suspicion: no document type, no entities, no network; errors say which file and where.

A file is read as a stream: of 100,000 bookings, one or two at a time are in memory as XML.
"""

import io
import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Any, Literal

from lxml import etree

from server.domain.sentence import N_
from server.gateways.bank.refused import BankFileRefused

Element = etree._Element  # lxml has no public name for what its parser makes

_TAG = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:([a-z0-9.]+)\}Document")
_AMOUNT = re.compile(r"([0-9]{1,13})(?:\.([0-9]{1,5}))?")
_COUNT = re.compile(r"[0-9]{1,15}")
_MOST_QUOTED = 30  # characters of what is wrong that a message repeats


class Source:
    """One file, for messages: what it is called, and how it is opened."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        self._data = data

    def message_type(self) -> str:
        """Return which message the file holds, like ``camt.053.001.08``. Raises BankFileRefused where it is none."""
        try:
            _, root = next(self._events(("start",)))
        except StopIteration:
            raise self.refused(N_("{file} holds nothing.")) from None
        document = root.getroottree().docinfo
        if document.doctype or document.internalDTD is not None:
            raise self.refused(N_("{file} declares a document type, which bank files never do."))
        if (found := _TAG.fullmatch(str(root.tag))) is None:
            raise self.refused(N_("{file} is no ISO 20022 message."))
        return found[1]

    def elements(self, message: str, *names: str) -> Iterator[tuple[str, Element]]:
        """Yield the elements of some names, whole, as they end; of a name in a row, only the last stays in memory.

        ``message`` is the type of the message, which names are looked for in. None of them may stand in itself.
        """
        namespace = f"{{urn:iso:std:iso:20022:tech:xsd:{message}}}"
        for _, element in self._events(("end",), [namespace + name for name in names]):
            name = local_name(element)
            yield name, element
            element.clear()
            parent, before = element.getparent(), element.getprevious()
            if parent is not None and before is not None and local_name(before) == name:
                parent.remove(before)

    def refused(self, template: str, **facts: Any) -> BankFileRefused:
        """Return the error that says what is wrong with this file, which the template names ``{file}``."""
        return BankFileRefused(template, "", file=self.name, **facts)

    def _events(self, kinds: tuple[Literal["start", "end"], ...], tags: list[str] | None = None) -> Iterator[tuple[str, Element]]:
        try:
            yield from etree.iterparse(
                io.BytesIO(self._data), events=kinds, tag=tags, resolve_entities=False, no_network=True, load_dtd=False,
                dtd_validation=False, huge_tree=False, remove_comments=True, remove_pis=True,
            )  # fmt: skip
        except etree.XMLSyntaxError as error:
            raise self.refused(N_("{file} is no well-formed XML: {cause}"), cause=error.msg) from error


def local_name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def children(element: Element, path: str) -> list[Element]:
    """Return the elements at a path like ``NtryDtls/TxDtls``, whatever their namespace."""
    found = [element]
    for tag in _tags(path):
        found = [below for one in found for below in one.iterchildren(tag)]
    return found


def child(element: Element, path: str) -> Element | None:
    """Return the first element at a path; only what is first on the way is looked into."""
    found: Element | None = element
    for tag in _tags(path):
        if found is None:
            return None
        found = next(found.iterchildren(tag), None)
    return found


def text(element: Element, *paths: str) -> str:
    """Return the text at the first of some paths that has one, without spaces around it; nothing where there is none."""
    for path in paths:
        one = child(element, path)
        if one is not None and (found := (one.text or "").strip()):
            return found
    return ""


def canonical(element: Element) -> bytes:
    """Return all that an element says, the same however its lines are broken and its namespaces are called."""
    told = ((local_name(one), sorted(one.items()), (one.text or "").strip()) for one in element.iter())
    return repr(list(told)).encode()


def cents(source: Source, amount: Element) -> int:
    """Return an amount in whole cents. Raises BankFileRefused where it is none, or not whole."""
    written = (amount.text or "").strip()
    found = _AMOUNT.fullmatch(written)
    places = (found[2] or "").ljust(2, "0") if found else ""
    if found is None or places[2:].strip("0"):
        raise source.refused(N_("{file} has an amount that is none: {amount}"), amount=repr(written[:_MOST_QUOTED]))
    return int(found[1]) * 100 + int(places[:2])


def count(written: str) -> int | None:
    """Return a number of things; None where it is none."""
    return int(written) if _COUNT.fullmatch(written) else None


def day(source: Source, written: str) -> date:
    """Return the day of an ISO date or time, as written there."""
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        raise source.refused(N_("{file} has a date that is none: {day}"), day=repr(written[:_MOST_QUOTED])) from None


@cache
def _tags(path: str) -> tuple[str, ...]:
    return tuple("{*}" + name for name in path.split("/"))
