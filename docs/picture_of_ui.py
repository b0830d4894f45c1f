"""Draws the picture of the terminal UI, docs/images/terminal-ui.svg, from a real run. ``make picture`` runs it.

A daemon backs up three sets to a real repository; the UI that is shown is its client. Only the computer's name is made up.
"""

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from textual.pilot import Pilot

from gdp.tui.app import BackupManager
from gdp.tui.commands import ChildCommands
from gdp.tui.daemon_link import DaemonLink
from gdp.tui.picture import Link
from gdp.tui.ports import Ports

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "images" / "terminal-ui.svg"
PROGRAM = (str(Path(sys.executable).with_name("gdp")),)
HOST = "server01"
SIZE = (84, 15)
SETS = {"documents": PROJECT / "docs", "programs": PROJECT / "gdp", "tests": PROJECT / "tests"}
PATIENCE_SECONDS = 120.0


def main() -> None:
    """Make the sets, let the daemon back them up, and draw what the UI shows then."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "GDP_HOME": f"{folder}/home",
            "GDP_LANGUAGE": "en",
            "LANG": "C.UTF-8",
        }
        os.environ.update(environment)
        _make_sets(place, environment)
        with _daemon(environment):
            svg = asyncio.run(_draw(place / "home", environment))
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # they point to a server of strangers
    svg = re.sub(r"terminal-\d+", "gdp-ui", svg).replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    PICTURE.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")
    print(f"wrote {PICTURE.relative_to(PROJECT)}")


def _make_sets(place: Path, environment: dict[str, str]) -> None:
    password = place / "password"
    password.write_text("only for this picture\n")
    password.chmod(0o600)
    common = [
        "--repo",
        str(place / "backup"),
        "--password-file",
        str(password),
        "--schedule",
        "daily 02:30",
        "--keep-daily",
        "14",
    ]
    for number, (name, source) in enumerate(SETS.items()):
        words = [*PROGRAM, "set", "add", name, "--source", str(source), *common, *(() if number else ("--init",))]
        subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextmanager
def _daemon(environment: dict[str, str]) -> Iterator[None]:
    """Run the daemon meanwhile."""
    with subprocess.Popen([*PROGRAM, "daemon"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as daemon:
        try:
            yield
        finally:
            daemon.terminate()


async def _draw(home: Path, environment: dict[str, str]) -> str:
    link = DaemonLink(home, (*PROGRAM, "daemon"), environment)
    ports = Ports(home, HOST, link, ChildCommands((*PROGRAM, "--json"), environment), lambda: datetime.now(UTC))
    app = BackupManager(ports)
    async with app.run_test(size=SIZE) as pilot, asyncio.timeout(PATIENCE_SECONDS):
        while app.picture.link is not Link.UP:
            await pilot.pause(0.2)
        for name in SETS:
            await link.ask("run", set=name)
        while not _is_done(app):
            await pilot.pause(0.2)
        return await _shown(app, pilot)


def _is_done(app: BackupManager) -> bool:
    """Say whether each set was backed up and proven."""
    status = app.picture.status
    return status is not None and all(
        one.last is not None and one.last_check is not None and one.last_drill is not None and not one.at_work
        for one in status.sets
    )


async def _shown(app: BackupManager, pilot: Pilot[int]) -> str:
    await app.refresh_status()
    await pilot.pause()
    return app.export_screenshot(title="gdp")


if __name__ == "__main__":
    main()
