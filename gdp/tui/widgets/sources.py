"""What is backed up: a tree with ticks, beside it what that comes to, and the exclude patterns with what each hits."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.tui.views.counting import Counting, Stage, after, after_failure, problem_line, total_lines, words_of
from gdp.tui.views.ticks import read_ticks
from gdp.tui.widgets.patterns import PatternList
from gdp.tui.widgets.source_tree import SourceTree

if TYPE_CHECKING:
    from gdp.tui.app import BackupManager

CALM_SECONDS = 0.4  # a count begins when nobody has changed anything for so long


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen, as settings have it."""

    paths: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class SourcePicker(Horizontal):
    """Chooses paths and exclude patterns. ``value`` is the choice at any time.

    Args:
        choice: to begin with.
        options: what else the count leaves out, as words of ``gdp scan``, such as ``--exclude-caches``.
        root: what can be chosen from.
    """

    BINDINGS: ClassVar[list[Any]] = [Binding("a", "add_pattern", N_("Exclude pattern"))]

    class Changed(Message):
        """The choice is another now."""

        def __init__(self, picker: "SourcePicker", choice: Choice) -> None:
            super().__init__()
            self.picker, self.choice = picker, choice

    def __init__(self, choice: Choice = Choice(), *, options: Sequence[str] = (), root: str = "/", id: str | None = None) -> None:
        super().__init__(id=id, classes="source-picker")
        self._ticks, self._patterns = read_ticks(choice.paths, choice.excludes)
        self._options, self._root = tuple(options), root
        self.counting = Counting()
        """what is known of the choice"""

    @property
    def value(self) -> Choice:
        """What is chosen."""
        return Choice(self._ticks.sources(), (*self._ticks.excludes(), *self._patterns))

    def count_with(self, options: Sequence[str]) -> None:
        """Count again, with other things left out beside the patterns."""
        if tuple(options) != self._options:
            self._options = tuple(options)
            self._count_again()

    def compose(self) -> ComposeResult:
        with Vertical(classes="box picker-tree") as left:
            left.border_title = translate(N_("Sources"))
            yield SourceTree(self._ticks, root=self._root)
        with Vertical(classes="box picker-choice") as right:
            right.border_title = translate(N_("Choice"))
            yield Static(classes="picker-total")
            yield Static(classes="picker-current hint")
            yield Static(translate(N_("Excluded")), classes="label")
            yield PatternList(self._patterns)

    def on_mount(self) -> None:
        self._count_again()

    def on_source_tree_changed(self, event: SourceTree.Changed) -> None:
        event.stop()
        self._ticks = event.ticks
        self._changed()

    def on_pattern_list_changed(self, event: PatternList.Changed) -> None:
        event.stop()
        self._patterns = event.patterns
        self._changed()

    def action_add_pattern(self) -> None:
        """Ask for one more pattern."""
        self.query_one(PatternList).add()

    def _changed(self) -> None:
        self.post_message(self.Changed(self, self.value))
        self._count_again()

    def _count_again(self) -> None:
        """Count the choice; a count that still goes on is broken off."""
        self.run_worker(self._count(self.value), group="scan", exclusive=True)

    async def _count(self, choice: Choice) -> None:
        self._show(Counting(stage=Stage.RUNS if choice.paths else Stage.NOTHING))
        if not choice.paths:
            return
        await asyncio.sleep(CALM_SECONDS)
        while True:
            senseless = self.counting.senseless
            patterns = [pattern for pattern in choice.excludes if pattern not in senseless]
            self._show(Counting(stage=Stage.RUNS, senseless=senseless))
            try:
                await self._follow(words_of(choice.paths, patterns, self._options))
            except GdpError as error:
                self._show(after_failure(self.counting, error))
            if self.counting.senseless == senseless:  # else once more, without the pattern that makes no sense
                return

    async def _follow(self, words: Sequence[str]) -> None:
        commands = cast("BackupManager", self.app).ports.commands
        async with aclosing(commands.run(*words)) as records:
            async for record in records:
                self._show(after(self.counting, record))
        if self.counting.stage is Stage.RUNS:  # it said no sum: nothing of it is known
            self._show(replace(self.counting, stage=Stage.FAILED))

    def _show(self, counting: Counting) -> None:
        self.counting = counting
        if not self.query(PatternList):  # the count outlives the screen for a moment, which is being taken down or put up
            return
        self.query_one(".picker-total", Static).update(Content("\n".join(total_lines(counting))))
        below = problem_line(counting)
        line = self.query_one(".picker-current", Static)
        line.update(Content(below or counting.current))
        line.set_class(bool(below), "attention")
        line.display = bool(below or counting.current)
        self.query_one(PatternList).show(counting)
        if counting.stage is not Stage.RUNS or not counting.sources:
            self.query_one(SourceTree).show_sizes({path: found.bytes for path, found in counting.sources.items()})
