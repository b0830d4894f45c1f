"""Bookings as a file that DATEV reads: EXTF, header version 700, format Buchungsstapel version 13.

Windows-1252, lines end in CR LF, fields are parted by semicolons; texts stand in quotation marks, numbers do not, with a decimal
comma. The first line is the header of 31 fields, the second names the 125 columns of each booking.

Source: developer.datev.de, DATEV-Format, Buchungsstapel.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.datev import Booking
from server.domain.datev_chart import Chart
from server.domain.money import euros
from server.domain.month import Month
from server.language import ZONE

ENCODING = "cp1252"
LONGEST_TEXT = 60
LONGEST_NUMBER = 36
_ACCOUNT_FIGURES = 4
_NOT_IN_A_NUMBER = re.compile(r"[^A-Za-z0-9_$%/-]")
_COLUMNS = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz", "WKZ Basis-Umsatz", "Konto",
    "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum", "Belegfeld 1", "Belegfeld 2", "Skonto", "Buchungstext",
    "Postensperre", "Diverse Adressnummer", "Geschäftspartnerbank", "Sachverhalt", "Zinssperre", "Beleglink",
    *(f"Beleginfo - {what} {number}" for number in range(1, 9) for what in ("Art", "Inhalt")),
    "KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)", "EU-Steuersatz (Bestimmung)",
    "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L", "BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer",
    "BU 49 Funktionsergänzung",
    *(name for number in range(1, 21) for name in (f"Zusatzinformation - Art {number}", f"Zusatzinformation- Inhalt {number}")),
    "Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit", "Skontotyp", "Auftragsnummer",
    "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)", "Sachverhalt L+L (Anzahlungen)",
    "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)", "Herkunft-Kz", "Buchungs GUID", "KOST-Datum",
    "SEPA-Mandatsreferenz", "Skontosperre", "Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer",
    "Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung", "Leistungsdatum",
    "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz", "Land", "Abrechnungsreferenz", "BVV-Position",
    "EU-Land u. UStID (Ursprung)", "EU-Steuersatz (Ursprung)", "Abw. Skontokonto",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Whose books a file holds."""

    consultant: str
    client: str
    """the two numbers by which DATEV knows whose books they are"""
    chart: Chart
    month: Month
    created: datetime


def write_batch(batch: Batch, bookings: Iterable[Booking]) -> bytes:
    """Return the file."""
    lines = [_header(batch), ";".join(_COLUMNS), *map(_row, bookings)]
    return "".join(f"{line}\r\n" for line in lines).encode(ENCODING)


def file_name(batch: Batch) -> str:
    """Return the name by which DATEV knows what it is."""
    return f"EXTF_Buchungsstapel_{batch.client}_{batch.month}.csv"


def _header(batch: Batch) -> str:
    created = batch.created.astimezone(ZONE)
    last = batch.month.end.toordinal() - 1
    fields: Sequence[str] = (
        _text("EXTF"), "700", "21", _text("Buchungsstapel"), "13", f"{created:%Y%m%d%H%M%S}{created.microsecond // 1000:03}", "",
        _text("RE"), _text(""), _text(""), batch.consultant, batch.client, f"{batch.month.year:04}0101", str(_ACCOUNT_FIGURES),
        f"{batch.month.first:%Y%m%d}", f"{date.fromordinal(last):%Y%m%d}", _text(f"GDPAC {batch.month}"), _text(""), "1", "0",
        "0", _text("EUR"), "", _text(""), "", "", _text(batch.chart), "", "", _text(""), _text(""),
    )  # fmt: skip
    return ";".join(fields)


def _row(booking: Booking) -> str:
    fields = dict.fromkeys(_COLUMNS, "")
    fields |= {
        "Umsatz (ohne Soll/Haben-Kz)": str(euros(booking.cents)).replace(".", ","),
        "Soll/Haben-Kennzeichen": _text(booking.side),
        "WKZ Umsatz": _text("EUR"),
        "Konto": str(booking.account),
        "Gegenkonto (ohne BU-Schlüssel)": str(booking.counter),
        "Belegdatum": f"{booking.day:%d%m}",
        "Belegfeld 1": _text(_NOT_IN_A_NUMBER.sub("-", booking.number)[:LONGEST_NUMBER]),
        "Buchungstext": _text(booking.text[:LONGEST_TEXT]),
        "Festschreibung": "0",
    }
    if booking.key:
        fields["BU-Schlüssel"] = _text(booking.key.zfill(4))
    if booking.vat_id:
        fields["EU-Land u. UStID (Bestimmung)"] = _text(booking.vat_id)
    if booking.due:
        fields["Fälligkeit"] = f"{booking.due:%d%m%Y}"
    return ";".join(fields.values())


def _text(text: str) -> str:
    """Return a text as a field holds it: in letters that Windows-1252 has, without breaks, its quotation marks doubled."""
    clean = "".join(_letter(one) for one in unicodedata.normalize("NFC", text) if unicodedata.category(one) != "Cc")
    return '"' + clean.replace('"', '""') + '"'


def _letter(one: str) -> str:
    for tried in (one, unicodedata.normalize("NFKD", one)[:1]):
        try:
            tried.encode(ENCODING)
        except UnicodeEncodeError:
            continue
        return tried
    return "?"
