"""Where one can go: the screens by name, loaded when they are first opened, so that the UI starts at once."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from gdp.core.language import N_
from gdp.tui.page import Page


@dataclass(frozen=True, slots=True)
class Place:
    """A screen.

    Args:
        module: below ``gdp.tui.screens``.
        name: of the class.
        title: for the command palette; empty where the screen needs to be told what to show.
    """

    module: str
    name: str
    title: str = ""

    def make(self, **arguments: Any) -> Page[Any]:
        """Return the screen."""
        page: Page[Any] = getattr(import_module(f"gdp.tui.screens.{self.module}"), self.name)(**arguments)
        return page


PLACES = {
    "overview": Place("overview", "Overview", N_("Overview: is everything backed up?")),
    "set_editor": Place("set_editor", "SetEditor"),
    "keys": Place("keys", "Keys"),
    "settings": Place("settings", "Settings", N_("Settings: language, colours, mail")),
    "wizard": Place("wizard", "Wizard", N_("New backup set")),
    "job": Place("job", "Job"),
    "history": Place("history", "History", N_("History: all runs and their logs")),
    "run": Place("run", "RunPage"),
    "report": Place("report", "ReportPage"),
    "restore": Place("restore", "Restore", N_("Restore: get files back")),
    "restore-files": Place("restore_files", "RestoreFiles"),
    "restore-plan": Place("restore_plan", "RestorePlan"),
    "restore-find": Place("restore_find", "RestoreFind"),
    "restore-diff": Place("restore_diff", "RestoreDiff"),
}
