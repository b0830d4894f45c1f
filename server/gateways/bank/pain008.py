"""Writes pain.008.001.08: a creditor's debits for its bank, valid by the schema and with nothing left to chance.

The sequence type is always RCUR, which the scheme allows for the first debit too: a day's debits are one batch.
Whoever exports stores the bytes and serves them again; the same file is never made twice.
"""

import io
from functools import cache
from importlib import resources
from typing import Any

from lxml import etree
from sepaxml import SepaDD
from stdnum import iban
from stdnum.eu import at_02

from server.domain.addresses import Address
from server.domain.debits import Debit, DebitFile
from server.domain.sentence import N_
from server.gateways.bank.latin import latin
from server.gateways.bank.refused import BankFileRefused

SCHEMA = "pain.008.001.08"
_NAME, _TEXT, _STREET, _TOWN, _SHORT = 70, 140, 70, 35, 16
_NAMESPACE = f"{{urn:iso:std:iso:20022:tech:xsd:{SCHEMA}}}"


def write_pain008(file: DebitFile) -> bytes:
    """Return the bytes of a file of debits.

    Raises BankFileRefused where an account or a creditor id has wrong check digits, or the bank could not read a part of it.
    """
    _check(file)
    builder = SepaDD(_head(file), schema=SCHEMA, clean=False)
    for batch in file.batches:
        for debit in batch.debits:
            builder.add_payment(_payment(debit) | {"collection_date": batch.due})
    document = etree.fromstring(builder.export(validate=False))
    _identify(document, file)
    _validate(document, file.message_id)
    written = io.BytesIO()
    etree.ElementTree(document).write(written, encoding="UTF-8", xml_declaration=True)
    return written.getvalue()


def _check(file: DebitFile) -> None:
    if not at_02.is_valid(file.creditor.creditor_id):
        raise BankFileRefused(N_("{text} is no creditor id."), text=file.creditor.creditor_id)
    accounts = [file.creditor.iban, *(debit.iban for batch in file.batches for debit in batch.debits)]
    for account in accounts:
        if not iban.is_valid(account) or account != iban.compact(account):
            raise BankFileRefused(N_("The account {masked} is no IBAN."), masked=f"{account[:4]}...{account[-4:]}")


def _head(file: DebitFile) -> dict[str, Any]:
    creditor = file.creditor
    head = {
        "name": _required(latin(creditor.name, _NAME), creditor.creditor_id),
        "IBAN": creditor.iban,
        "batch": True,
        "creditor_id": creditor.creditor_id,
        "currency": "EUR",
        "instrument": file.scheme.value,
        "address": _address(creditor.address, creditor.creditor_id),
    }
    return head | ({"BIC": creditor.bic} if creditor.bic else {})


def _payment(debit: Debit) -> dict[str, Any]:
    payment = {
        "name": _required(latin(debit.name, _NAME), debit.end_to_end_id),
        "IBAN": debit.iban,
        "amount": debit.cents,
        "type": "RCUR",
        "mandate_id": debit.mandate,
        "mandate_date": debit.signed,
        "description": _required(latin(debit.text, _TEXT), debit.end_to_end_id),
        "endtoend_id": debit.end_to_end_id,
        "address": _address(debit.address, debit.end_to_end_id),
    }
    return payment | ({"BIC": debit.bic} if debit.bic else {})


def _address(address: Address, of: str) -> dict[str, str]:
    """Return the parts of an address; town and country are what banks insist on."""
    return {
        "street_name": latin(address.street, _STREET),
        "building_number": latin(address.house_number, _SHORT),
        "postcode": latin(address.postal_code, _SHORT),
        "town": _required(latin(address.city, _TOWN), of),
        "country": address.country,
    }


def _required(written: str, of: str) -> str:
    if not written.strip("."):
        raise BankFileRefused(N_("Name, town or text of {of} holds no letter that banks know."), of=of)
    return written


def _identify(document: etree._Element, file: DebitFile) -> None:
    """Put our identifiers and time where the builder drew random ones: a batch is known by its day."""
    ids = {batch.due.isoformat(): batch.payment_id for batch in file.batches}
    _only(document, "MsgId").text = file.message_id
    _only(document, "CreDtTm").text = file.created.replace(microsecond=0).isoformat()
    for batch in document.iter(_NAMESPACE + "PmtInf"):
        _only(batch, "PmtInfId").text = ids[_only(batch, "ReqdColltnDt").text or ""]


def _only(within: etree._Element, name: str) -> etree._Element:
    (found,) = within.iter(_NAMESPACE + name)
    return found


def _validate(document: etree._Element, name: str) -> None:
    schema = _schema()
    if not schema.validate(document):
        first = schema.error_log[0]
        raise BankFileRefused(
            N_("{file} does not fit the schema, line {line}: {cause}"), file=name, line=first.line, cause=first.message
        )


@cache
def _schema() -> etree.XMLSchema:
    bundled = resources.files("sepaxml").joinpath("schemas", f"{SCHEMA}.xsd")
    return etree.XMLSchema(etree.fromstring(bundled.read_bytes()))
