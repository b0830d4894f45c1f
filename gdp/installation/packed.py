"""The files of the packed program: what is there of it, whether two are the same, and a copy. Never follows a link.

A program is an executable and a folder ``_internal`` beside it. Of its files only names, contents and links count, so that one
that was unpacked by the portable file is the same as one that came as a folder.
"""

import hashlib
import os
import shutil
import sys
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_
from gdp.installation.places import PROGRAM

INTERNAL = "_internal"
INSTALLABLE = "installable"  # where the portable file carries the executable of the folder form, see gdp.spec
_DIGITS = 12  # of the hash in a folder's name
_PIECE_BYTES = 1 << 20


class Packed(msgspec.Struct, frozen=True):
    """A packed program on the disk."""

    executable: Path
    internal: Path
    leave_out: tuple[str, ...] = ()
    """names in ``internal`` that do not belong to it"""


class Piece(msgspec.Struct, frozen=True):
    """One file or link of a program."""

    name: str
    """relative, as it is installed"""
    source: Path
    link: str | None = None
    """where a link leads to; None: a file"""


def running_program() -> Packed:
    """Return the program that runs. Raises BadInput where it is none that can be copied."""
    unpacked = getattr(sys, "_MEIPASS", None)
    if not getattr(sys, "frozen", False) or unpacked is None:
        raise BadInput(
            N_("this gdp runs from Python sources, and only the packed program can install itself"),
            N_("Download the program, or build it with 'make binary', and call it with 'install'."),
        )
    executable, internal = Path(sys.executable).resolve(), Path(unpacked).resolve()
    if internal.parent == executable.parent:
        return Packed(executable, internal)
    return Packed(internal / INSTALLABLE / PROGRAM, internal, (INSTALLABLE,))


def packed_in(folder: Path) -> Packed:
    """Return the program that lies in a folder."""
    return Packed(folder / PROGRAM, folder / INTERNAL)


def pieces_of(packed: Packed) -> list[Piece]:
    """Return the files and links of a program in order of their names. Raises OSError."""
    found = [Piece(PROGRAM, packed.executable)]
    for folder, subfolders, files in os.walk(packed.internal, onerror=_fail):
        if Path(folder) == packed.internal:
            subfolders[:] = [name for name in subfolders if name not in packed.leave_out]
        links = [name for name in subfolders if os.path.islink(os.path.join(folder, name))]
        for name in (*files, *links):
            path = Path(folder, name)
            relative = f"{INTERNAL}/{path.relative_to(packed.internal)}"
            found.append(Piece(relative, path, os.readlink(path) if path.is_symlink() else None))
    return sorted(found, key=lambda piece: piece.name)


def fingerprint(pieces: list[Piece]) -> str:
    """Return what two programs have in common only when they are the same, in few characters. Raises OSError."""
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(f"{piece.name}\0{'' if piece.link is None else piece.link}\0".encode(errors="surrogateescape"))
        if piece.link is None:
            with piece.source.open("rb") as stream:
                whole.update(hashlib.file_digest(stream, "sha256").digest())
    return whole.hexdigest()[:_DIGITS]


def copy_program(pieces: list[Piece], folder: Path, wanted: str) -> None:
    """Write a program into a folder that is not there yet, readable by everybody.

    It is on the disk and compared when this returns. Whatever goes wrong, nothing of it stays.

    Raises:
        DamagedData: what was written is not what was to be written.
        OSError: from the system, such as a full disk.
    """
    try:
        folder.mkdir(mode=0o755)
        folder.chmod(0o755)
        for piece in pieces:
            target = folder / piece.name
            _make_folders(target.parent, folder)
            if piece.link is None:
                _copy_file(piece.source, target, 0o755 if piece.name == PROGRAM else 0o644)
            else:
                os.symlink(piece.link, target)
        os.sync()
        if fingerprint(pieces_of(packed_in(folder))) != wanted:
            raise DamagedData(
                N_("the copy of the program in {folder} differs from the program"),
                N_("Check disk and memory of this computer."), folder=folder,
            )  # fmt: skip
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _make_folders(folder: Path, top: Path) -> None:
    if folder != top and not folder.is_dir():
        _make_folders(folder.parent, top)
        folder.mkdir()
        folder.chmod(0o755)


def _copy_file(source: Path, target: Path, mode: int) -> None:
    with source.open("rb") as read, target.open("xb") as written:
        shutil.copyfileobj(read, written, _PIECE_BYTES)
        os.fchmod(written.fileno(), mode)


def _fail(error: OSError) -> None:
    raise error
