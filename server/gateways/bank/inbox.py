"""Reads whatever the bank delivers: one XML file, or a ZIP with several."""

from server.domain.sentence import N_
from server.domain.statement import Message
from server.gateways.bank.camt import TYPES as CAMT_TYPES
from server.gateways.bank.camt import read_camt
from server.gateways.bank.elements import Source
from server.gateways.bank.pain002 import TYPES as PAIN002_TYPES
from server.gateways.bank.pain002 import read_pain002
from server.gateways.bank.refused import BankFileRefused
from server.gateways.bank.unpack import xml_files

_TAKEN = "camt.053.001.08, camt.054.001.08, pain.002.001.10"


def read_bank_file(name: str, data: bytes) -> tuple[Message, ...]:
    """Return the messages in a file, in the order in which they stand there.

    Raises BankFileRefused where any part of it is damaged, hostile, too large or of another kind: nothing is taken then.
    """
    return tuple(message for within, xml in xml_files(name, data) for message in _read(within, xml))


def _read(name: str, data: bytes) -> tuple[Message, ...]:
    if data[:2] in {b":2", b"{1"}:
        raise BankFileRefused(N_("{file} looks like MT940."), N_("Have the bank deliver camt.053 instead."), file=name)
    source = Source(name, data)
    message = source.message_type()
    if message in CAMT_TYPES:
        return read_camt(source, message)
    if message in PAIN002_TYPES:
        return (read_pain002(source, message),)
    raise BankFileRefused(
        N_("{file} is a {message}; taken are {taken}."), N_("Ask the bank to switch to these versions."),
        file=name, message=message, taken=_TAKEN,
    )  # fmt: skip
