"""The messages of the simulated bank as XML: camt.053 and camt.054 of 2019, pain.002.001.10."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

from lxml import etree
from lxml.builder import ElementMaker

URN = "urn:iso:std:iso:20022:tech:xsd:"
ZERO = 0


class Told(Enum):
    """How much a bank says about a booking in its statement."""

    SUM = "the sum, and of which batch it is"
    BARE_SUM = "the sum alone"
    DETAILS = "every payment"


@dataclass(frozen=True)
class Payment:
    """One payment of a booking."""

    cents: int
    name: str
    iban: str
    text: str
    end_to_end_id: str = "NOTPROVIDED"
    mandate: str = ""
    charge: int = 0
    return_code: str = ""


@dataclass(frozen=True)
class Booking:
    """One booking on the account."""

    day: date
    signed_cents: int
    reference: str
    family: tuple[str, str]
    code: str
    payments: tuple[Payment, ...]
    payment_id: str = ""
    message_id: str = ""
    is_reversal: bool = False
    told: Told = Told.DETAILS


def statement(number: str, account: str, day: date, opening: int, bookings: Sequence[Booking], *, copy: bool = False) -> bytes:
    """Return a camt.053 with balances; sums of batches without their payments, as the bookings say."""
    make = _maker("camt.053.001.08")
    closing = opening + sum(one.signed_cents for one in bookings)
    return _bytes(
        make.Document(
            make.BkToCstmrStmt(
                _header(make, f"M{number}", day),
                make.Stmt(
                    make.Id(number),
                    make.CreDtTm(f"{day}T20:00:00"),
                    *([make.CpyDplctInd("DUPL")] if copy else []),
                    _account(make, account),
                    _balance(make, "OPBD", opening, day),
                    _balance(make, "CLBD", closing, day),
                    *(_entry(make, one, one.told) for one in bookings),
                ),
            )
        )
    )


def notice(number: str, account: str, day: date, bookings: Iterable[Booking]) -> bytes:
    """Return a camt.054 with every payment of some bookings."""
    make = _maker("camt.054.001.08")
    entries = [_entry(make, one, Told.DETAILS) for one in bookings]
    head = [make.Id(number), make.CreDtTm(f"{day}T20:00:00"), _account(make, account)]
    return _bytes(make.Document(make.BkToCstmrDbtCdtNtfctn(_header(make, f"N{number}", day), make.Ntfctn(*head, *entries))))


def status_report(number: str, day: date, message_id: str, rejected: dict[str, dict[str, tuple[int, str]]]) -> bytes:
    """Return a pain.002. ``rejected``: by batch: by end-to-end id: cents and reason."""
    make = _maker("pain.002.001.10")
    batches = [
        make.OrgnlPmtInfAndSts(
            make.OrgnlPmtInfId(batch), make.PmtInfSts("PART"), *(_status(make, *one) for one in debits.items())
        )
        for batch, debits in rejected.items()
    ]
    group = make.OrgnlGrpInfAndSts(make.OrgnlMsgId(message_id), make.OrgnlMsgNmId("pain.008.001.08"), make.GrpSts("PART"))
    head = make.GrpHdr(make.MsgId(number), make.CreDtTm(f"{day}T09:00:00"))
    return _bytes(make.Document(make.CstmrPmtStsRpt(head, group, *batches)))


def _status(make: ElementMaker, end_to_end_id: str, told: tuple[int, str]) -> etree._Element:
    cents, reason = told
    return make.TxInfAndSts(
        make.OrgnlEndToEndId(end_to_end_id),
        make.TxSts("RJCT"),
        make.StsRsnInf(make.Rsn(make.Cd(reason))),
        make.OrgnlTxRef(make.Amt(make.InstdAmt(_euros(cents), Ccy="EUR"))),
    )


def _entry(make: ElementMaker, booking: Booking, told: Told) -> etree._Element:
    domain = make.Domn(make.Cd("PMNT"), make.Fmly(make.Cd(booking.family[0]), make.SubFmlyCd(booking.family[1])))
    direction = "CRDT" if booking.signed_cents >= 0 else "DBIT"
    ids = ([make.MsgId(booking.message_id)] if booking.message_id else []) + (
        [make.PmtInfId(booking.payment_id)] if booking.payment_id else []
    )
    batch = [make.Btch(*ids, make.NbOfTxs(str(len(booking.payments))))] if ids and told is not Told.BARE_SUM else []
    single = len(booking.payments) == 1
    payments = [_payment(make, one, direction, abs(booking.signed_cents) if single else None) for one in booking.payments]
    details = [make.NtryDtls(*batch, *(payments if told is Told.DETAILS else []))] if batch or told is Told.DETAILS else []
    return make.Ntry(
        make.Amt(_euros(abs(booking.signed_cents)), Ccy="EUR"),
        make.CdtDbtInd(direction),
        *([make.RvslInd("true")] if booking.is_reversal else []),
        make.Sts(make.Cd("BOOK")),
        make.BookgDt(make.Dt(booking.day.isoformat())),
        make.ValDt(make.Dt(booking.day.isoformat())),
        *([make.AcctSvcrRef(booking.reference)] if booking.reference else []),
        make.BkTxCd(domain, make.Prtry(make.Cd(booking.code), make.Issr("DK"))),
        *details,
    )


def _payment(make: ElementMaker, payment: Payment, direction: str, whole: int | None) -> etree._Element:
    """Return a payment. Of a return the amount is all that left, and what was asked for stands beside the charge."""
    refs = [make.EndToEndId(payment.end_to_end_id), *([make.MndtId(payment.mandate)] if payment.mandate else [])]
    amount = payment.cents if whole is None else whole
    charge = make.Rcrd(make.Amt(_euros(payment.charge), Ccy="EUR"), make.CdtDbtInd("DBIT"))
    return make.TxDtls(
        make.Refs(*refs),
        make.Amt(_euros(amount), Ccy="EUR"),
        make.CdtDbtInd(direction),
        *([make.AmtDtls(make.InstdAmt(make.Amt(_euros(payment.cents), Ccy="EUR")))] if payment.return_code else []),
        *([make.Chrgs(charge)] if payment.charge else []),
        make.RltdPties(make.Dbtr(make.Pty(make.Nm(payment.name))), make.DbtrAcct(make.Id(make.IBAN(payment.iban)))),
        make.RmtInf(make.Ustrd(payment.text)),
        *([make.RtrInf(make.Rsn(make.Cd(payment.return_code)))] if payment.return_code else []),
    )


def _header(make: ElementMaker, message_id: str, day: date) -> etree._Element:
    return make.GrpHdr(make.MsgId(message_id), make.CreDtTm(f"{day}T20:00:00"))


def _account(make: ElementMaker, iban: str) -> etree._Element:
    return make.Acct(make.Id(make.IBAN(iban)), make.Ccy("EUR"))


def _balance(make: ElementMaker, code: str, cents: int, day: date) -> etree._Element:
    return make.Bal(
        make.Tp(make.CdOrPrtry(make.Cd(code))),
        make.Amt(_euros(abs(cents)), Ccy="EUR"),
        make.CdtDbtInd("CRDT" if cents >= ZERO else "DBIT"),
        make.Dt(make.Dt(day.isoformat())),
    )


def _maker(message: str) -> ElementMaker:
    return ElementMaker(namespace=URN + message, nsmap={None: URN + message})


def _bytes(document: etree._Element) -> bytes:
    return etree.tostring(document, encoding="UTF-8", xml_declaration=True)


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
