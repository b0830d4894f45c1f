"""What ``gdp advise`` found, as rows of a table. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.sizes import typed_size

COLUMNS = (N_("Blocks"), N_("Upload"), N_("Stored"), N_("Memory"), N_("One file"))


def block_rows(advice: Mapping[str, Any], pack_bytes: int) -> list[tuple[int, list[str]]]:
    """Return the block size in bytes and the cells of each row, for transfer blocks of one size."""
    costs = [cost for cost in advice["costs"] if cost["pack_bytes"] == pack_bytes]
    return [(cost["block_bytes"], _cells(cost, typed_size(cost["block_bytes"]))) for cost in costs]


def pack_choices(advice: Mapping[str, Any]) -> Sequence[int]:
    """Return the transfer block sizes in bytes, rising."""
    return sorted({cost["pack_bytes"] for cost in advice["costs"]})


def about(advice: Mapping[str, Any]) -> str:
    """Return what was measured, in a sentence."""
    facts = {"files": advice["files"], "size": figures.size(advice["bytes"])}
    sources = fill(N_("{files:file|files}, {size}"), facts)
    line = advice.get("line")
    if not line:
        return sources + " · " + translate(N_("the line was not measured"))
    rate = figures.size(round(line["bytes_per_second"]))
    return sources + " · " + fill(N_("the line sends {rate} a second"), {"rate": rate})


def progress_words(record: Mapping[str, Any]) -> str:
    """Return how far it is, of a record ``status``."""
    done = {"files": record.get("files_done", 0), "size": figures.size(record.get("bytes_done", 0))}
    return fill(N_("{files:file|files}, {size} looked at"), done)


def _cells(cost: Mapping[str, Any], size: str) -> list[str]:
    upload = cost.get("upload_seconds")
    return [
        size,
        "–" if upload is None else figures.duration(upload),
        figures.size(cost["stored_bytes"]),
        figures.size(cost["index_memory_bytes"]),
        figures.size(cost["restore_bytes"]),
    ]
