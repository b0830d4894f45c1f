"""Text and numbers exactly as Go's standard library writes them, since a tree's id is the hash of its JSON.

Three things: JSON strings, quoted file names, and times; and Go's file mode bits. A newer Unicode version than restic's may
change an id but never a meaning.
"""

import re
import time as clock
import unicodedata
from functools import lru_cache

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.language import N_

# --- JSON -------------------------------------------------------------------------------------------------------------

_GO_ESCAPES = re.compile(b"[<>&]|\xe2\x80[\xa8\xa9]")
_RARE = b"<", b">", b"&", b"\xe2\x80"
"""none of them: nothing is to be escaped"""
_GO_ESCAPED = {
    b"<": b"\\u003c",
    b">": b"\\u003e",
    b"&": b"\\u0026",
    b"\xe2\x80\xa8": b"\\u2028",
    b"\xe2\x80\xa9": b"\\u2029",
}


def encode_json(value: object) -> bytes:
    """Return compact JSON with the characters escaped that Go escapes; they can only stand inside strings."""
    text = msgspec.json.encode(value)
    if any(rare in text for rare in _RARE):  # which is seen in an eighth of the time
        return _GO_ESCAPES.sub(lambda match: _GO_ESCAPED[match.group()], text)
    return text


def json_string(raw: bytes) -> bytes:
    """Return bytes as a JSON string with its quotes; each byte that is not UTF-8 becomes an escaped U+FFFD."""
    parts = re.split("[\udc80-\udcff]", raw.decode("utf-8", "surrogateescape"))
    return b'"' + b"\\ufffd".join(encode_json(part)[1:-1] for part in parts) + b'"'


# --- file names: strconv.Quote without the outer quotes ----------------------------------------------------------------

_PLAIN_NAME = re.compile(rb"[ !#-\[\]-~]*\Z")
_SHORT = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v", 34: '\\"', 92: "\\\\"}
_ESCAPE = re.compile(rb'\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\"\']))|\\|"')
_UNSHORT = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def quote_name(name: bytes) -> str:
    """Return a file name as Go quotes it: printable text as it is, everything else as an escape."""
    if _PLAIN_NAME.match(name):
        return name.decode("ascii")
    return "".join(_quote_character(character) for character in name.decode("utf-8", "surrogateescape"))


def _quote_character(character: str) -> str:
    code = ord(character)
    if code in _SHORT:
        return _SHORT[code]
    if 0xDC80 <= code <= 0xDCFF:  # one byte that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if character == " " or unicodedata.category(character)[0] in "LMNPS":
        return character
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def unquote_name(text: str) -> bytes:
    """Return the bytes of a quoted name, from any of Go's escapes. Raises DamagedData for a stray quote or backslash."""
    raw = text.encode("utf-8", "surrogatepass")
    if b"\\" not in raw and b'"' not in raw:
        return raw
    return _ESCAPE.sub(_unescape, raw)


def _unescape(match: re.Match[bytes]) -> bytes:
    byte, short_code, long_code, octal, letter = match.groups()
    if byte:
        return bytes((int(byte, 16),))
    if short_code or long_code:
        code = int(short_code or long_code, 16)
        if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code).encode()
    if octal and int(octal, 8) < 256:
        return bytes((int(octal, 8),))
    if letter:
        return _UNSHORT.get(letter, letter)
    raise DamagedData(N_("a file name in a tree is wrongly quoted: {text!r}"), text=match.string[:80])


# --- times: RFC 3339 with nanoseconds ----------------------------------------------------------------------------------

_SECOND_NS = 1_000_000_000
_YEAR_0 = -62_167_219_200  # seconds of 0000-01-01T00:00:00Z; the earliest Go's JSON accepts
_YEAR_10000 = 253_402_300_800
_TIME = re.compile(
    r"(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt]([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:\.(\d+))?"
    r"(?:([Zz])|([+-])([01]\d|2[0-4]):([0-5]\d|60))\Z",
    re.ASCII,
)
"""As Go has it: no leap second and no 24:00, but an offset may be as odd as ``+24:60``."""


def format_time(time_ns: int) -> str:
    """Return a time since 1970 in nanoseconds as RFC 3339 with the local offset that holds at that instant.

    Years outside 0 to 9999 are clamped, as restic does.
    """
    seconds, nanoseconds = divmod(time_ns, _SECOND_NS)
    date, offset = _date_and_offset(seconds)
    return f"{date}.{nanoseconds:09d}".rstrip("0") + offset if nanoseconds else date + offset


@lru_cache(maxsize=65536)
def _date_and_offset(seconds: int) -> tuple[str, str]:
    local = clock.localtime(min(max(seconds, _YEAR_0 + 86400), _YEAR_10000 - 86400))
    offset = local.tm_gmtoff // 60 * 60
    wall = seconds + offset
    if wall < _YEAR_0:
        wall += _clamp_years(wall, target=0)
    elif wall >= _YEAR_10000:
        wall += _clamp_years(wall, target=9999)
    date = civil_date(wall // 86400)
    of_day = wall % 86400
    text = f"{date[0]:04d}-{date[1]:02d}-{date[2]:02d}T{of_day // 3600:02d}:{of_day // 60 % 60:02d}:{of_day % 60:02d}"
    if offset == 0:
        return text, "Z"
    sign, minutes = ("+", offset // 60) if offset > 0 else ("-", -offset // 60)
    return text, f"{sign}{minutes // 60:02d}:{minutes % 60:02d}"


def _clamp_years(wall: int, *, target: int) -> int:
    """Return what to add so that month, day and clock stay and the year becomes ``target``."""
    year, month, day = civil_date(wall // 86400)
    del year
    return (days_from_civil(target, month, day) - wall // 86400) * 86400


def parse_time(text: str) -> int:
    """Return nanoseconds since 1970. Raises DamagedData for what Go does not take for a time, such as 30 February."""
    match = _TIME.match(text)
    days = _days_before(*match.group(1, 2, 3)) if match else None
    if match is None or days is None:
        raise DamagedData(N_("{text!r} is not a time"), text=text[:80])
    hour, minute, second = (int(part) for part in match.group(4, 5, 6))
    fraction, zulu, sign, zone_hours, zone_minutes = match.groups()[6:]
    seconds = days * 86400 + hour * 3600 + minute * 60 + second
    if not zulu:
        seconds -= (1 if sign == "+" else -1) * (int(zone_hours) * 3600 + int(zone_minutes) * 60)
    return seconds * _SECOND_NS + int((fraction or "0")[:9].ljust(9, "0"))


@lru_cache(maxsize=4096)
def _days_before(year: str, month: str, day: str) -> int | None:
    """Return the days since 1970, or None where the month has no such day."""
    date = int(year), int(month), int(day)
    days = days_from_civil(*date)
    return days if civil_date(days) == date else None


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to a date of the proleptic Gregorian calendar, any year.

    Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
    """
    year -= month <= 2
    era, year_of_era = divmod(year, 400)
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year - 719468


def civil_date(days: int) -> tuple[int, int, int]:
    """Return (year, month, day) of a number of days since 1970-01-01; the inverse of ``days_from_civil``."""
    era, day_of_era = divmod(days + 719468, 146097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36524 - day_of_era // 146096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * day_of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    return era * 400 + year_of_era + (month <= 2), month, day_of_year - (153 * shifted + 2) // 5 + 1


# --- file modes --------------------------------------------------------------------------------------------------------

GO_DIR, GO_SYMLINK, GO_DEVICE, GO_FIFO, GO_SOCKET = 1 << 31, 1 << 27, 1 << 26, 1 << 25, 1 << 24
GO_SETUID, GO_SETGID, GO_CHAR_DEVICE, GO_STICKY = 1 << 23, 1 << 22, 1 << 21, 1 << 20
_GO_TYPES = {
    0o040000: GO_DIR,
    0o120000: GO_SYMLINK,
    0o060000: GO_DEVICE,
    0o020000: GO_DEVICE | GO_CHAR_DEVICE,
    0o010000: GO_FIFO,
    0o140000: GO_SOCKET,
    0o100000: 0,
}


@lru_cache(maxsize=1024)
def go_mode(st_mode: int) -> int:
    """Return Go's ``os.FileMode`` for a ``st_mode``."""
    mode = _GO_TYPES.get(st_mode & 0o170000, 0) | (st_mode & 0o777)
    mode |= GO_SETUID if st_mode & 0o4000 else 0
    mode |= GO_SETGID if st_mode & 0o2000 else 0
    return mode | (GO_STICKY if st_mode & 0o1000 else 0)


def permission_bits(mode: int) -> int:
    """Return the twelve permission bits (as for ``chmod``) of a Go mode."""
    bits = mode & 0o777
    bits |= 0o4000 if mode & GO_SETUID else 0
    bits |= 0o2000 if mode & GO_SETGID else 0
    return bits | (0o1000 if mode & GO_STICKY else 0)
