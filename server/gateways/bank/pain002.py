"""Reads pain.002, the bank's word on a file of debits: what it will not collect, before anything is booked.

Versions 001.03 and 001.10 agree in all that is read here.
"""

from server.domain.sentence import N_
from server.domain.statement import BatchStatus, DebitStatus, StatusReport
from server.gateways.bank.elements import Element, Source, text

TYPES = frozenset({"pain.002.001.03", "pain.002.001.10"})
_REASONS = ("StsRsnInf/Rsn/Cd", "StsRsnInf/Rsn/Prtry")


def read_pain002(source: Source, message: str) -> StatusReport:
    """Return what a report says. Raises BankFileRefused."""
    message_id = original = status = reason = ""
    debits: list[DebitStatus] = []
    batches: list[BatchStatus] = []
    for name, element in source.elements(message, "GrpHdr", "OrgnlGrpInfAndSts", "TxInfAndSts", "OrgnlPmtInfAndSts"):
        if name == "GrpHdr":
            message_id = text(element, "MsgId")
        elif name == "OrgnlGrpInfAndSts":
            original, status, reason = text(element, "OrgnlMsgId"), text(element, "GrpSts"), text(element, *_REASONS)
        elif name == "TxInfAndSts":
            debits.append(_debit(source, element))
        else:
            batches.append(_batch(source, element, tuple(debits)))
            debits.clear()
    if not original:
        raise source.refused(N_("{file} does not say which file it is about."))
    return StatusReport(message_id, original, status, reason, tuple(batches))


def _debit(source: Source, element: Element) -> DebitStatus:
    if not (end_to_end_id := text(element, "OrgnlEndToEndId")):
        raise source.refused(N_("{file} tells the status of a debit that it does not name."))
    return DebitStatus(end_to_end_id, text(element, "TxSts"), text(element, *_REASONS))


def _batch(source: Source, element: Element, debits: tuple[DebitStatus, ...]) -> BatchStatus:
    if not (payment_id := text(element, "OrgnlPmtInfId")):
        raise source.refused(N_("{file} tells the status of a batch that it does not name."))
    return BatchStatus(payment_id, text(element, "PmtInfSts"), text(element, *_REASONS), debits)
