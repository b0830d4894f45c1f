"""The items of a contract: which one goes on, and how the next takes its place. They never overlap."""

from datetime import date

from server.models.contract import Contract, ContractItem


def last_item(contract_id: int) -> ContractItem | None:
    """Return the item that comes last: the one that goes on, or is to begin after a downgrade."""
    begun = (ContractItem.contract == contract_id) & ContractItem.starts.is_null(False)
    found: ContractItem | None = (
        ContractItem.select().where(begun).order_by(ContractItem.starts.desc(), ContractItem.id.desc()).first()
    )
    return found


def let_begin(contract: Contract, item: ContractItem, starts: date) -> None:
    """Let an item begin on a day, on which what came before it ends."""
    end_items(contract.id, starts, but=item.id)
    ContractItem.update(starts=starts, ends=contract.ends).where(ContractItem.id == item.id).execute()


def end_items(contract_id: int, ends: date, *, but: int = 0) -> None:
    """Let every item of a contract end on a day; one that was to begin later never does."""
    going_on = ContractItem.ends.is_null() | (ContractItem.ends > ends)
    rows = ContractItem.select().where((ContractItem.contract == contract_id) & (ContractItem.id != but) & going_on)
    for row in list(rows):
        last = ends if row.starts is None else max(ends, row.starts)
        ContractItem.update(ends=last).where(ContractItem.id == row.id).execute()
