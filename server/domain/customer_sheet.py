"""Customers as a CSV file: read with a report of every line that is wrong, written so that it can be read again. Pure.

The file is UTF-8 or Windows-1252, its cells are divided by semicolon, comma or tab, as spreadsheets write them. Its first
line names the columns, in German or English, in any order; name, street, postal code and town must be there. Nothing of a
file is taken in as long as one line of it is wrong: it is put right and read again, and nobody need know which half was
there already.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

from server.domain.customer_record import CustomerRecord
from server.domain.customer_row import COLUMNS, Column, read_row, record_cells
from server.domain.errors import RuleBroken
from server.domain.sentence import N_

MOST_BYTES = 5_000_000
MOST_LINES = 10_000  # a file of customers, not an attack on the memory
_DIVIDERS = ";,\t"
_GUARDED = ("=", "+", "-", "@", "'")  # a spreadsheet would execute a cell that begins so; the last one is the guard itself
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a cell or a line."""

    line: int
    """in the file, the columns' names being line 1; a cell of several lines counts where its row begins"""
    column: str
    """as the file names it; empty: the line as a whole"""
    cause: RuleBroken


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a file says: the lines that are right, and everything that is wrong with the others."""

    records: tuple[tuple[int, CustomerRecord], ...]
    """by line"""
    complaints: tuple[Complaint, ...]
    """in the file's order"""


def read_sheet(data: bytes) -> Sheet:
    """Return what a CSV file says. Raises RuleBroken when it is no file of customers at all: its field is ``file``."""
    rows = _rows(_text(data))
    if not rows:
        raise RuleBroken(N_("The file is empty."), field="file")
    names = rows[0][1]
    columns = _columns(names)
    records: list[tuple[int, CustomerRecord]] = []
    complaints: list[Complaint] = []
    for line, cells in rows[1:]:
        found, wrong = _read_line(cells, names, columns)
        complaints += [Complaint(line, column, cause) for column, cause in wrong]
        if found is not None:
            records.append((line, found))
    complaints += _twins(records)
    return Sheet(tuple(records), tuple(sorted(complaints, key=lambda one: one.line)))


def write_sheet(records: Iterable[CustomerRecord], *, language: str) -> bytes:
    """Return customers as a file that ``read_sheet`` and a spreadsheet read; columns are named in ``"de"`` or ``"en"``."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerow([names[0 if language == "de" else 1] for names in COLUMNS.values()])
    for record in records:
        cells = record_cells(record)
        writer.writerow([_harmless(cells.get(column, "")) for column in COLUMNS])
    return (_BYTE_ORDER_MARK + stream.getvalue()).encode()


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise RuleBroken(N_("The file is larger than {most} MB."), field="file", most=MOST_BYTES // 10**6)
    if b"\0" in data:
        raise RuleBroken(N_("This is no CSV file."), N_("Save the table as CSV, not as a workbook."), field="file")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines that hold anything, each with its number in the file."""
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(_DIVIDERS, key=first.count), strict=True)
    rows = []
    before = 0
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((before + 1, [_plain(cell) for cell in cells]))
            before = reader.line_num
            if len(rows) > MOST_LINES + 1:
                raise RuleBroken(N_("The file has more than {most} lines."), field="file", most=MOST_LINES)
    except csv.Error as error:
        raise RuleBroken(
            N_("From line {line} on, the file is no CSV: a quotation mark is missing or too many."), field="file", line=before + 1
        ) from error
    return rows


def _columns(names: list[str]) -> list[Column]:
    known = {_key(name): column for column, both in COLUMNS.items() for name in (*both, column.value)}
    strangers = [name for name in names if _key(name) not in known]
    if strangers:
        raise RuleBroken(
            N_("There is no column {names}."),
            N_("The columns are: {columns}."),
            field="file",
            names=", ".join(name or "…" for name in strangers),
            columns=", ".join(german for german, _english in COLUMNS.values()),
        )
    columns = [known[_key(name)] for name in names]
    twice = {name for name, column in zip(names, columns, strict=True) if columns.count(column) > 1}
    if twice:
        raise RuleBroken(N_("A column is there twice: {names}."), field="file", names=", ".join(sorted(twice)))
    missing = [COLUMNS[column][0] for column in Column if column.is_needed and column not in columns]
    if missing:
        raise RuleBroken(N_("A column is missing: {names}."), field="file", names=", ".join(missing))
    return columns


def _read_line(
    cells: list[str], names: list[str], columns: list[Column]
) -> tuple[CustomerRecord | None, list[tuple[str, RuleBroken]]]:
    if len(cells) != len(columns):
        counted = RuleBroken(
            N_("The line has {count:cell|cells} instead of {wanted}."),
            N_("A cell that holds the divider stands in quotation marks."),
            count=len(cells),
            wanted=len(columns),
        )
        return None, [("", counted)]
    record, wrong = read_row(dict(zip(columns, cells, strict=True)))
    called = dict(zip(columns, names, strict=True))
    return record, [(called.get(column, ""), cause) for column, cause in wrong]


def _twins(records: list[tuple[int, CustomerRecord]]) -> list[Complaint]:
    seen: dict[tuple[str, ...], int] = {}
    complaints = []
    for line, record in records:
        first = seen.setdefault(record.likeness, line)
        if first != line:
            complaints.append(
                Complaint(line, "", RuleBroken(N_("The same customer stands in line {first} already."), first=first))
            )
    return complaints


def _key(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_GUARDED) else cell


def _plain(cell: str) -> str:
    stripped = cell.strip()
    return stripped[1:] if stripped.startswith("'") and stripped[1:].startswith(_GUARDED) else stripped
