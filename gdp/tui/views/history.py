"""What the history says of runs, and which of them it shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TypeVar

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.model.last_words import why
from gdp.model.run_words import KINDS, kind_in_words, state_of_run
from gdp.model.runs import Kind, Run, State
from gdp.tui.views.ends import duration
from gdp.tui.words import short_moment

Value = TypeVar("Value")
HEADINGS = (N_("State"), N_("Set"), N_("What"), N_("Began"), N_("Duration"), N_("Problems"))
MORE_HEADINGS = (N_("Read"), N_("New"), N_("Sent"))
FIGURES = {4, 5, 6, 7, 8}
"""columns of figures"""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which runs are shown."""

    set_name: str = ""
    """empty: of all sets"""
    kind: Kind | None = None
    only_problems: bool = False
    text: str = ""

    def lets_through(self, run: Run) -> bool:
        """Say whether a run is wanted."""
        return (
            self.set_name in {"", run.set_name}
            and self.kind in {None, run.kind}
            and not (self.only_problems and run.state in {State.OK, State.RUNNING})
            and self.text.casefold() in _text_of(run).casefold()
        )

    def words(self) -> str:
        """Return what is shown, in words; empty: all."""
        parts = [self.set_name] if self.set_name else []
        if self.kind is not None:
            parts.append(translate(KINDS[self.kind]))
        if self.only_problems:
            parts.append(translate(N_("only what needs attention")))
        if self.text:
            parts.append(f"'{self.text}'")
        return " · ".join(parts)


def next_of(values: Sequence[Value], value: Value) -> Value:
    """Return what comes after a value, in a circle."""
    return values[(list(values).index(value) + 1) % len(values)] if value in values else values[0]


def cells(run: Run, now: datetime, zone: tzinfo | None) -> list[str]:
    """Return what a row says after the state: set, kind, beginning, duration, problems, then bytes read, new and sent."""
    summary = run.summary
    problems = sum(
        found for name in ("problems", "repository_problems", "num_errors") if isinstance(found := summary.get(name), int)
    )
    read = summary.get("total_bytes_processed", summary.get("bytes_restored"))
    sizes = (read, summary.get("data_added"), summary.get("data_added_packed"))
    return [
        run.set_name,
        kind_in_words(run),
        short_moment(run.began, now, zone),
        duration(run, now) if run.attempt else "",
        figures.count(problems) if problems else "",
        *(figures.size(size) if isinstance(size, int) else "" for size in sizes),
    ]


def _text_of(run: Run) -> str:
    return " ".join((str(run.id), run.set_name, kind_in_words(run), state_of_run(run), why(run.summary)))
