"""What happens to a set's file by hand of a screen, and how the daemon hears of it."""

import asyncio
import contextlib
from typing import Any

from gdp.control.client import NoDaemon
from gdp.core.language import N_, translate
from gdp.tui.page import Acting
from gdp.tui.screens.dialogs import Question


async def remove_set(screen: Acting[Any], name: str) -> bool:
    """Remove a set after a question; what it has backed up stays. Returns whether it is gone. Raises GdpError."""
    title = translate(N_("Remove the backup set {name}?")).format(name=name)
    text = translate(N_("It will not run any more. What it has backed up stays in the repository."))
    if not await screen.app.push_screen_wait(Question(title, text, translate(N_("Remove")), is_risky=True)):
        return False
    await asyncio.to_thread(screen.manager.sets.remove, name)
    screen.notify(translate(N_("The set is removed; its backups are still there.")))
    await tell_daemon(screen, name)
    return True


async def tell_daemon(screen: Acting[Any], name: str) -> None:
    """Let the daemon, if there is one, read the files at once, and say what it makes of a set."""
    with contextlib.suppress(NoDaemon):
        answer = await screen.manager.ports.daemon.ask("reload")
        if wrong := answer.get("wrong", {}).get(name):
            screen.notify(str(wrong), severity="warning")
        await screen.manager.refresh_status()
