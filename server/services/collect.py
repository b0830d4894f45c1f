"""Direct debits: announced to the debtors, given to the bank. Each is one transaction for each creditor, whoever starts it.

Both hold the creditor first, so that a second one who comes meanwhile finds everything under way and does nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.addresses import Address
from server.domain.banking import DebitState
from server.domain.collection import CollectionPlan, Mandate, Owed, PlannedDebit, plan_announcements, plan_export
from server.domain.debits import Creditor, DebitFile
from server.domain.errors import RuleBroken
from server.domain.export import debit_files, items_of
from server.domain.invoice import PaidBy
from server.domain.mandate import MandateFacts
from server.domain.party import PartyKind
from server.domain.sentence import N_
from server.domain.settlement import ItemState
from server.gateways.bank.pain008 import write_pain008
from server.gateways.files import FileStore
from server.models.bank import AnnouncedDebit, BankFile, CollectionItem
from server.models.base import database
from server.models.contract import Contract
from server.models.contract import Mandate as MandateRow
from server.models.money import Receivable
from server.models.party import Party
from server.services import money_letters, numbers
from server.services.bank_known import read_shares, write_shares
from server.services.paper_party import account_of
from server.services.scope import hold

SERIES_DEBIT, SERIES_FILE = "debit", "bank-file"


@dataclass(frozen=True, slots=True)
class Collected:
    """What was, or would be, done for one creditor."""

    creditor_id: int
    creditor_name: str
    announced: CollectionPlan
    exported: CollectionPlan
    files: tuple[int, ...] = ()

    def sentences(self) -> Iterator[tuple[str, dict[str, object]]]:
        """Yield templates with their facts, parties and receivables by name."""
        for plan in (self.announced, self.exported):
            for template, facts in plan.sentences():
                yield template, facts | _named(facts)


def creditors() -> tuple[int, ...]:
    """Return the parties that can collect: they have a creditor identifier."""
    rows = Party.select(Party.id).where((Party.creditor_id != "") & (Party.kind != PartyKind.CUSTOMER)).order_by(Party.id)
    return tuple(row.id for row in rows)


def plan(creditor_id: int, day: date) -> Collected:
    """Return what ``collect`` would do on a day."""
    debits = _announced(creditor_id)
    exported = plan_export(day, debits.values(), _opened(creditor_id))
    party = Party.get_by_id(creditor_id)
    return Collected(creditor_id, party.legal_name, _plan_announcements(creditor_id, day), exported)


def collect(creditor_id: int, files: FileStore, *, day: date, now: datetime) -> Collected:
    """Announce what falls due, and make the files for the bank. Raises RuleBroken; then nothing of it is done."""
    with database.atomic():
        hold(creditor_id)
        announced = _announce(creditor_id, day, now)
    with database.atomic():
        hold(creditor_id)
        exported, made = _export(creditor_id, files, day, now)
    return Collected(creditor_id, Party.get_by_id(creditor_id).legal_name, announced, exported, made)


def _announce(creditor_id: int, day: date, now: datetime) -> CollectionPlan:
    planned = _plan_announcements(creditor_id, day)
    mandates = {(row.debtor_id, row.reference): row.id for row in _usable(creditor_id)}
    for one in planned.debits:
        reference = f"L-{day.year}-{numbers.draw(creditor_id, f'{SERIES_DEBIT}-{day.year}'):06}"
        row = AnnouncedDebit.create(
            creditor=creditor_id, debtor=one.debtor, mandate=mandates[one.debtor, one.mandate.reference], reference=reference,
            due=one.due, cents=one.cents, shares=write_shares(one.shares), state=DebitState.ANNOUNCED, announced_on=day,
        )  # fmt: skip
        money_letters.announce_debit(AnnouncedDebit.get_by_id(row.id), _numbers_of(one), now=now)
    return planned


def _export(creditor_id: int, files: FileStore, day: date, now: datetime) -> tuple[CollectionPlan, tuple[int, ...]]:
    rows = _announced(creditor_id)
    planned = plan_export(day, rows.values(), _opened(creditor_id))
    _drop_what_is_left(rows, planned, day)
    if not planned.debits:
        return planned, ()
    texts = {one.end_to_end_id: " ".join(_numbers_of(one)) for one in planned.debits}
    operator = Party.get(Party.kind == PartyKind.OPERATOR).id
    drawn = [numbers.draw(operator, SERIES_FILE) for _ in {one.mandate.scheme for one in planned.debits}]
    made = debit_files(planned.debits, _creditor(creditor_id), texts, created=now, first_number=drawn[0])
    by_id = {one.end_to_end_id: row_id for row_id, one in rows.items()}
    return planned, tuple(_keep(creditor_id, one, planned, by_id, files, now) for one in made)


def _keep(
    creditor_id: int, file: DebitFile, planned: CollectionPlan, by_id: dict[str, int], files: FileStore, now: datetime
) -> int:
    stored = BankFile.create(
        creditor=creditor_id, scheme=file.scheme, message_id=file.message_id, file=files.put(write_pain008(file)),
        count=file.count, cents=file.cents, created_at=now,
    )  # fmt: skip
    for item in items_of((file,), planned.debits):
        debit_id = by_id[item.end_to_end_id]
        CollectionItem.create(
            creditor=creditor_id, debit=debit_id, file=stored.id, debtor=item.debtor, mandate=item.mandate, iban=item.iban,
            payment_id=item.payment_id, end_to_end_id=item.end_to_end_id, cents=item.cents, due=item.due,
            shares=write_shares(item.shares), state=ItemState.EXPORTED,
        )  # fmt: skip
        AnnouncedDebit.update(state=DebitState.EXPORTED).where(AnnouncedDebit.id == debit_id).execute()
        mine = (MandateRow.creditor == creditor_id) & (MandateRow.reference == item.mandate)
        MandateRow.update(last_used_on=item.due).where(mine).execute()
    return int(stored.id)


def _drop_what_is_left(rows: dict[int, PlannedDebit], planned: CollectionPlan, day: date) -> None:
    """Let go of debits that are neither in the plan nor wait for their day, so that what they were for is announced anew."""
    kept = {one.reference for one in planned.debits}
    for row_id, one in rows.items():
        if one.reference not in kept and _was_due(one, day):
            AnnouncedDebit.update(state=DebitState.DROPPED).where(AnnouncedDebit.id == row_id).execute()


def _was_due(debit: PlannedDebit, day: date) -> bool:
    return bool(plan_export(day, (debit,), {}).left)


def _plan_announcements(creditor_id: int, day: date) -> CollectionPlan:
    under_way = {
        share.receivable
        for row in AnnouncedDebit.select().where(AnnouncedDebit.creditor == creditor_id)
        if row.state.is_under_way
        for share in read_shares(row.shares)
    }
    mine = (Receivable.creditor == creditor_id) & (Receivable.open_cents != 0)
    contracts = Contract.select(Contract.id).where((Contract.seller == creditor_id) & (Contract.paid_by != PaidBy.DEBIT))
    pays_itself = {row.id for row in contracts}
    owed = [
        Owed(str(row.id), row.debtor_id, row.open_cents, row.due, row.is_held or row.contract_id in pays_itself,
             str(row.id) in under_way)
        for row in Receivable.select().where(mine).order_by(Receivable.id)
    ]  # fmt: skip
    return plan_announcements(day, owed, {row.debtor_id: _mandate(row) for row in _usable(creditor_id)})


def _announced(creditor_id: int) -> dict[int, PlannedDebit]:
    mine = (AnnouncedDebit.creditor == creditor_id) & (AnnouncedDebit.state == DebitState.ANNOUNCED)
    rows = AnnouncedDebit.select(AnnouncedDebit, MandateRow).join(MandateRow).where(mine).order_by(AnnouncedDebit.id)
    return {
        row.id: PlannedDebit(row.debtor_id, _mandate(row.mandate), row.due, read_shares(row.shares), row.reference)
        for row in rows
    }


def _usable(creditor_id: int) -> list[MandateRow]:
    """Return the mandates that were released, the latest of each debtor last."""
    mine = (MandateRow.creditor == creditor_id) & MandateRow.valid_from.is_null(False) & MandateRow.signed_on.is_null(False)
    return list(MandateRow.select(MandateRow, Party).join(Party, on=MandateRow.debtor).where(mine).order_by(MandateRow.id))


def _mandate(row: MandateRow) -> Mandate:
    facts = MandateFacts(row.signed_on or row.created_at.date(), row.last_used_on, row.revoked_on)
    return Mandate(
        row.reference, row.scheme, facts, row.holder, row.iban, _address(row.debtor), row.bic, row.is_known_to_bank,
        row.prenotification_days,
    )  # fmt: skip


def _creditor(creditor_id: int) -> Creditor:
    party = Party.get_by_id(creditor_id)
    account = account_of(creditor_id)
    if not party.creditor_id or account is None:
        raise RuleBroken(
            N_("{party} cannot collect: its creditor identifier or its bank account is missing."), party=party.legal_name
        )
    return Creditor(party.legal_name, account.iban, party.creditor_id, _address(party), account.bic)


def _address(party: Party) -> Address:
    return Address(party.street, party.house_number, party.postal_code, party.city, party.country)


def _opened(creditor_id: int) -> dict[str, int]:
    mine = (Receivable.creditor == creditor_id) & (Receivable.open_cents > 0) & ~Receivable.is_held
    return {str(row.id): row.open_cents for row in Receivable.select().where(mine)}


def _numbers_of(debit: PlannedDebit) -> tuple[str, ...]:
    ids = [int(share.receivable) for share in debit.shares]
    return tuple(row.number for row in Receivable.select().where(Receivable.id.in_(ids)).order_by(Receivable.id))


def _named(facts: dict[str, object]) -> dict[str, object]:
    found: dict[str, object] = {"debtor": Party.get_by_id(facts["debtor"]).legal_name}
    if str(facts.get("receivable", "*")) != "*":
        found["receivable"] = Receivable.get_by_id(facts["receivable"]).number
    return found
