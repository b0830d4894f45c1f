"""Structured postal addresses: what a bank, a letter and an e-invoice all accept. Pure.

The lengths are those of a SEPA file (pain.008.001.08, PstlAdr), the narrowest of the three; an address that fits there fits
everywhere.
"""

import re
from dataclasses import dataclass

from server.domain.errors import RuleBroken
from server.domain.sentence import N_

# ISO 3166-1, alpha-2, as of 2026; XK (Kosovo) is no part of it, but in everybody's use.
_CODES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC "
    "CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD "
    "GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH "
    "KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW "
    "MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC "
    "SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY "
    "UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_CODES.split())
_FORMS = {
    "AT": r"\d{4}",
    "BE": r"\d{4}",
    "CH": r"\d{4}",
    "CZ": r"\d{3} ?\d{2}",
    "DE": r"\d{5}",
    "DK": r"\d{4}",
    "ES": r"\d{5}",
    "FR": r"\d{5}",
    "IT": r"\d{5}",
    "LI": r"\d{4}",
    "LU": r"\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "PL": r"\d{2}-\d{3}",
}
_EXAMPLES = {"CZ": "110 00", "NL": "1012 AB", "PL": "00-950"}
_LENGTHS = {"street": 70, "house_number": 16, "postal_code": 16, "city": 35}
ADDRESS_PARTS = tuple(_LENGTHS)
_NEEDED = {"street": N_("The street is missing."), "city": N_("The town is missing.")}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is: every part cleaned and checked. Raises RuleBroken, which names the part as its ``field``."""

    street: str
    house_number: str
    """empty where the street has none (a large company's own postal code)"""
    postal_code: str
    city: str
    country: str = "DE"
    """ISO 3166-1, two letters"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "country", read_country(self.country))
        for part in ADDRESS_PARTS:
            object.__setattr__(self, part, read_part(part, getattr(self, part), country=self.country))


def read_part(part: str, text: str, *, country: str) -> str:
    """Return one of ``ADDRESS_PARTS`` as it is stored; ``country`` decides on postal codes. Raises RuleBroken."""
    clean = clean_text(text, field=part, longest=_LENGTHS[part])
    if not clean and part in _NEEDED:
        raise RuleBroken(_NEEDED[part], field=part)
    return _postal_code(clean.upper(), country) if part == "postal_code" else clean


def read_country(text: str) -> str:
    """Return a country's two letters (ISO 3166-1). Raises RuleBroken."""
    code = text.strip().upper()
    if code not in COUNTRIES:
        raise RuleBroken(
            N_("“{text}” is no country."), hint=N_("Write its two letters, such as DE, AT or CH."), field="country", text=text
        )
    return code


def clean_text(text: str, *, field: str, longest: int) -> str:
    """Return text with its blanks set right. Raises RuleBroken for signs that no form sends, and for too many characters."""
    clean = " ".join(text.split())
    if _CONTROLS.search(clean):
        raise RuleBroken(N_("A character that cannot be printed stands in it."), field=field)
    if len(clean) > longest:
        raise RuleBroken(
            N_("{count} characters are too many: at most {longest} fit on a debit."),
            field=field,
            count=len(clean),
            longest=longest,
        )
    return clean


def _postal_code(code: str, country: str) -> str:
    form = _FORMS.get(country)
    if form is not None and not re.fullmatch(form, code, re.ASCII):
        example = _EXAMPLES.get(country, "0" * 5 if form == r"\d{5}" else "0" * 4)
        raise RuleBroken(
            N_("“{code}” is no postal code of {country}."),
            hint=N_("It has the form {example}."),
            field="postal_code",
            code=code,
            country=country,
            example=example,
        )
    return code
