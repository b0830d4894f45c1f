"""When a set runs: its schedules, the next runs in words and dates, and what else belongs to it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Collapsible, Input, OptionList, Static
from textual.widgets.option_list import Option

from gdp.core.language import N_, translate
from gdp.settings.zone import local_zone
from gdp.tui.views.schedules import (
    FIRST,
    SETTINGS,
    WHEN,
    Entered,
    coming_lines,
    first_text,
    offset_words,
    read_schedule,
    read_setting,
    window_of,
)
from gdp.tui.widgets.form import FormRow, all_wrong
from gdp.tui.widgets.schedule_fields import ScheduleFields

if TYPE_CHECKING:
    from gdp.tui.app import BackupManager

KEYS = (WHEN, *(setting.key for setting in SETTINGS))
"""the keys of a set that are chosen here"""


class ScheduleEditor(VerticalScroll):
    """Chooses when. ``value`` holds every key of ``KEYS`` as a set's file has it; ``wrong`` says what it cannot hold.

    Args:
        values: to begin with, by the whole names of keys, as ``written_values`` gives them; None and what is missing: left out.
        seeks_more: show window, bandwidth and the like at once.
    """

    BINDINGS: ClassVar[list[Any]] = [
        Binding("a", "add", N_("Add")),
        Binding("delete", "remove", N_("Remove")),
    ]

    class Changed(Message):
        """Something is another now."""

    def __init__(self, values: Mapping[str, Any] | None = None, *, seeks_more: bool = False, id: str | None = None) -> None:
        super().__init__(id=id, classes="schedule-editor")
        self._values = dict(values or {})
        self._entered = [read_schedule(text) for text in self._values.get(WHEN) or ()]
        self._place = 0
        self._seeks_more = seeks_more
        self._texts = {setting.key: first_text(setting, self._values) for setting in SETTINGS}

    @property
    def value(self) -> dict[str, Any]:
        """What is chosen, by the whole names of keys; None: left out. What is wrong stays as it was."""
        chosen: dict[str, Any] = {WHEN: [str(entered.schedule) for entered in self._entered if entered.schedule is not None]}
        for setting in SETTINGS:
            read = read_setting(setting, self._texts[setting.key])
            chosen[setting.key] = self._values.get(setting.key) if read.wrong else read.value
        return chosen

    @property
    def typed(self) -> dict[str, Any]:
        """What is entered, right or wrong, to begin with once more."""
        return {WHEN: [entered.text for entered in self._entered], **self._texts}

    @property
    def wrong(self) -> list[str]:
        """What is not understood, a sentence each."""
        return [entered.wrong for entered in self._entered if entered.wrong] + all_wrong(list(self._rows().values()))

    def compose(self) -> ComposeResult:
        with Horizontal(classes="schedule-top"):
            with Vertical(classes="box schedule-list") as left:
                left.border_title = translate(N_("Schedules"))
                yield OptionList(id="schedules")
            with Vertical(classes="box schedule-runs") as right:
                right.border_title = translate(N_("Next runs"))
                yield Static(id="coming")
        yield ScheduleFields(self._entered[0] if self._entered else Entered(""))
        with Collapsible(title=translate(N_("Window, retries, bandwidth")), collapsed=not self._seeks_more):
            for setting in SETTINGS:
                line = Input(self._texts[setting.key], placeholder=translate(setting.hint), compact=True, name=setting.key)
                yield FormRow(setting.label, line, id=_row_id(setting.key))

    def on_mount(self) -> None:
        for setting in SETTINGS:
            self._say(setting.key)
        self._show_list()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now. Del removes what is marked in the list, not what is being filled in."""
        return bool(self._entered) and self.query_one("#schedules").has_focus if action == "remove" else True

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self._entered and event.option_index != self._place:
            self._place = event.option_index
            self.query_one(ScheduleFields).show(self._entered[self._place])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if not self._entered:
            self.action_add()
            return
        self.query_one("#kind").focus()

    def on_schedule_fields_changed(self, event: ScheduleFields.Changed) -> None:
        event.stop()
        if self._entered:
            self._entered[self._place] = event.entered
        else:
            self._entered.append(event.entered)
        self._changed()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if (key := event.input.name) in self._texts and key is not None:
            self._texts[key] = event.value
            self._say(key)
            self._changed()

    def action_add(self) -> None:
        """Add a schedule, which is then changed."""
        self._entered.append(read_schedule(FIRST))
        self._place = len(self._entered) - 1
        self.query_one(ScheduleFields).show(self._entered[-1])
        self._changed()
        self.query_one("#kind").focus()

    def action_remove(self) -> None:
        """Remove the chosen schedule."""
        del self._entered[self._place]
        self._place = max(0, min(self._place, len(self._entered) - 1))
        self.query_one(ScheduleFields).show(self._entered[self._place] if self._entered else Entered(""))
        self._changed()

    def go_to_wrong(self) -> bool:
        """Put the cursor where something is wrong; the return value says whether anything is."""
        place = next((place for place, entered in enumerate(self._entered) if entered.wrong), None)
        if place is not None:
            self._place = place
            self.query_one(ScheduleFields).show(self._entered[place])
            self._show_list()
            self.query_one("#sentence").focus()
            return True
        row = next((row for row in self._rows().values() if row.wrong), None)
        if row is not None:
            self.query_one(Collapsible).collapsed = False
            row.query_one(Input).focus()
        return row is not None

    def _changed(self) -> None:
        self._show_list()
        self.refresh_bindings()
        self.post_message(self.Changed())

    def _rows(self) -> dict[str, FormRow]:
        return {setting.key: self.query_one(f"#{_row_id(setting.key)}", FormRow) for setting in SETTINGS}

    def _say(self, key: str) -> None:
        setting = next(setting for setting in SETTINGS if setting.key == key)
        read = read_setting(setting, self._texts[key])
        self._rows()[key].say(wrong=read.wrong, words=read.words)

    def _show_list(self) -> None:
        listed, colours = self.query_one("#schedules", OptionList), self.app.theme_variables
        prompts = [
            Text(entered.schedule.describe()) if entered.schedule is not None else Text(f"■ {entered.text}", colours["bad"])
            for entered in self._entered
        ]
        self.query_one(ScheduleFields).display = bool(prompts)
        with self.prevent(OptionList.OptionHighlighted):
            listed.set_options(
                Option(prompt) for prompt in prompts or [Text(translate(N_("None. Press a to add one.")), colours["idle"])]
            )
            listed.highlighted = min(self._place, max(0, len(prompts) - 1))
        self._show_coming()

    def _show_coming(self) -> None:
        ports = cast("BackupManager", self.app).ports
        schedules = [entered.schedule for entered in self._entered if entered.schedule is not None]
        window = window_of(self._texts["schedule.window"])
        lines = list(coming_lines(schedules, window, ports.now(), ports.zone or local_zone()))
        if schedules and (words := offset_words(self._texts["schedule.random-offset"])):
            lines.append(words)
        self.query_one("#coming", Static).update(Content("\n".join(lines)))


def _row_id(key: str) -> str:
    return "row-" + key.replace(".", "-")
