"""A reader of DATEV's files that shares nothing with what writes them: by the public description, field by field."""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

HEADER_FIELDS, ROW_FIELDS = 31, 125
_AMOUNT = re.compile(r"\d{1,10},\d{2}")
_NUMBER = re.compile(r"[\w$%/-]{0,36}", re.ASCII)


@dataclass(frozen=True)
class Row:
    """One booking."""

    euros: Decimal
    side: str
    account: int
    counter: int
    key: str
    day: date
    number: str
    text: str
    vat_id: str
    due: str


@dataclass(frozen=True)
class Sheet:
    """A file."""

    header: list[str]
    rows: list[Row]

    @property
    def balances(self) -> dict[int, Decimal]:
        """By account, what the file changes of it: each booking counts on both sides."""
        found: Counter[int] = Counter()
        for row in self.rows:
            cents = int(row.euros * 100) * (1 if row.side == "S" else -1)
            found[row.account] += cents
            found[row.counter] -= cents
        return {account: Decimal(cents) / 100 for account, cents in sorted(found.items()) if cents}


def read_datev(content: bytes) -> Sheet:
    """Return what a file says; fails where DATEV would refuse it."""
    text = content.decode("cp1252")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    raw_header, _raw_names, *raw_rows = text.split("\r\n")[:-1]
    header, names, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert raw_header.startswith('"EXTF";700;21;"Buchungsstapel";13;')
    assert len(header) == HEADER_FIELDS
    assert len(names) == len(set(names)) == ROW_FIELDS
    assert re.fullmatch(r"\d{17}", header[5])
    assert re.fullmatch(r"\d{4,7}", header[10])
    assert re.fullmatch(r"\d{1,5}", header[11])
    year = int(header[14][:4])
    assert header[12] == f"{year}0101"
    return Sheet(header, [_row(row, raw, year) for row, raw in zip(rows, raw_rows, strict=True)])


def _row(fields: list[str], raw: str, year: int) -> Row:
    assert len(fields) == ROW_FIELDS
    assert _AMOUNT.fullmatch(fields[0]), fields[0]
    assert fields[0] != "0,00"
    assert re.match(r'[\d,]+;"[SH]";"EUR";;;;\d{4,5};\d{4,5};("\d{4}")?;\d{4};"', raw), raw
    assert _NUMBER.fullmatch(fields[10]), fields[10]
    assert len(fields[13]) <= 60
    return Row(
        euros=Decimal(fields[0].replace(",", ".")),
        side=fields[1],
        account=int(fields[6]),
        counter=int(fields[7]),
        key=fields[8],
        day=date(year, int(fields[9][2:]), int(fields[9][:2])),
        number=fields[10],
        text=fields[13],
        vat_id=fields[39],
        due=fields[116],
    )
