"""A bank account that can be debited: its IBAN checked, its BIC and its bank found. Pure.

Banks are found in the registers that schwifty carries (Bundesbank and others), so an account of a country without one has no BIC
here; none is needed within the SEPA area.
"""

from dataclasses import dataclass

import schwifty
from schwifty.exceptions import SchwiftyException

from server.domain.addresses import clean_text
from server.domain.errors import RuleBroken
from server.domain.sentence import N_

HOLDER_LENGTH = 70  # Nm in a SEPA file
_SHOWN_FIRST, _SHOWN_LAST = 4, 4
_GROUP = 4


@dataclass(frozen=True, slots=True)
class Account:
    """Where money is collected from."""

    iban: str
    """without blanks, in capitals"""
    holder: str
    bic: str = ""
    """eleven or eight characters; empty: not known"""
    bank_name: str = ""


def read_account(iban: str, holder: str) -> Account:
    """Return the account of an IBAN, with what is known of its bank. Raises RuleBroken with the ``field`` that is wrong."""
    name = clean_text(holder, field="holder", longest=HOLDER_LENGTH)
    if not name:
        raise RuleBroken(N_("The account's holder is missing."), field="holder")
    number = read_iban(iban)
    parsed = schwifty.IBAN(number)
    return Account(number, name, str(parsed.bic or ""), parsed.bank_name or "")


def read_iban(text: str) -> str:
    """Return an IBAN without blanks, in capitals. Raises RuleBroken for a wrong one, and for one outside the SEPA area."""
    try:
        parsed = schwifty.IBAN(text, validate_bban=True)
    except (SchwiftyException, ValueError) as error:
        raise RuleBroken(
            N_("“{text}” is no IBAN: a digit is wrong, missing or too many."),
            hint=N_("Compare it with a bank statement."),
            field="iban",
            text=text.strip(),
        ) from error
    if not parsed.in_sepa_zone:
        raise RuleBroken(N_("Accounts in {country} cannot be debited."), field="iban", country=parsed.country_code)
    return str(parsed)


def grouped(iban: str) -> str:
    """Return an IBAN as it stands on paper, in groups of four; a masked one as it is."""
    if not iban.isalnum():
        return iban
    return " ".join(iban[start : start + _GROUP] for start in range(0, len(iban), _GROUP))


def masked(iban: str) -> str:
    """Return what of an IBAN may stand in a log or before eyes that need only recognise it."""
    return f"{iban[:_SHOWN_FIRST]} … {iban[-_SHOWN_LAST:]}"
