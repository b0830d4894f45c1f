"""Which block sizes: measured, recommended, and fixed afterwards. May be passed over."""

from contextlib import aclosing
from typing import Any, ClassVar

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import DataTable, Select, Static

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text, fill
from gdp.model.sizes import typed_size
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views import advice as advices
from gdp.tui.views.draft import Draft, target_of

_PASSED_OVER = N_("Go on at once to take what suits most: blocks of 1M, transfer blocks of 16M.")


class BlocksStep(Step):
    """The two sizes."""

    QUESTION: ClassVar[str] = N_("In which blocks?")

    def compose(self) -> ComposeResult:
        yield Static(
            translate(
                N_("Files are cut into blocks, each stored once. Their size is fixed when the repository is made, for ever.")
            ),
            classes="hint",
        )
        yield Static(id="measuring", markup=False)
        yield DataTable[Text](id="blocks", cursor_type="row")
        yield Select[int]([], prompt=translate(N_("Transfer blocks")), allow_blank=True, compact=True, id="packs")
        yield Static(id="reasons", classes="hint note", markup=False)

    def begin(self) -> None:
        if self.draft.advice:
            self._show(self.draft.advice)
        else:
            self.run_worker(self._measure(), group="advise")

    def on_select_changed(self, event: Select.Changed) -> None:
        if self.draft.advice and isinstance(event.value, int):
            self._fill(self.draft.advice, event.value)

    def entered(self) -> Draft:
        if not self.draft.advice:
            return self.draft
        table, packs = self.query_one("#blocks", DataTable), self.query_one("#packs", Select)
        pack = packs.value if isinstance(packs.value, int) else self.draft.advice["transfer_block_size"]
        rows = advices.block_rows(self.draft.advice, pack)
        block = rows[table.cursor_row][0] if 0 <= table.cursor_row < len(rows) else self.draft.advice["block_size"]
        return msgspec.structs.replace(self.draft, block_size=typed_size(block), transfer_block_size=typed_size(pack))

    async def _measure(self) -> None:
        draft, said = self.draft, self.query_one("#measuring", Static)
        self._hide(is_measuring=True)
        passed_over = translate(_PASSED_OVER)
        said.update(translate(N_("Measuring the line and a sample of the sources …")) + "\n\n" + passed_over)
        words = ["advise", "--repo", str(target_of(draft)), "--exclude-caches"]
        for pattern in draft.excludes:
            words += ["--exclude", pattern]
        found: dict[str, Any] = {}
        try:
            async with aclosing(self.manager.ports.commands.run(*words, "--", *draft.sources)) as records:
                async for record in records:
                    if record.get("message_type") == "status":
                        said.update(f"{advices.progress_words(record)} …\n\n{passed_over}")
                    elif record.get("message_type") == "summary":
                        found = dict(record)
        except GdpError as error:
            said.update(Content(f"{error_text(error)}\n\n{passed_over}"))
            return
        if found:
            self.draft = msgspec.structs.replace(self.draft, advice=found)
            self._show(found)

    def _hide(self, *, is_measuring: bool) -> None:
        for name in ("#blocks", "#packs", "#reasons"):
            self.query_one(name).display = not is_measuring

    def _show(self, advice: Any) -> None:
        self._hide(is_measuring=False)
        self.query_one("#measuring", Static).update(Content(advices.about(advice)))
        packs = self.query_one("#packs", Select)
        words = N_("Transfer blocks of {size}")
        packs.set_options([(fill(words, {"size": typed_size(size)}), size) for size in advices.pack_choices(advice)])
        packs.value = advice["transfer_block_size"]
        self._fill(advice, advice["transfer_block_size"])
        facts = {"block": typed_size(advice["block_size"]), "pack": typed_size(advice["transfer_block_size"])}
        lines = [fill(N_("Recommended: blocks of {block}, transfer blocks of {pack}."), facts), *advice["reasons"]]
        self.query_one("#reasons", Static).update(Content(" ".join(lines)))
        self.query_one("#blocks").focus()

    def _fill(self, advice: Any, pack_bytes: int) -> None:
        table = self.query_one("#blocks", DataTable)
        rows, chosen = advices.block_rows(advice, pack_bytes), self.draft.block_size or typed_size(advice["block_size"])
        table.clear(columns=True)
        for title in advices.COLUMNS:
            table.add_column(Text(translate(title), justify="right"))
        for size, cells in rows:
            marked = [f"{cells[0]} ←" if size == advice["block_size"] else f"{cells[0]}  ", *cells[1:]]
            table.add_row(*(Text(cell, justify="right") for cell in marked))
        table.move_cursor(row=[typed_size(size) for size, _cells in rows].index(chosen))
