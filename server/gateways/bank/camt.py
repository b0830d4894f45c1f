"""Reads camt.053.001.08 and camt.054.001.08, the bank's messages about an account."""

from server.domain.money import euros
from server.domain.sentence import N_
from server.domain.statement import Detail, Direction, Entry, Statement, StatementKind
from server.gateways.bank import elements
from server.gateways.bank.elements import Element, Source, canonical, child, children, text
from server.gateways.bank.keys import NO_REFERENCES, Keys

TYPES = {
    "camt.053.001.08": (StatementKind.STATEMENT, "Stmt"),
    "camt.054.001.08": (StatementKind.NOTICE, "Ntfctn"),
}
CURRENCY = "EUR"
_OPENING, _CLOSING = ("OPBD", "PRCD"), "CLBD"


def read_camt(source: Source, message: str) -> tuple[Statement, ...]:
    """Return the statements or notices of a message, of which a file may hold several. Raises BankFileRefused."""
    kind, frame_name = TYPES[message]
    found: list[Statement] = []
    message_id = ""
    frame: _Frame | None = None
    for name, element in source.elements(message, "GrpHdr", "Ntry", frame_name):
        if name == "GrpHdr":
            message_id = text(element, "MsgId")
            continue
        if frame is None:
            parent = element.getparent() if name == "Ntry" else element
            assert parent is not None  # the names stand below the root only
            frame = _Frame(source, kind, parent)
        if name == "Ntry":
            frame.add(element)
        else:
            found.append(frame.finish(message_id))
            frame = None
    if not found:
        raise source.refused(N_("{file} holds no statement."))
    return tuple(found)


class _Frame:
    """One statement while it is read. Its head stands before its bookings."""

    def __init__(self, source: Source, kind: StatementKind, head: Element) -> None:
        self._source = source
        self._kind = kind
        self._id = text(head, "Id")
        self._account = text(head, "Acct/Id/IBAN", "Acct/Id/Othr/Id").replace(" ", "")
        if not self._id or not self._account:
            raise source.refused(N_("{file} holds a statement without a number or an account."))
        self._is_duplicate = text(head, "CpyDplctInd") in {"DUPL", "CODU"}
        self._opening, self._closing = (None, None) if kind is StatementKind.NOTICE else _balances(source, head)
        page = text(head, "StmtPgntn/PgNb") or "1"
        self._keys = Keys(self._account, f"{self._id}/{page}")
        self._entries: list[Entry] = []

    def add(self, element: Element) -> None:
        """Read the next booking."""
        self._entries.append(_entry(self._source, self._keys, element))

    def finish(self, message_id: str) -> Statement:
        """Return the whole. Raises BankFileRefused where its bookings do not lead from one balance to the other."""
        booked = sum(one.direction.sign * one.cents for one in self._entries if one.is_booked and one.currency == CURRENCY)
        if self._opening is not None and self._closing is not None and self._opening + booked != self._closing:
            raise self._source.refused(
                N_("{file} does not add up: by its balances statement {statement} moves {wanted} euro, by its bookings {found}."),
                statement=self._id,
                wanted=euros(self._closing - self._opening),
                found=euros(booked),
            )
        return Statement(
            self._kind,
            message_id,
            self._id,
            self._account,
            tuple(self._entries),
            self._is_duplicate,
            self._opening,
            self._closing,
        )


def _balances(source: Source, head: Element) -> tuple[int | None, int | None]:
    """Return the balances before and after a statement in signed cents; None: it does not say, or this is but a page of it."""
    balances: dict[str, int] = {}
    for one in children(head, "Bal"):
        cents, currency = _amount(source, one)
        if currency == CURRENCY:
            balances[text(one, "Tp/CdOrPrtry/Cd")] = _direction(source, one).sign * cents
    opening = next((balances[code] for code in _OPENING if code in balances), None)
    is_first, is_last = text(head, "StmtPgntn/PgNb") in {"", "1"}, text(head, "StmtPgntn/LastPgInd") != "false"
    return opening if is_first else None, balances.get(_CLOSING) if is_last else None


def _entry(source: Source, keys: Keys, element: Element) -> Entry:
    cents, currency = _amount(source, element)
    direction = _direction(source, element)
    booked = elements.day(source, text(element, "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"))
    reference = text(element, "AcctSvcrRef", "NtryDtls/TxDtls/Refs/AcctSvcrRef")
    batch = child(element, "NtryDtls/Btch")
    return Entry(
        key=keys.key(reference, booked, direction.sign * cents, lambda: canonical(element)),
        direction=direction,
        cents=cents,
        currency=currency,
        is_booked=text(element, "Sts/Cd", "Sts/Prtry") == "BOOK",
        is_reversal=text(element, "RvslInd") in {"true", "1"},
        booked=booked,
        reference="" if reference in NO_REFERENCES else reference,
        family="/".join(filter(None, (text(element, f"BkTxCd/Domn/{path}") for path in ("Cd", "Fmly/Cd", "Fmly/SubFmlyCd")))),
        proprietary=text(element, "BkTxCd/Prtry/Cd"),
        payment_id="" if batch is None else _known(text(batch, "PmtInfId")),
        message_id="" if batch is None else _known(text(batch, "MsgId")),
        count=None if batch is None else elements.count(text(batch, "NbOfTxs")),
        notice_id=text(element, "AddtlInfInd/MsgId"),
        charges=_charges(source, element),
        text=text(element, "AddtlNtryInf"),
        details=tuple(_detail(source, one, direction) for one in children(element, "NtryDtls/TxDtls")),
    )


def _detail(source: Source, element: Element, entry_direction: Direction) -> Detail:
    amount, instructed = child(element, "Amt"), child(element, "AmtDtls/InstdAmt/Amt")
    if amount is None:
        amount = child(element, "AmtDtls/TxAmt/Amt")
    direction = _direction(source, element) if text(element, "CdtDbtInd") else entry_direction
    # A return leaves the account, but the roles of the payment stay: the debtor is the other side of whoever is credited.
    # Only outgoing payments of our own, which are matched with nothing, have it the other way round.
    return Detail(
        direction=direction,
        cents=None if amount is None else elements.cents(source, amount),
        instructed_cents=None if instructed is None else elements.cents(source, instructed),
        charges=_charges(source, element),
        reference=_known(text(element, "Refs/AcctSvcrRef")),
        end_to_end_id=_known(text(element, "Refs/EndToEndId")),
        mandate=_known(text(element, "Refs/MndtId")),
        payment_id=_known(text(element, "Refs/PmtInfId")),
        name=text(element, "RltdPties/Dbtr/Pty/Nm"),
        iban=text(element, "RltdPties/DbtrAcct/Id/IBAN").replace(" ", ""),
        text=" ".join(filter(None, ((one.text or "").strip() for one in children(element, "RmtInf/Ustrd")))),
        return_code=text(element, "RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
    )


def _amount(source: Source, element: Element) -> tuple[int, str]:
    """Return the amount of a booking or a balance in cents, and its currency."""
    amount = child(element, "Amt")
    if amount is None:
        raise source.refused(N_("{file} holds a booking or a balance without an amount."))
    return elements.cents(source, amount), amount.get("Ccy", "")


def _direction(source: Source, element: Element) -> Direction:
    written = text(element, "CdtDbtInd")
    try:
        return Direction(written)
    except ValueError:
        raise source.refused(N_("{file} says neither credit nor debit, but {direction}."), direction=repr(written[:4])) from None


def _charges(source: Source, element: Element) -> int:
    """Return what the bank took, in cents; what it gave back counts against it."""
    total = 0
    for record in children(element, "Chrgs/Rcrd"):
        if (amount := child(record, "Amt")) is not None:
            total += elements.cents(source, amount) * (-1 if text(record, "CdtDbtInd") == Direction.CREDIT else 1)
    return total


def _known(reference: str) -> str:
    return "" if reference in NO_REFERENCES else reference
