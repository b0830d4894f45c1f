"""Unpacks the archive of a release. It is believed to be ours by then, and still nothing of it may come to lie elsewhere.

Files first, links last: while files are written there is no link that could lead them astray.
"""

import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from gdp.core.errors import DamagedData, HostileData
from gdp.core.language import N_
from gdp.installation.packed import INTERNAL
from gdp.installation.places import PROGRAM

MOST_BYTES = 1 << 30
MOST_MEMBERS = 20_000


def unpack(archive: Path, folder: Path) -> None:
    """Unpack what lies in the one folder of an archive into a folder that is not there yet. Whatever goes wrong, nothing stays.

    Raises:
        DamagedData: it ends too soon, or holds no program.
        HostileData: it holds what no archive of ours holds.
        OSError: from the system, such as a full disk.
    """
    folder.mkdir(mode=0o700)
    try:
        with tarfile.open(archive, "r:gz") as stream:
            _unpack(stream, folder)
        if not (folder / PROGRAM).is_file() or not (folder / INTERNAL).is_dir():
            raise DamagedData(N_("the archive {archive} holds no program"), archive=archive.name)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        shutil.rmtree(folder)
        raise DamagedData(N_("the archive {archive} is damaged: {reason}"), archive=archive.name, reason=str(error)) from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _unpack(stream: tarfile.TarFile, folder: Path) -> None:
    links: list[tuple[Path, str]] = []
    seen_bytes = 0
    for number, member in enumerate(stream, 1):
        seen_bytes += member.size
        if number > MOST_MEMBERS or seen_bytes > MOST_BYTES:
            raise _hostile(member.name)
        parts = _parts(member)
        if not parts:
            continue
        target = folder.joinpath(*parts)
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
        elif member.issym():
            _refuse_link_outwards(member, parts)
            links.append((target, member.linkname))
        elif member.isreg():
            _write(stream, member, target)
        else:
            raise _hostile(member.name)
    for target, link in links:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.parent.resolve() != folder.resolve().joinpath(*target.relative_to(folder).parts[:-1]):
            raise _hostile(str(target.relative_to(folder)))  # it would lie where another link leads
        os.symlink(link, target)


def _parts(member: tarfile.TarInfo) -> tuple[str, ...]:
    """Return the path below the archive's one folder."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or "\0" in member.name:
        raise _hostile(member.name)
    return path.parts[1:]


def _refuse_link_outwards(member: tarfile.TarInfo, parts: tuple[str, ...]) -> None:
    """A link leads to something below or beside it: it begins with ``..`` at most as often as there are folders above it."""
    path = PurePosixPath(member.linkname)
    ups = next((number for number, part in enumerate(path.parts) if part != ".."), len(path.parts))
    if path.is_absolute() or ups >= len(parts) or ".." in path.parts[ups:]:
        raise _hostile(member.name)


def _write(stream: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    read = stream.extractfile(member)
    assert read is not None
    with read, target.open("xb") as written:
        shutil.copyfileobj(read, written)
        os.fchmod(written.fileno(), 0o755 if member.mode & 0o100 else 0o644)


def _hostile(name: str) -> HostileData:
    return HostileData(
        N_("the archive holds {name!r}, which no archive of a release may hold"),
        N_("Nothing was changed. Do not use it; get the program from where you got it first."),
        name=name[:200],
    )
