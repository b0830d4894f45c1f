"""How the files of a repository and our unfinished ones are told apart by name. Never touches a storage."""

import re
import secrets

from gdp.core.ids import is_id_text
from gdp.model.files import FileKind, StoredFile

LEFTOVER_HEX_DIGITS = 16  # 64 random bits: two writers never meet
_MARK = "-gdp-temp-"
_OURS = re.compile(rf"(?:config|[0-9a-f]{{64}}){_MARK}[0-9a-f]{{{LEFTOVER_HEX_DIGITS}}}")


def make_temporary_name(name: str) -> str:
    """Return the name under which a file lies while it is being written: ``<name>-gdp-temp-<16 hex digits>``.

    A trial file's own name is of this form already, and is replaced by another one.
    """
    return f"{name.partition(_MARK)[0]}{_MARK}{secrets.token_hex(LEFTOVER_HEX_DIGITS // 2)}"


def make_trial_file() -> StoredFile:
    """Return a file that is written only to see how fast that is, and removed again.

    It lies at the root, so that no folder is made for it, under the name of an unfinished config: whoever sweeps those away
    sweeps this one too, in whatever moment its writer was killed.
    """
    return StoredFile(FileKind.CONFIG, make_temporary_name("config"))


def is_temporary_name(name: str) -> bool:
    """Say whether a file is one of our unfinished ones. Those of restic (``-restic-temp-``) are not our business."""
    return _OURS.fullmatch(name) is not None


def is_stored_name(kind: FileKind, folder: str, name: str) -> bool:
    """Say whether ``name`` in the folder (its last component) is a file of this kind and not a stranger's."""
    if kind is FileKind.CONFIG:
        return name == "config"
    return is_id_text(name) and (kind is not FileKind.DATA or name.startswith(folder))


def folders_of(kind: FileKind) -> tuple[str, ...]:
    """Return the folders in which files of this kind lie, relative to the repository's root (CONFIG: the root)."""
    if kind is FileKind.CONFIG:
        return ("",)
    if kind is FileKind.DATA:
        return tuple(f"data/{byte:02x}" for byte in range(256))
    return (str(kind),)
