"""Turns measured runs into the table: medians, ratios, limits. Pure.

The ratio is the median of the repetitions' ratios, not the ratio of the medians: both programs ran in the same minute of the
machine, on the same change of the data.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

LIMITS: dict[tuple[str, str], tuple[float, float]] = {
    # (row, measure): the most that ours may be of restic's on small files, on large ones
    ("first", "wall"): (0.55, 0.45),
    ("first", "cpu"): (0.60, 0.50),
    ("unchanged", "wall"): (0.50, 0.90),
    ("changed", "wall"): (0.50, 0.50),
    ("restore", "wall"): (0.50, 0.60),
    ("check", "wall"): (0.85, 0.85),
    ("any", "memory"): (1.2, 1.0),
    ("first", "size"): (1.02, 1.02),
}
SLOW_LINE_LIMIT = 1.03  # where the line is the bottleneck, for time and bytes
TITLES = {
    ("first", "wall"): "first backup, wall",
    ("first", "cpu"): "first backup, CPU",
    ("first", "carried"): "first backup, bytes on the line",
    ("unchanged", "wall"): "unchanged second backup",
    ("changed", "wall"): "one file in a hundred changed",
    ("restore", "wall"): "full restore",
    ("check", "wall"): "check --read-data",
    ("any", "memory"): "peak memory",
    ("first", "size"): "repository size",
}
UNITS = {"wall": "s", "cpu": "s", "memory": "MB", "size": "MB", "carried": "MB"}
BASE, OURS = "restic", "gdp"


@dataclass(frozen=True, slots=True)
class Run:
    """One measured run of one program, one line of the results file."""

    data: str
    target: str
    row: str
    tool: str
    run: int
    wall: float
    cpu: float
    memory: float
    """peak, in MB"""
    size: float = 0.0
    """of the repository afterwards, in MB"""
    carried: float = 0.0
    """over the line, both directions, in MB; 0 where nobody counted"""

    def as_row(self) -> dict[str, Any]:
        """Return what the results file keeps."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table."""

    title: str
    unit: str
    medians: dict[str, float]
    ratio: float | None
    """ours divided by restic's, in the median of the repetitions; None: never both in one"""
    limit: float | None

    @property
    def verdict(self) -> str:
        """``ok``, ``MISSED``, or nothing where there is no limit."""
        if self.ratio is None or self.limit is None:
            return ""
        return "ok" if self.ratio <= self.limit else "MISSED"


def summarise(runs: Iterable[Run]) -> dict[tuple[str, str], list[Line]]:
    """Return the lines of each (data set, target)."""
    tables: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        tables.setdefault((run.data, run.target), []).append(run)
    return {key: _lines(key[0], key[1], group) for key, group in tables.items()}


def as_markdown(title: str, lines: Sequence[Line]) -> str:
    """Return one table, readable as text too."""
    tools = [tool for tool in (BASE, OURS, "borg") if any(tool in line.medians for line in lines)]
    head = ["row", *tools, f"{OURS} / {BASE}", "limit", ""]
    rows = [head, ["---", *["---:"] * (len(tools) + 2), "---"]]
    for line in lines:
        values = [_number(line.medians.get(tool), line.unit) for tool in tools]
        ratio = f"{line.ratio:.2f}" if line.ratio is not None else ""
        rows.append([line.title, *values, ratio, f"<= {line.limit:g}" if line.limit else "", line.verdict])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    text = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    return f"### {title}\n\n" + "\n".join(text) + "\n"


def _lines(data: str, target: str, runs: list[Run]) -> list[Line]:
    lines = []
    for (row, measure), title in TITLES.items():
        chosen = [run for run in runs if row in ("any", run.row)]
        values = {tool: found for tool in dict.fromkeys(run.tool for run in chosen) if (found := _values(chosen, tool, measure))}
        if values:
            medians = {tool: median(found.values()) for tool, found in values.items()}
            lines.append(Line(title, UNITS[measure], medians, _ratio(values), _limit(data, target, row, measure)))
    return lines


def _values(runs: list[Run], tool: str, measure: str) -> dict[int, float]:
    """Return a figure for each repetition; memory is the highest of its rows."""
    figures: dict[int, float] = {}
    for run in runs:
        if run.tool == tool and (value := getattr(run, measure)) > 0:
            figures[run.run] = max(figures.get(run.run, 0.0), value) if measure == "memory" else value
    return figures


def _ratio(values: dict[str, dict[int, float]]) -> float | None:
    ours, base = values.get(OURS, {}), values.get(BASE, {})
    ratios = [ours[number] / base[number] for number in ours.keys() & base.keys()]
    return median(ratios) if ratios else None


def _limit(data: str, target: str, row: str, measure: str) -> float | None:
    if target == "slow" and row == "first" and measure in {"wall", "carried"}:
        return SLOW_LINE_LIMIT
    if target == "slow" and measure == "wall":
        return None
    limits = LIMITS.get((row, measure))
    return limits[0 if data == "small" else 1] if limits else None


def _number(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    return f"{value:,.2f} {unit}" if unit == "s" else f"{value:,.0f} {unit}"
