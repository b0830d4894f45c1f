"""A set in the user's editor: what is written there counts only once it is right."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from gdp.bootstrap.trial import problem_of
from gdp.cli.screen import Screen
from gdp.core.errors import BadInput, BadSettings, GdpError
from gdp.core.language import N_, translate
from gdp.model.backup_set import BackupSet
from gdp.settings.files import read_text, write_text
from gdp.settings.sets import SetFiles

_FALLBACKS = ("sensible-editor", "editor", "nano", "vi")


def edit_text(screen: Screen, files: SetFiles, name: str) -> BackupSet:
    """Let the user change a set until it is right. Raises BadInput when he gives up: his text is kept, and it is said where."""
    was = files.text(name)
    draft = files.folder / f".{name}.draft.toml"
    if draft.exists() and read_text(draft) != was:
        screen.say(translate(N_("You go on with what you wrote before; remove {file} to begin anew.")).format(file=draft))
    else:
        write_text(draft, was)
    while True:
        _run_editor(draft)
        text = read_text(draft)
        try:
            made = files.replace(name, text, was=was)
        except BadSettings as error:
            for complaint in error.complaints:
                screen.emit(problem_of(complaint))
            if not screen.agree(translate(N_("The set is not saved yet.")), translate(N_("Go on editing? [y/N] "))):
                raise BadInput(N_("nothing was changed; your text is in {file}"), file=draft) from error
        except GdpError as error:
            raise GdpError(N_("{problem}; your text is in {file}"), error.hint_template, problem=error, file=draft) from error
        else:
            draft.unlink()
            return made


def _run_editor(file: Path) -> None:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    words = words or [next((name for name in _FALLBACKS if shutil.which(name)), "vi")]
    hint = N_("Name another in the variable VISUAL, or give the keys to change as options.")
    try:
        code = subprocess.run([*words, str(file)], check=False).returncode
    except OSError as error:
        raise BadInput(
            N_("the editor {editor} cannot be started: {reason}"), hint, editor=words[0], reason=error.strerror or str(error)
        ) from error
    if code:
        raise BadInput(N_("the editor {editor} ended with code {code}, so nothing was changed"), editor=words[0], code=code)
