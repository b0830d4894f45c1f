"""The terminal UI itself: themes, the picture of the daemon, and the way from screen to screen."""

import asyncio
import select
import sys
from collections.abc import Iterable
from contextlib import aclosing
from typing import Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette
from textual.reactive import reactive
from textual.screen import Screen

from gdp.control.client import NoDaemon
from gdp.core.errors import GdpError
from gdp.core.language import N_, speak, translate
from gdp.settings.configuration import ConfigurationFile
from gdp.settings.sets import SetFiles
from gdp.tui import picture as pictures
from gdp.tui.page import Page
from gdp.tui.picture import Picture
from gdp.tui.places import PLACES
from gdp.tui.ports import Ports
from gdp.tui.theme import DARK, LIGHT

TERMINAL_SECONDS = 2.0  # between two looks whether there is one
LOOK_AGAIN_SECONDS = 2.0  # after the daemon went away
KEYS = {"escape": N_("Esc"), "delete": N_("Del"), "pagedown": N_("PgDn"), "f5": "F5", "f10": "F10"}


class BackupManager(App[int]):
    """Everything. What it works on comes from outside.

    Args:
        first: a place to open over the overview at once.
    """

    CSS_PATH = "gdp.tcss"
    TITLE = "GDP Backup Manager"
    BINDINGS: ClassVar[list[Any]] = [
        Binding("question_mark,f1", "help", N_("Help"), key_display="?"),
        Binding("ctrl+p", "command_palette", N_("All commands"), show=False),
        Binding("q", "leave", N_("Quit")),
        Binding("ctrl+q", "quit", N_("Quit"), show=False, priority=True),
        Binding("ctrl+t", "other_theme", N_("Light or dark"), show=False),
    ]

    picture: reactive[Picture] = reactive(Picture(), always_update=False)
    """what is known of the daemon"""

    def __init__(self, ports: Ports, *, theme: str | None = None, first: str | None = None) -> None:
        super().__init__()
        self.ports = ports
        self._first = first
        self.sets = SetFiles(ports.home)
        self.configuration = ConfigurationFile(ports.home)
        self.unfinished: dict[str, Any] = {}
        """what was entered on a screen that was left, by its place, to be offered there again"""
        for known in (DARK, LIGHT):
            self.register_theme(known)
        self.theme = theme or DARK.name

    def colour(self, name: str) -> str:
        """Return a colour of the theme, such as ``good``, for text that is no markup."""
        return self.theme_variables[name]

    def go(self, place: str, **arguments: Any) -> None:
        """Open a screen over this one."""
        self.show(PLACES[place].make(**arguments))

    def show(self, screen: Screen[Any]) -> None:
        """Lay a screen or a dialog over this one, and wait for nothing."""
        _ = self.push_screen(screen)

    def speak(self, language: str | None) -> None:
        """Speak another language from now on, on all screens that are open, and in the commands that they run.

        Args:
            language: None: the system's.
        """
        speak(language)
        for screen in self.screen_stack:
            if isinstance(screen, Page):
                screen.speak()

    async def refresh_status(self) -> None:
        """Ask the daemon how everything stands."""
        try:
            answer = await self.ports.daemon.ask("status")
        except NoDaemon:
            self.picture = pictures.without_daemon(self.picture)
        else:
            self.picture = pictures.with_status(self.picture, answer)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Whatever the screen's keys do, and every screen that can be opened from anywhere."""
        for _node, binding, is_enabled, _tooltip in screen.active_bindings.values():
            if binding.show and is_enabled and binding.description and not binding.action.startswith("app."):
                yield _command(translate(binding.description), lambda action=binding.action: self._act(screen, action))
        for name, place in PLACES.items():
            if place.title:
                yield _command(translate(place.title), lambda name=name: self.go(name))
        yield _command(translate(N_("Light or dark")), self.action_other_theme)
        yield _command(translate(N_("Quit")), self.exit)

    def on_mount(self) -> None:
        self.go("overview")
        if self._first is not None:
            self.go(self._first)
        self.run_worker(self._follow(), group="daemon")
        if not self.is_headless:
            self.set_interval(TERMINAL_SECONDS, self._leave_without_terminal)

    def notify(self, message: str, **options: Any) -> None:
        """Show a sentence for a moment. It may hold names from anywhere, so brackets in it are only brackets."""
        super().notify(message, **{**options, "markup": False})

    def get_key_display(self, binding: Binding) -> str:
        """Return the name of a key as it stands on the keyboard."""
        if binding.key_display is None and binding.key in KEYS:
            return translate(KEYS[binding.key])
        return super().get_key_display(binding)

    def action_help(self) -> None:
        """Explain the screen."""
        from gdp.tui.screens.help import Help

        screen = self.screen
        if not isinstance(screen, Page):
            return
        keys = [
            (self.get_key_display(binding), translate(binding.description))
            for _node, binding, _is_enabled, _tooltip in screen.active_bindings.values()
            if (binding.description and binding.description != translate(binding.description)) or binding.show
        ]
        self.show(Help(screen.heading(), translate(screen.HELP), keys))

    def action_leave(self) -> None:
        """End the UI. What runs goes on: the daemon makes it."""
        self.exit(0)

    def action_command_palette(self) -> None:
        if self.use_command_palette and not isinstance(self.screen, CommandPalette):
            self.show(CommandPalette(id="--command-palette", placeholder=translate(N_("What would you like to do?"))))

    def action_other_theme(self) -> None:
        """Light instead of dark, and back."""
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name

    def _leave_without_terminal(self) -> None:
        """End with a terminal that was closed without a signal, where reading on would keep a processor busy for ever."""
        terminal = select.poll()
        terminal.register(sys.__stdin__.fileno() if sys.__stdin__ else 0, 0)
        if terminal.poll(0):  # asked for nothing, it tells only of a line that hung up
            self.exit(1)

    def _act(self, screen: Screen[Any], action: str) -> None:
        screen.call_later(screen.run_action, action)

    async def _follow(self) -> None:
        """Keep the picture true, as long as the UI lives."""
        while True:
            try:
                async with aclosing(self.ports.daemon.watch()) as events:
                    self.picture = pictures.with_status(self.picture, await anext(events))
                    async for event in events:
                        self.picture = pictures.after(self.picture, event)
                        if self.picture.needs_status:
                            await self.refresh_status()
            except GdpError:  # the title line says that there is none
                self.picture = pictures.without_daemon(self.picture)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _command(title: str, do: Any) -> SystemCommand:
    return SystemCommand(title, "", do)
