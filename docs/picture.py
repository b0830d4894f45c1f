"""Draws the README's picture, docs/images/terminal.svg, from a real run. ``make picture`` runs it.

What is shown is what the program printed; only the temporary folder it ran in is shown as /srv.
"""

import contextlib
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import termios
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

PROJECT = Path(__file__).resolve().parent.parent
PICTURE = PROJECT / "docs" / "images" / "terminal.svg"
COLUMNS = 96
HOST = "server01"
THEME = TerminalTheme(
    (15, 23, 32),
    (230, 234, 240),
    [
        (15, 23, 32),
        (242, 139, 130),
        (92, 201, 143),
        (227, 179, 65),
        (79, 179, 193),
        (152, 162, 179),
        (79, 179, 193),
        (230, 234, 240),
    ],
)
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("init",),
    ("backup", "--host", HOST, "/srv/data"),
    ("backup", "--host", HOST, "/srv/data"),
    ("snapshots",),
    ("restore", "latest", "--target", "/srv/restored", "--verify"),
    ("check", "--read-data"),
)
SECOND_BACKUP = 2


def main() -> None:
    """Run the commands and draw what they print."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True, color_system="truecolor")  # noqa: SIM115
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _make_data(place / "data")
        environment = _environment(place)
        for number, command in enumerate(COMMANDS):
            if number == SECOND_BACKUP:
                (place / "data" / "docs" / "new-page.md").write_text("A new page.\n" * 100)
            console.print(Text.assemble(("\n" if number else "") + "$ ", (" ".join(("gdp", *command)), "bold")))
            console.print(Text(_run(command, place, environment)))
    svg = console.export_svg(title="gdp", theme=THEME, unique_id="gdp")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # they point to a server of strangers
    svg = svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n")
    print(f"wrote {PICTURE.relative_to(PROJECT)}")


def _make_data(folder: Path) -> None:
    """Enough for the progress bar to be seen: this project and the packages it stands on."""
    for name in ("gdp", "docs", "tests"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "images"))
    shutil.copytree(Path(sys.prefix) / "lib", folder / "lib", symlinks=True)


def _environment(place: Path) -> dict[str, str]:
    (place / "password").write_text("only for this picture\n")
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "GDP_HOME": str(place / "home"),
        "GDP_REPO": str(place / "backup"),
        "GDP_PASSWORD_FILE": str(place / "password"),
        "GDP_LANGUAGE": "en",
        "LANG": "C.UTF-8",
        "COLUMNS": str(COLUMNS),
        "TZ": "Europe/Berlin",
    }


def _run(command: tuple[str, ...], place: Path, environment: dict[str, str]) -> str:
    """Return what the command printed, and before it the progress bar as it stood half-way."""
    program = Path(sys.executable).with_name("gdp")
    arguments = [argument.replace("/srv", str(place)) for argument in command]
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (24, COLUMNS))
    process = subprocess.Popen([program, *arguments], env=environment, stdout=subprocess.PIPE, stderr=end, text=True)
    os.close(end)
    with ThreadPoolExecutor(1) as reader:
        drained = reader.submit(_drain, terminal)
        shown, _nothing = process.communicate()
        messages = drained.result()
    if process.returncode:
        sys.exit(f"gdp {' '.join(command)} failed:\n{messages}{shown}")
    frames = messages.split("\r\x1b[K")
    bars = [frame for frame in frames if "%" in frame and "\n" not in frame]
    lines = [line for frame in frames for line in frame.split("\r\n")[:-1]]
    parts = [*lines, *bars[len(bars) // 2 :][:1], shown.rstrip()]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(parts)).replace(str(place), "/srv")


def _drain(terminal: int) -> str:
    """Return all that is written to a terminal until nobody holds its other end open."""
    parts = []
    with contextlib.suppress(OSError):  # how Linux says that the other end is closed
        while part := os.read(terminal, 1 << 16):
            parts.append(part)
    os.close(terminal)
    return b"".join(parts).decode()


if __name__ == "__main__":
    main()
