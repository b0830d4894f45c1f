"""What is backed up: the source picker."""

from typing import ClassVar

import msgspec
from textual.app import ComposeResult

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views.draft import Draft
from gdp.tui.widgets.sources import Choice, SourcePicker


class SourcesStep(Step):
    """The sources and what is left out of them."""

    QUESTION: ClassVar[str] = N_("What is to be backed up?")

    def compose(self) -> ComposeResult:
        yield SourcePicker(Choice(self.draft.sources, self.draft.excludes), options=("--exclude-caches",), id="sources")

    def entered(self) -> Draft:
        choice = self.query_one("#sources", SourcePicker).value
        if (choice.paths, choice.excludes) == (self.draft.sources, self.draft.excludes):
            return self.draft
        return msgspec.structs.replace(self.draft, sources=choice.paths, excludes=choice.excludes, advice={})

    async def settle(self) -> Draft | None:
        draft = self.entered()
        if not draft.sources:
            raise BadInput(N_("nothing is ticked"), N_("Tick what is to be backed up with the space bar."))
        return draft
