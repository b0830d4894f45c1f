"""From a plan to the files for the bank, and to what is remembered of them. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime

from server.domain.collection import PlannedDebit
from server.domain.debits import Creditor, Debit, DebitBatch, DebitFile
from server.domain.mandate import Scheme
from server.domain.settlement import Item


def debit_files(
    debits: Iterable[PlannedDebit], creditor: Creditor, texts: dict[str, str], *, created: datetime, first_number: int
) -> tuple[DebitFile, ...]:
    """Return the files for one creditor: one for each scheme, with a batch for each day.

    Args:
        debits: of ``plan_export``.
        creditor: whose.
        texts: by end-to-end id, what the debtor reads on its statement.
        created: now; aware.
        first_number: of the creditor's next file; each is used once, also where a file is made anew after a failure.
    """
    by_scheme: dict[Scheme, dict[date, list[Debit]]] = defaultdict(lambda: defaultdict(list))
    for one in debits:
        by_scheme[one.mandate.scheme][one.due].append(_debit(one, texts[one.end_to_end_id]))
    return tuple(
        DebitFile(message_id, created, creditor, scheme, tuple(_batches(message_id, days)))
        for message_id, (scheme, days) in zip(_message_ids(first_number), sorted(by_scheme.items()), strict=False)
    )


def items_of(files: Iterable[DebitFile], debits: Iterable[PlannedDebit]) -> tuple[Item, ...]:
    """Return what is to be remembered of files, so that the bank's answers are understood."""
    planned = {one.end_to_end_id: one for one in debits}
    return tuple(
        Item(
            end_to_end_id=debit.end_to_end_id,
            payment_id=batch.payment_id,
            message_id=file.message_id,
            mandate=debit.mandate,
            debtor=planned[debit.end_to_end_id].debtor,
            iban=debit.iban,
            cents=debit.cents,
            due=batch.due,
            shares=planned[debit.end_to_end_id].shares,
        )
        for file in files
        for batch in file.batches
        for debit in batch.debits
    )


def _debit(planned: PlannedDebit, text: str) -> Debit:
    mandate = planned.mandate
    return Debit(
        planned.end_to_end_id,
        planned.cents,
        mandate.reference,
        mandate.facts.signed,
        mandate.holder,
        mandate.iban,
        mandate.address,
        text,
        mandate.bic,
    )


def _batches(message_id: str, days: dict[date, list[Debit]]) -> Iterator[DebitBatch]:
    for number, (day, debits) in enumerate(sorted(days.items()), start=1):
        yield DebitBatch(f"{message_id}-{number}", day, tuple(debits))


def _message_ids(first_number: int) -> Iterator[str]:
    number = first_number
    while True:
        yield f"GDP-{number:08}"
        number += 1
