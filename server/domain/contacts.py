"""How somebody is reached: mail addresses and telephone numbers as they are stored. Pure."""

import re
from dataclasses import dataclass

from server.domain.addresses import clean_text
from server.domain.errors import RuleBroken
from server.domain.sentence import N_

NAME_LENGTH = 70  # Nm in a SEPA file
EMAIL_LENGTH = 254  # RFC 5321, a path without its brackets
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"\[\].]+(\.[^@\s<>,;\"\[\].]+)+")
_PHONE = re.compile(r"\+?[\d /()-]{3,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """A person at a customer's. Raises RuleBroken, which names its ``field``."""

    name: str
    role: str = ""
    """what it does there, in its own words"""
    email: str = ""
    phone: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", clean_text(self.name, field="name", longest=NAME_LENGTH))
        object.__setattr__(self, "role", clean_text(self.role, field="role", longest=NAME_LENGTH))
        object.__setattr__(self, "email", read_email(self.email))
        object.__setattr__(self, "phone", read_phone(self.phone))
        if not self.name:
            raise RuleBroken(N_("The name is missing."), field="name")


def read_email(text: str, *, field: str = "email") -> str:
    """Return a mail address, its domain in small letters; nothing stays nothing. Raises RuleBroken."""
    clean = text.strip()
    if not clean:
        return ""
    if len(clean) > EMAIL_LENGTH or not _EMAIL.fullmatch(clean):
        raise RuleBroken(N_("“{text}” is no mail address."), hint=N_("Write it like name@example.com."), field=field, text=clean)
    local, _at, domain = clean.rpartition("@")
    return f"{local}@{domain.lower()}"


def read_phone(text: str, *, field: str = "phone") -> str:
    """Return a telephone number; nothing stays nothing. Raises RuleBroken."""
    clean = " ".join(text.split())
    if clean and not (_PHONE.fullmatch(clean) and any(map(str.isdigit, clean))):
        raise RuleBroken(N_("“{text}” is no telephone number."), hint=N_("Write it like +49 30 123456."), field=field, text=clean)
    return clean
