"""Screens as text, compared with those that were looked at and kept in ``pictures/``.

``GDP_KEEP_PICTURES=1`` keeps what is drawn now, and in ``build/screens`` an SVG image with its colours, to be looked at.
"""

import difflib
import io
import os
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from textual.app import App

from tests.conftest import PROJECT

IMAGES = PROJECT / "build" / "screens"
FOLDER = Path(__file__).parent / "pictures"
KEEP_VARIABLE = "GDP_KEEP_PICTURES"


def text_of(app: App[Any]) -> str:
    """Return what the terminal shows, dialogs over their screens, one line a row."""
    width, height = app.size
    console = Console(width=width, height=height, file=io.StringIO(), record=True, color_system=None, legacy_windows=False)
    console.print(app.screen._compositor.render_update(full=True, screen_stack=app._background_screens))
    return "\n".join(line.rstrip() for line in console.export_text().splitlines()) + "\n"


def compare(name: str, app: App[Any]) -> None:
    """Fail where a screen is not what was looked at."""
    path, drawn = FOLDER / f"{name}.txt", text_of(app)
    if os.environ.get(KEEP_VARIABLE):
        path.write_text(drawn)
        IMAGES.mkdir(parents=True, exist_ok=True)
        (IMAGES / f"{name}.svg").write_text(app.export_screenshot())
    if not path.exists():
        pytest.fail(f"nobody has looked at {path.name} yet; {KEEP_VARIABLE}=1 keeps it")
    kept = path.read_text()
    if kept != drawn:
        pytest.fail("\n".join(difflib.unified_diff(kept.splitlines(), drawn.splitlines(), "kept", "drawn", lineterm="")))
