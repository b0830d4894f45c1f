"""Everything in words; then it is made, and the first backup begins."""

from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.model.backup_set import BackupSet, Recovery, check_set_name
from gdp.tui.making import make_set, start_first_run
from gdp.tui.picture import Link
from gdp.tui.places import PLACES
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views.draft import Draft
from gdp.tui.views.summary import summary_rows
from gdp.tui.widgets.field import Field

if TYPE_CHECKING:
    from gdp.tui.screens.wizard import Wizard


class SummaryStep(Step):
    """The end of the wizard."""

    QUESTION: ClassVar[str] = N_("Is that right?")
    GO_ON: ClassVar[str] = N_("Set it up and back up now")

    def compose(self) -> ComposeResult:
        yield Field(N_("Name"), self.draft.name, id="name")
        table = Table.grid(padding=(0, 2))
        table.add_column(no_wrap=True, style=self.manager.colour("idle"))
        table.add_column()
        for title, words in summary_rows(self.draft):
            table.add_row(Text(title), Text(words))
        yield Static(table, id="summary")
        yield Static(id="doing", classes="hint note", markup=False)

    def entered(self) -> Draft:
        return msgspec.structs.replace(self.draft, name=self.text_of("name").strip())

    async def settle(self) -> Draft | None:
        draft, manager = self.entered(), self.manager
        try:
            check_set_name(draft.name)
        except BadInput as error:
            raise BadInput(error.template, error.hint_template, **{**error.facts, "field": "name"}) from error
        try:
            made = await make_set(draft, manager.ports, manager.sets, self._remember, self._tell)
        finally:
            self._tell("")
        wizard = cast("Wizard", self.screen)
        wizard.finish()
        if not made.is_active:
            await self._settle_recovery(made)
            made = manager.sets.read(made.name)
        if made.is_active:
            await start_first_run(made.name, manager.ports, has_daemon=manager.picture.link is Link.UP, tell=self._tell)
        await manager.refresh_status()
        _ = wizard.dismiss(None)
        standing = manager.picture.of_set(made.name)
        if standing is not None and standing.at_work and "job" in PLACES:
            manager.go("job", run=standing.at_work[0].run.id)
        return None

    async def _settle_recovery(self, made: BackupSet) -> None:
        """Let somebody else be able to open it, as was chosen, or settle on purpose that nobody is."""
        if made.encryption.recovery is Recovery.ESCROW:
            from gdp.tui.screens.escrow import Escrow

            await self.app.push_screen_wait(Escrow(made.name))
        else:
            from gdp.tui.screens.sheet import Sheet

            await self.app.push_screen_wait(Sheet(made.name))

    def _remember(self, draft: Draft) -> None:
        self.draft = draft
        wizard = cast("Wizard", self.screen)
        wizard.keep(draft)

    def _tell(self, template: str) -> None:
        for line in self.query("#doing").results(Static):  # the program may be ending meanwhile
            line.update(translate(template))
