"""The form of a party: its fields by kind, in the order of the paper form."""

from collections.abc import Mapping
from typing import Final

from babel import Locale

from server.domain.addresses import COUNTRIES
from server.domain.party import PartyKind, SalesMode, TaxStatus
from server.domain.party_sheet import PartyFacts
from server.domain.rights import Right
from server.domain.sentence import N_
from server.language import current_language
from server.web import visit
from server.web.deeds import LABELS
from server.web.forms import Field, Form

_NEAR: Final = ("DE", "AT", "CH")


def party_form(kind: PartyKind, facts: PartyFacts) -> Form:
    """Return the form of a party of ``kind``, filled with what is known."""
    fields = [
        Field("legal_name", LABELS["legal_name"], required=True, maximum=70, autocomplete="off"),
        Field("street", LABELS["street"], required=True, maximum=70, autocomplete="off"),
        Field("house_number", LABELS["house_number"], maximum=16, autocomplete="off", depends=True),
        Field("postal_code", LABELS["postal_code"], maximum=16, autocomplete="off", depends=True),
        Field("city", LABELS["city"], required=True, maximum=35, autocomplete="off"),
        Field("country", LABELS["country"], kind="choice", choices=_countries()),
        Field("email", LABELS["email"], kind="email", required=True, maximum=254, autocomplete="off"),
        Field("phone", LABELS["phone"], kind="tel", maximum=40, autocomplete="off"),
        Field("tax_status", LABELS["tax_status"], kind="choice", choices=tuple((word, word.label) for word in TaxStatus)),
        Field("vat_id", LABELS["vat_id"], maximum=30, autocomplete="off"),
        Field("tax_number", LABELS["tax_number"], maximum=30, autocomplete="off"),
    ]
    if kind is PartyKind.CUSTOMER:
        fields.insert(0, Field("is_person", LABELS["is_person"], kind="check"))
    else:
        fields += _of_sellers(kind)
    if visit.may(Right.MANAGE_USERS):
        fields.append(Field("requires_two_factor", N_("Everybody here and below must log in with a second factor"), kind="check"))
    return Form(fields, facts.texts())


def facts_of(form: Form, before: PartyFacts) -> PartyFacts:
    """Return what a form says; what it does not ask for stays as it was."""
    said: Mapping[str, str] = before.texts() | form.values
    return PartyFacts(
        **{
            name: bool(said[name]) if isinstance(getattr(before, name), bool) else said[name]
            for name in PartyFacts.__dataclass_fields__
        }  # type: ignore[arg-type]
    )


def _of_sellers(kind: PartyKind) -> list[Field]:
    modes = tuple((word, word.label) for word in SalesMode)
    mode = [Field("mode", LABELS["mode"], kind="choice", choices=modes)] if kind is PartyKind.RESELLER else []
    return [
        *mode,
        Field(
            "creditor_id",
            LABELS["creditor_id"],
            maximum=42,
            autocomplete="off",
            hint=N_("for direct debits; whoever has none yet applies for it at the central bank"),
        ),
        Field(
            "brand_name",
            LABELS["brand_name"],
            maximum=70,
            autocomplete="off",
            hint=N_("what those below read on top of their pages; empty: as on these pages"),
        ),
        Field("brand_colour", N_("Colour"), maximum=7, autocomplete="off", hint=N_("such as #0b5d6b")),
    ]


def _countries() -> tuple[tuple[str, str], ...]:
    names = Locale(current_language()).territories
    rest = sorted((code for code in COUNTRIES if code not in _NEAR), key=lambda code: _sorted_as(names.get(code, code)))
    return tuple((code, names.get(code, code)) for code in (*_NEAR, *rest))


def _sorted_as(name: str) -> str:
    return name.casefold().translate(str.maketrans("äöüå", "aoua"))
